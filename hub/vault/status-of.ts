// How the vault is doing, in words: where its entries are, and what a person can do about it.
import type { VaultStatus } from '../../contract/secrets.ts'
import { HubError } from '../error.ts'
import { type KeychainError, keychainHint, keychainName } from './keychain.ts'

export function statusOf(kind: 'open' | 'waiting' | 'locked', isFile: boolean): VaultStatus {
  const store = isFile ? 'encrypted file' : keychainName()
  if (isFile && kind === 'locked')
    return {
      kind,
      store,
      what: 'The encrypted file is locked.',
      hint: 'Give its passphrase in Credentials, or with `gatehouse vault unlock`.',
      file: 'locked',
    }
  if (isFile) return { kind: 'open', store, what: 'Secrets are kept in the encrypted file.', hint: null, file: 'open' }
  if (kind === 'open') return { kind, store, what: `Secrets are kept in the ${store}.`, hint: null }
  return { kind: 'waiting', store, what: 'Waiting for your keychain.', hint: keychainHint('waiting') }
}

export function statusAfter(error: KeychainError): VaultStatus {
  return { kind: error.kind, store: keychainName(), what: error.message, hint: error.hint ?? null }
}

export function notOpen({ kind, what, hint }: VaultStatus): HubError {
  return new HubError(`vault/${kind}`, what, { hint: hint ?? '' })
}
