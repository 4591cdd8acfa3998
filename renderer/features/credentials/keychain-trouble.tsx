// The keychain is locked, missing or refuses us: what that means, and what to do. The list below stays.
import type { VaultStatus } from '../../../contract/secrets.ts'
import { Banner } from '../../ui/index.ts'

export function KeychainTrouble({ vault }: { vault: VaultStatus }) {
  if (vault.kind === 'open') return null
  return (
    <div style={{ padding: '14px 24px' }}>
      <Banner
        tone={vault.kind === 'waiting' ? 'plain' : 'red'}
        role="status"
        title={vault.what}
        text={vault.hint ?? 'It is tried again by itself; servers that need no credential go on.'}
      />
    </div>
  )
}
