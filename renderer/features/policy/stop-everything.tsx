// One button that stops every server and refuses every call, until somebody presses start again here.
import { Button } from '@mantine/core'
import { hub, useCall, usePolicy } from '../../hub.ts'
import { Banner, plural, showDone } from '../../ui/index.ts'

export function StopEverything() {
  const change = useCall(hub.policy.change)
  const stop = async () => {
    const done = await change({ kind: 'stop', on: true })
    if (done) showDone(`Everything is stopped.${cutOff(done.underWay ?? 0)}`)
  }
  return (
    <Button size="xs" onClick={() => void stop()}>
      Stop everything
    </Button>
  )
}

function cutOff(underWay: number): string {
  return underWay > 0 ? ` ${plural(underWay, 'call')} had begun already and may have done something` : ''
}

/** Says that everything is stopped, and how that ends; nothing while it is not. */
export function Stopped() {
  const policy = usePolicy()
  const change = useCall(hub.policy.change)
  if (policy.kind !== 'ready' || !policy.value.stopped) return null
  return (
    <Banner
      tone="red"
      role="alert"
      title="Everything is stopped"
      text="No server runs, and every call is refused until you start it again. This holds over a restart."
    >
      <Button size="xs" onClick={() => void change({ kind: 'stop', on: false })}>
        Start again
      </Button>
    </Banner>
  )
}
