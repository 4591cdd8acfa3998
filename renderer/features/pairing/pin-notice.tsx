// Asked once, at the first pairing: a PIN for the windows after this one. It may be skipped, and says what that means.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { hub, useCall, useStatus } from '../../hub.ts'
import { Banner } from '../../ui/index.ts'
import { PinDialog } from './pin-dialog.tsx'

export function PinNotice() {
  const status = useStatus()
  const skip = useCall(() => hub.windows.setPin({ pin: null }))
  const [asked, setAsked] = useState(false)
  if (status.kind !== 'ready' || status.value.pin !== 'not-chosen' || status.value.mode === 'unattended') return null
  // The PIN that was chosen may stand in the keychain or the file: nobody can say before that is open.
  if (status.value.vault.kind !== 'open' && status.value.vault.kind !== 'missing') return null
  return (
    <div style={{ padding: '12px 24px 0' }}>
      <Banner
        tone="plain"
        title="Choose a PIN for the windows after this one"
        text="Without one, any program that runs as you could pair a window of its own and answer for you."
      >
        <Button size="xs" variant="subtle" onClick={() => void skip()}>
          Skip
        </Button>
        <Button size="xs" onClick={() => setAsked(true)}>
          Choose a PIN…
        </Button>
      </Banner>
      <PinDialog opened={asked} change={false} onClose={() => setAsked(false)} />
    </div>
  )
}
