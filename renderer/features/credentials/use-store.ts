// What keeps credentials, in a word: the keychain, or the encrypted file where that is in use.
import { useStatus } from '../../hub.ts'

export function useStore(): 'keychain' | 'encrypted file' {
  const status = useStatus()
  return status.kind === 'ready' && status.value.vault.file ? 'encrypted file' : 'keychain'
}

export const useForgets = (): string =>
  `Goes to the ${useStore()}. The window forgets it as soon as it is saved; it cannot be shown again, only replaced.`
