// What the palette lists: actions first, then tools, servers, clients and places.

import type { SpotlightActionData, SpotlightActionGroupData } from '@mantine/spotlight'
import {
  IconDownload,
  IconFlask,
  IconHandStop,
  IconLink,
  IconLock,
  IconMoon,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconRefresh,
  IconSun,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import type { Server, Tool } from '../../contract/servers.ts'
import { exportLog } from '../features/activity/export-log.tsx'
import { verify } from '../features/activity/verification.ts'
import { useReadOnly, useStopped } from '../features/policy/use-switches.ts'
import { canStart, canStop } from '../features/servers/attention.ts'
import { hub, listOf, useCall, useClients, useServers } from '../hub.ts'
import { ClientTile, ServerTile, stateWord } from '../ui/index.ts'
import { places } from './places.ts'

const look = { size: 16, stroke: 1.7 }

interface Scheme {
  colorScheme: string
  setColorScheme: (scheme: 'light' | 'dark') => void
}

export function usePaletteActions(tools: Tool[], { colorScheme, setColorScheme }: Scheme): SpotlightActionGroupData[] {
  const navigate = useNavigate()
  const servers = listOf(useServers())
  const clients = listOf(useClients()).filter(client => client.status !== 'not-installed')
  const [readOnly, setReadOnly] = useReadOnly()
  const [stopped, setStopped] = useStopped()
  const control = useControl()
  const dark = colorScheme === 'dark'
  return [
    {
      group: 'Do',
      actions: [
        ...servers.flatMap(control),
        {
          id: 'add',
          label: 'Add server…',
          leftSection: <IconPlus {...look} />,
          onClick: () => void navigate({ to: '.', search: { add: 'server' } }),
        },
        {
          id: 'read-only',
          label: readOnly ? 'Turn read-only off' : 'Turn read-only on',
          description: 'nothing writes, for any client',
          leftSection: <IconLock {...look} />,
          onClick: () => void setReadOnly(!readOnly),
        },
        {
          id: 'stop',
          label: stopped ? 'Start again what was stopped' : 'Stop everything',
          description: 'every server, and every call',
          leftSection: stopped ? <IconPlayerPlay {...look} /> : <IconHandStop {...look} />,
          onClick: () => void setStopped(!stopped),
        },
        {
          id: 'verify',
          label: 'Verify the log',
          description: 'every row, and its anchor',
          leftSection: <IconLink {...look} />,
          onClick: () => {
            void navigate({ to: '/activity' })
            void verify()
          },
        },
        {
          id: 'export',
          label: 'Export the log…',
          description: 'as a signed bundle',
          leftSection: <IconDownload {...look} />,
          onClick: () => void exportLog('bundle'),
        },
        {
          id: 'scheme',
          label: dark ? 'Light colours' : 'Dark colours',
          leftSection: dark ? <IconSun {...look} /> : <IconMoon {...look} />,
          onClick: () => setColorScheme(dark ? 'light' : 'dark'),
        },
      ],
    },
    {
      group: 'Tools',
      actions: tools.map(({ server, name }) => ({
        id: `tool ${server} ${name}`,
        label: name,
        description: `${server}, open in inspector`,
        leftSection: <IconFlask {...look} />,
        onClick: () => void navigate({ to: '/inspector', search: { server, tool: name } }),
      })),
    },
    {
      group: 'Servers',
      actions: servers.map(server => ({
        id: `server ${server.id}`,
        label: server.name,
        description: stateWord(server.state).toLowerCase(),
        leftSection: <ServerTile server={server} size={20} />,
        onClick: () => void navigate({ to: '/servers/$server', params: { server: server.id } }),
      })),
    },
    {
      group: 'Clients',
      actions: clients.map(client => ({
        id: `client ${client.id}`,
        label: client.name,
        description: client.evidence,
        leftSection: <ClientTile client={client.id} size={20} />,
        onClick: () => void navigate({ to: '/clients', search: { row: client.id } }),
      })),
    },
    {
      group: 'Go to',
      actions: places.map(({ to, name, Icon }) => ({
        id: `place ${to}`,
        label: name,
        leftSection: <Icon {...look} />,
        onClick: () => void navigate({ to }),
      })),
    },
  ]
}

/** Starting, stopping and restarting, as far as each can be done now. */
function useControl(): (server: Server) => SpotlightActionData[] {
  const start = useCall(hub.servers.start)
  const stop = useCall(hub.servers.stop)
  const restart = useCall(hub.servers.restart)
  return server => {
    const { id, name, state } = server
    const description = stateWord(state).toLowerCase()
    const action = (verb: string, Icon: typeof IconRefresh, act: (input: { id: string }) => unknown) => ({
      id: `${verb} ${id}`,
      label: `${verb} ${name}`,
      description,
      leftSection: <Icon {...look} />,
      onClick: () => void act({ id }),
    })
    return [
      ...(state.kind === 'running' ? [action('Restart', IconRefresh, restart)] : []),
      ...(canStart(server) ? [action('Start', IconPlayerPlay, start)] : []),
      ...(canStop(server) ? [action('Stop', IconPlayerStop, stop)] : []),
    ]
  }
}
