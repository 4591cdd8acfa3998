// One server in the list: its state, what it offers and costs, and inside the row the reason and the fix.
// biome-ignore-all lint/a11y/useSemanticElements: a grid of CSS columns that reasons may span; a table cannot.
// biome-ignore-all lint/a11y/useFocusableInteractive: the keyboard walks over rows; cells and heads take no focus.
import { ActionIcon, Button, Menu } from '@mantine/core'
import {
  IconDots,
  IconFileText,
  IconPencil,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, type ReactNode, useEffect, useRef } from 'react'
import type { Server } from '../../../contract/servers.ts'
import {
  bytes,
  ClientTile,
  count,
  duration,
  Foreign,
  Mono,
  percent,
  ServerTile,
  Spark,
  StateMark,
  tokens,
  useStale,
} from '../../ui/index.ts'
import { type ServerActions, useServerActions } from './actions.ts'
import { canStart, canStop, telling, waitingWords } from './attention.ts'
import css from './servers.module.css'

const NONE = '–'

export const ServerRow = memo(function ServerRow(props: { server: Server; selected: boolean; onSelect: () => void }) {
  const { server, selected } = props
  const actions = useServerActions(server)
  const row = useRef<HTMLDivElement>(null)
  const lastHour = server.calls.reduce((sum, n) => sum + n, 0)
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the name inside is a link, and J, K, Enter work on the whole list
    <div
      ref={row}
      role="row"
      tabIndex={-1}
      aria-selected={selected}
      data-selected={selected}
      className={css.item}
      onClick={event => {
        props.onSelect()
        if (!(event.target as Element).closest('a, button')) void actions.open()
      }}
    >
      <div className={css.row} role="presentation">
        <div className={css.name} role="gridcell">
          <ServerTile server={server} />
          <div>
            <Link to="/servers/$server" params={{ server: server.id }}>
              {server.name}
            </Link>
            <div className={css.command} title={server.commandLine}>
              <Foreign text={server.commandLine} max={200} />
            </div>
          </div>
        </div>
        <div role="gridcell">
          <StateMark state={server.state} />
        </div>
        <div role="gridcell" className={`${css.quiet} ${css.roomy}`}>
          <Tools server={server} />
        </div>
        <div role="gridcell" className={`${css.calls} ${css.optional}`}>
          <Spark values={server.calls} sentence={`${count(lastHour)} calls in the last hour`} />
          <span className={css.quiet}>{count(lastHour)}</span>
        </div>
        <div role="gridcell" className={`${css.right} ${css.optional}`}>
          {server.p95Ms === null ? NONE : duration(server.p95Ms)}
        </div>
        <div role="gridcell" className={`${css.right} ${css.cpu} ${css.optional}`}>
          {server.usage ? percent(server.usage.cpuPercent) : NONE}
        </div>
        <div role="gridcell" className={`${css.right} ${css.optional}`}>
          {server.usage ? bytes(server.usage.memoryBytes) : server.launch.url ? 'remote' : NONE}
        </div>
        <div role="gridcell" className={`${css.seen} ${css.seenBy} ${css.optional}`} title={server.seenBy.join(', ')}>
          {server.seenBy.slice(0, 3).map(client => (
            <ClientTile key={client} client={client} size={20} />
          ))}
          <span className="visually-hidden">{server.seenBy.join(', ')}</span>
        </div>
        <div role="gridcell">
          <RowMenu server={server} actions={actions} />
        </div>
      </div>
      <Why server={server} actions={actions} />
    </div>
  )
})

function Tools({ server: { tools, toolTokens, flagged } }: { server: Server }) {
  if (tools === null) return 'not known yet'
  return (
    <>
      <span style={{ color: 'var(--text-1)' }}>{tools}</span>
      {toolTokens !== null && ` · ${tokens(toolTokens)}`}
      {flagged > 0 && (
        <span className={css.finding} title="Passages in its tools may be meant for the model. They are on its page.">
          {` · ${count(flagged)} worth reading`}
        </span>
      )}
    </>
  )
}

function RowMenu({ server, actions }: { server: Server; actions: ServerActions }) {
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon size="xs" aria-label={`More for ${server.name}`}>
          <IconDots size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canStart(server) && (
          <Menu.Item leftSection={<IconPlayerPlay size={14} />} onClick={() => void actions.start()}>
            Start
          </Menu.Item>
        )}
        {server.state.kind === 'running' && (
          <Menu.Item leftSection={<IconRefresh size={14} />} onClick={() => void actions.restart()}>
            Restart
          </Menu.Item>
        )}
        {canStop(server) && (
          <Menu.Item leftSection={<IconPlayerStop size={14} />} onClick={() => void actions.stop()}>
            Stop
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconFileText size={14} />} onClick={() => void actions.open('logs')}>
          Show log
        </Menu.Item>
        <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => void actions.edit()}>
          Edit…
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => void actions.remove()}>
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The reason in words, with the buttons that help; nothing for a server that is well. */
function Why({ server, actions }: { server: Server; actions: ServerActions }) {
  const { state } = server
  if (!server.enabled)
    return <Reason text={<span className={css.hint}>Switched off. No client sees it, and no call starts it.</span>} />
  switch (state.kind) {
    case 'waiting':
      return (
        <Reason text={<span className={css.amber}>{waitingWords(server)}</span>}>
          <Button size="xs" onClick={() => void actions.remove()}>
            Remove
          </Button>
          <Button size="xs" onClick={() => void actions.readCommand()}>
            {state.for === 'agreement' ? 'Read the command…' : state.for === 'secret' ? 'Give credential…' : 'Sign in…'}
          </Button>
        </Reason>
      )
    case 'crash-looping':
      return (
        <Reason text={<Cause server={server} />}>
          <Button size="xs" onClick={() => void actions.open('logs')}>
            Show log
          </Button>
          <Button size="xs" onClick={() => void actions.edit()}>
            Edit…
          </Button>
          <Button size="xs" leftSection={<IconRefresh size={13} />} onClick={() => void actions.start()}>
            Start again
          </Button>
        </Reason>
      )
    case 'backing-off':
      return (
        <Reason text={<Cause server={server} />}>
          <Button size="xs" onClick={() => void actions.start()}>
            Try now
          </Button>
        </Reason>
      )
    default:
      return null
  }
}

/** Without its buttons while the hub is gone: nothing can be done then. */
function Reason({ text, children }: { text: ReactNode; children?: ReactNode }) {
  const stale = useStale()
  return (
    <div className={css.why}>
      <div>{text}</div>
      {children && !stale && <div className={css.buttons}>{children}</div>}
    </div>
  )
}

function Cause({ server: { state } }: { server: Server }) {
  if (state.kind !== 'crash-looping' && state.kind !== 'backing-off') return null
  const { what, stderr, hint } = state.because
  const said = telling(stderr)
  return (
    <>
      <span className={css.red}>{what.replace(/\.$/, '')}</span>
      {said && (
        <>
          {': '}
          <Mono>
            <Foreign text={said} max={200} />
          </Mono>
        </>
      )}
      {hint && <div className={css.hint}>{hint}</div>}
    </>
  )
}
