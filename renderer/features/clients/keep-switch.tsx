// "Keep it there": our entry is put back by itself when the client drops it.
import { Switch } from '@mantine/core'
import { useState } from 'react'
import type { Client } from '../../../contract/clients.ts'
import { hub, useCall } from '../../hub.ts'

export function KeepSwitch({ client, label }: { client: Client; label?: string }) {
  const [busy, setBusy] = useState(false)
  const keep = useCall(hub.clients.keep)
  const set = async (on: boolean) => {
    setBusy(true)
    await keep({ id: client.id, on })
    setBusy(false)
  }
  return (
    <Switch
      checked={client.keep}
      disabled={busy}
      {...(label ? { label } : {})}
      aria-label={`Keep Gatehouse in ${client.name}`}
      title="Put back by itself when the client drops it, at most three times in ten minutes"
      onChange={event => void set(event.currentTarget.checked)}
    />
  )
}
