// Mod+K: everything that can be done or gone to, by name. It never lists Allow.

import { useMantineColorScheme } from '@mantine/core'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import {
  IconLock,
  IconMoon,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconRefresh,
  IconSearch,
  IconServer2,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import type { Server } from '../../contract/servers.ts'
import { hub, listOf, useCall, useClients, useServers } from '../hub.ts'
import { ClientTile, stateWord } from '../ui/index.ts'
import { places } from './places.ts'
import { useReadOnly } from './read-only.ts'

const icon = { size: 16, stroke: 1.7 }

export function Palette() {
  return (
    <Spotlight
      actions={useActions()}
      shortcut={['mod + K']}
      nothingFound="Nothing by that name"
      highlightQuery
      scrollable
      maxHeight={420}
      limit={40}
      size={620}
      radius="xl"
      centered={false}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Search or run',
        'aria-label': 'Search or run',
      }}
      filter={matching}
    />
  )
}

type Entry = SpotlightActionData | SpotlightActionGroupData

/** `>` leaves actions only; words may come in any order. */
function matching(query: string, actions: Entry[]): Entry[] {
  const onlyDo = query.startsWith('>')
  const words = query.replace(/^>/, '').toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (action: SpotlightActionData) =>
    words.every(word => `${action.label} ${action.description ?? ''}`.toLowerCase().includes(word))
  return actions.flatMap<Entry>(entry => {
    if (!('actions' in entry)) return fits(entry) ? [entry] : []
    if (onlyDo && entry.group !== 'Do') return []
    const left = entry.actions.filter(fits)
    return left.length > 0 ? [{ ...entry, actions: left }] : []
  })
}

function useActions(): SpotlightActionGroupData[] {
  const navigate = useNavigate()
  const servers = listOf(useServers())
  const clients = listOf(useClients())
  const [readOnly, setReadOnly] = useReadOnly()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const start = useCall(hub.servers.start)
  const stop = useCall(hub.servers.stop)
  const restart = useCall(hub.servers.restart)

  const control = (server: Server): SpotlightActionData[] => {
    const { id, name, state } = server
    const running = state.kind === 'running'
    const startable =
      state.kind === 'stopped' ||
      state.kind === 'sleeping' ||
      state.kind === 'crash-looping' ||
      state.kind === 'backing-off'
    const description = stateWord(state)
    return [
      ...(running
        ? [
            {
              id: `restart ${id}`,
              label: `Restart ${name}`,
              description,
              leftSection: <IconRefresh {...icon} />,
              onClick: () => void restart({ id }),
            },
            {
              id: `stop ${id}`,
              label: `Stop ${name}`,
              description,
              leftSection: <IconPlayerStop {...icon} />,
              onClick: () => void stop({ id }),
            },
          ]
        : []),
      ...(startable
        ? [
            {
              id: `start ${id}`,
              label: `Start ${name}`,
              description,
              leftSection: <IconPlayerPlay {...icon} />,
              onClick: () => void start({ id }),
            },
          ]
        : []),
    ]
  }

  return [
    {
      group: 'Do',
      actions: [
        {
          id: 'add',
          label: 'Add server',
          description: 'N',
          leftSection: <IconPlus {...icon} />,
          onClick: () => void navigate({ to: '.', search: { add: 'server' } }),
        },
        {
          id: 'read-only',
          label: readOnly ? 'Turn read-only off' : 'Turn read-only on',
          description: 'Nothing writes, for any client',
          leftSection: <IconLock {...icon} />,
          onClick: () => void setReadOnly(!readOnly),
        },
        {
          id: 'scheme',
          label: colorScheme === 'dark' ? 'Light colours' : 'Dark colours',
          leftSection: <IconMoon {...icon} />,
          onClick: () => setColorScheme(colorScheme === 'dark' ? 'light' : 'dark'),
        },
        ...servers.flatMap(control),
      ],
    },
    {
      group: 'Go to',
      actions: places.map(({ to, name, Icon }) => ({
        id: to,
        label: name,
        leftSection: <Icon {...icon} />,
        onClick: () => void navigate({ to }),
      })),
    },
    {
      group: 'Servers',
      actions: servers.map(server => ({
        id: `server ${server.id}`,
        label: server.name,
        description: stateWord(server.state),
        leftSection: <IconServer2 {...icon} />,
        onClick: () => void navigate({ to: '/servers/$server', params: { server: server.name } }),
      })),
    },
    {
      group: 'Clients',
      actions: clients
        .filter(client => client.status !== 'not-installed')
        .map(client => ({
          id: `client ${client.id}`,
          label: client.name,
          description: client.evidence,
          leftSection: <ClientTile client={client.id} size={20} />,
          onClick: () => void navigate({ to: '/clients', search: { row: client.id } }),
        })),
    },
  ]
}
