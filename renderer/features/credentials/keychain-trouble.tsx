// The keychain is slow, locked, missing or refuses us: what that means, what to do, and a way to try it now. The list below stays.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { VaultStatus } from '../../../contract/secrets.ts'
import { hub, useCall } from '../../hub.ts'
import { Banner, Mono } from '../../ui/index.ts'

export function KeychainTrouble({ vault }: { vault: VaultStatus }) {
  const retry = useCall(hub.secrets.retry)
  const [tries, setTries] = useState(false)
  if (vault.kind === 'open') return null
  const [, what = vault.what, detail] = /^([^(]*)\s\((.*)\)$/s.exec(vault.what) ?? []
  const tryNow = async () => {
    setTries(true)
    await retry(undefined)
    setTries(false)
  }
  return (
    <div style={{ padding: '14px 24px' }}>
      <Banner
        tone={vault.kind === 'waiting' ? 'plain' : 'red'}
        role="status"
        title={what}
        text={
          <>
            {vault.hint ?? 'It is tried again by itself; servers that need no credential go on.'}
            {detail && (
              <>
                {' '}
                It said: <Mono>{detail}</Mono>
              </>
            )}
          </>
        }
      >
        <Button loading={tries} onClick={() => void tryNow()}>
          Try again
        </Button>
      </Banner>
    </div>
  )
}
