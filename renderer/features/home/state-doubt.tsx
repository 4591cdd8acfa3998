// state.db may be an older one put back: a person says whether it counts. Until then everything is asked for anew.
import { Button } from '@mantine/core'
import { hub, useCall, useStatus } from '../../hub.ts'
import { ArmedButton, Banner } from '../../ui/index.ts'

export function StateDoubt() {
  const status = useStatus()
  const settle = useCall(hub.hub.settleState)
  if (status.kind !== 'ready' || status.value.state.problem === null) return null
  const { problem } = status.value.state
  return (
    <Banner
      tone="red"
      role="alert"
      title="What you had decided may not be what is stored"
      text={`${problem} Until you decide, nothing of it counts: servers wait for your agreement again, and rules that allow do not.`}
    >
      <Button size="md" variant="filled" onClick={() => void settle({ choice: 'forget' })}>
        Ask me again for everything
      </Button>
      <ArmedButton content={problem} onPress={() => void settle({ choice: 'believe' })}>
        I put it back: it counts
      </ArmedButton>
    </Banner>
  )
}
