// What can be done with a server, each with its toast and its Undo where there is one.
import { useNavigate } from '@tanstack/react-router'
import { bundledOf } from '../../../contract/catalog.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'

export function useServerActions(server: Pick<Server, 'id' | 'name' | 'launch'>) {
  const { id, name, launch } = server
  const navigate = useNavigate()
  const start = useCall(() => hub.servers.start({ id }))
  const restart = useCall(() => hub.servers.restart({ id }))
  const stopIt = useCall(() => hub.servers.stop({ id }))
  const removeIt = useCall(() => hub.servers.remove({ id }))
  const addAgain = useCall(() => hub.servers.add({ name, launch }))
  return {
    start,
    restart,
    stop: async () => {
      if (await stopIt()) showDone(`Stopped ${name}`, () => void start())
    },
    remove: async () => {
      if (await removeIt()) showDone(`Removed ${name}`, () => void addAgain())
    },
    /** As a form where there is one. */
    edit: () => {
      const bundled = bundledOf(launch.command)
      if (bundled === undefined)
        return navigate({ to: '/servers/$server', params: { server: id }, search: { tab: 'config' } })
      const form = { add: `gatehouse:${bundled}`, of: id }
      return navigate({ to: '.', search: (search: object) => ({ ...search, agree: undefined, ...form }) as never })
    },
    readCommand: () => navigate({ to: '.', search: (search: object) => ({ ...search, agree: id }) as never }),
    open: (tab?: string) => navigate({ to: '/servers/$server', params: { server: id }, search: tab ? { tab } : {} }),
  }
}

export type ServerActions = ReturnType<typeof useServerActions>
