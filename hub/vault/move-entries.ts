// From the encrypted file into the keychain: all entries, the keys last, so that who dies in between still has the file.
import { HubError } from '../error.ts'
import { type Keychain, KeychainError } from './keychain.ts'
import type { SecretFile } from './secret-file.ts'

export async function moveEntries(file: SecretFile, keychain: Keychain): Promise<void> {
  if ((await keychain.get('root')) !== null)
    throw new HubError('vault/keychain-used', 'The keychain holds keys of this data folder already.', {
      hint: 'Remove its entries of Gatehouse first if they are not needed.',
    })
  const done = new Map<string, string>()
  const missing = () => file.entries().filter(([account, value]) => account !== 'root' && done.get(account) !== value)
  for (let left = missing(); left.length > 0; left = missing())
    for (const [account, value] of left) {
      await keychain.set(account, value)
      done.set(account, value)
    }
  const root = await file.get('root')
  if (root !== null) await keychain.set('root', root)
  if ((await keychain.get('root')) !== root) throw new KeychainError('missing', 'it did not keep what was written')
  // What was written in these last moments.
  for (const [account, value] of missing()) await keychain.set(account, value)
}
