// One button that stops every server and refuses every call, until somebody presses start again here.
import { Button } from '@mantine/core'
import { Banner } from '../../ui/index.ts'
import { useStopped } from './use-switches.ts'

export function StopEverything() {
  const [stopped, set] = useStopped()
  return (
    <Button size="xs" disabled={stopped} onClick={() => void set(true)}>
      Stop everything
    </Button>
  )
}

/** Says that everything is stopped, and how that ends; nothing while it is not. */
export function Stopped() {
  const [stopped, set] = useStopped()
  if (!stopped) return null
  return (
    <Banner
      tone="red"
      role="alert"
      title="Everything is stopped"
      text="No server runs, and every call is refused until you start it again. This holds over a restart."
    >
      <Button size="xs" onClick={() => void set(false)}>
        Start again
      </Button>
    </Banner>
  )
}
