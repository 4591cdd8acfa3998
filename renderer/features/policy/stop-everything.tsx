// One button that stops every server. A stopped server answers no call until somebody starts it again.
import { Button } from '@mantine/core'
import { hub, listOf, useCall, useServers } from '../../hub.ts'
import { plural, showDone } from '../../ui/index.ts'
import { canStop } from '../servers/attention.ts'

export function StopEverything() {
  const servers = listOf(useServers()).filter(canStop)
  const stop = useCall(hub.servers.stop)
  const stopAll = async () => {
    const done = await Promise.all(servers.map(({ id }) => stop({ id })))
    const stopped = done.filter(Boolean).length
    if (stopped > 0) showDone(`Stopped ${plural(stopped, 'server')}. Calls to them are refused until you start them`)
  }
  return (
    <Button size="xs" disabled={servers.length === 0} onClick={() => void stopAll()}>
      Stop everything
    </Button>
  )
}
