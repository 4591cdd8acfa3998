// The safe answer to all that was asked for outside the window, in one press.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Proposal } from '../../../contract/policy.ts'
import { hub, useCall } from '../../hub.ts'
import { plural, showDone } from '../../ui/index.ts'

export function KeepAll({ proposals }: { proposals: readonly Proposal[] }) {
  const refuse = useCall(hub.proposals.refuse)
  const [busy, setBusy] = useState(false)
  if (proposals.length < 2) return null
  // Those that are shown: what comes meanwhile is not refused unseen.
  const keep = async () => {
    setBusy(true)
    const answers = await Promise.all(proposals.map(({ id }) => refuse({ id })))
    setBusy(false)
    const kept = answers.filter(answer => answer !== undefined).length
    if (kept > 0) showDone(`Everything stays as it is: ${plural(kept, 'change')} refused`)
  }
  return (
    <Button size="xs" loading={busy} onClick={() => void keep()}>
      Keep all as they are
    </Button>
  )
}
