// One client: how it stands and by what evidence, what is wrong in words, and what can be done about it.
import { IconAlertTriangle, IconKey } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { baseOf } from '../../../contract/clients.ts'
import type { ProfileSummary } from '../../../contract/profiles.ts'
import { listOf, useProfiles } from '../../hub.ts'
import { ClientMark, ClientTile, count, Foreign, Mono, plural, tokens } from '../../ui/index.ts'
import { type ActionProps, Actions } from './client-actions.tsx'
import css from './clients.module.css'
import { GuardAnswer } from './guard-answer.tsx'

/** Of a client without a config file that Gatehouse writes. */
const WHERE = {
  stdio: 'with an entry that you paste',
  http: 'over HTTP, with an entry that you paste',
  none: 'no config file on this system',
}

interface RowProps extends ActionProps {
  /** The address points at it. */
  named?: boolean
}

export function ClientRow({ client, dark, named = false, onOpen, onLook }: RowProps) {
  const { id, status } = client
  const sees = listOf(useProfiles()).find(one => one.client === baseOf(id))
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (named) row.current?.scrollIntoView({ block: 'nearest' })
  }, [named])
  return (
    <div ref={row} className={css.row} aria-current={named || undefined}>
      <div className={css.who}>
        <ClientTile client={baseOf(id)} />
        <div className={css.names}>
          <div className={css.name}>{client.name}</div>
          {client.path ? (
            <div className={css.path} title={client.path}>
              {middle(client.path)}
            </div>
          ) : (
            <div className={css.evidence} style={{ padding: 0 }}>
              {WHERE[client.other ?? 'none']}
            </div>
          )}
        </div>
      </div>
      <div className={css.status}>
        <ClientMark client={client} />
        <div className={css.evidence}>{client.evidence || '–'}</div>
      </div>
      <div className={css.sees}>
        {sees && status !== 'dropped' ? (
          <Sees sees={sees} client={client} onOpen={onOpen} />
        ) : (
          <span className={css.quiet}>{status === 'dropped' ? 'nothing now' : '–'}</span>
        )}
      </div>
      <div className={css.actions}>
        <Actions client={client} dark={dark} onOpen={onOpen} onLook={onLook} />
      </div>
      <Note client={client} onOpen={onOpen} />
      {client.direct.length > 0 && <PastTheGate client={client} onOpen={onOpen} />}
      {client.own.keys.length > 0 && <PlainKeys client={client} onOpen={onOpen} />}
    </div>
  )
}

/** What is wrong and what to do, in words, under the row. */
function Note({ client, onOpen }: Pick<RowProps, 'client' | 'onOpen'>) {
  const { asks, problem, status } = client
  if (asks)
    return (
      <div className={css.question}>
        <p>{asks.text}</p>
        <GuardAnswer client={client} />
      </div>
    )
  if (problem) {
    const where =
      problem.line === null
        ? ''
        : `Line ${problem.line}${problem.column === null ? '' : `, column ${problem.column}`}: `
    return (
      <p className={css.note}>
        {where && !problem.what.startsWith('Line') && where}
        {problem.what}
      </p>
    )
  }
  if (status === 'dropped')
    return (
      <p className={css.note}>
        {client.name} uses nothing of Gatehouse until our entry is back.{' '}
        <button type="button" className={css.link} onClick={() => onOpen(client.id, 'history')}>
          See the change…
        </button>
      </p>
    )
  if (client.afterWriting && (status === 'written' || status === 'waiting'))
    return <p className={css.note}>{client.afterWriting}</p>
  return null
}

/** Servers of ours that it starts itself. */
function PastTheGate({ client, onOpen }: Pick<RowProps, 'client' | 'onOpen'>) {
  const { direct } = client
  return (
    <p className={css.note}>
      <IconAlertTriangle size={13} stroke={1.7} aria-hidden /> {plural(direct.length, 'server goes', 'servers go')} past
      the gate, unseen by Gatehouse:{' '}
      <Mono>
        <Foreign text={direct.join(', ')} max={160} />
      </Mono>
      .{' '}
      <button type="button" className={css.link} onClick={() => onOpen(client.id, 'direct')}>
        Take back…
      </button>
    </p>
  )
}

/** Keys that anyone who can read its file can read. */
function PlainKeys({ client, onOpen }: Pick<RowProps, 'client' | 'onOpen'>) {
  const { keys } = client.own
  return (
    <p className={css.note}>
      <IconKey size={13} stroke={1.7} aria-hidden /> {plural(keys.length, 'key lies', 'keys lie')} in this file in plain
      text:{' '}
      <Mono>
        <Foreign text={keys.slice(0, 4).join(', ')} max={160} />
      </Mono>
      {keys.length > 4 && ` and ${keys.length - 4} more`}.{' '}
      <button type="button" className={css.link} onClick={() => onOpen(client.id, 'servers')}>
        Move {keys.length === 1 ? 'it' : 'them'} to the vault…
      </button>
    </p>
  )
}

/** What it is shown and pays; opens its profile. */
function Sees({ sees, client, onOpen }: Pick<RowProps, 'client' | 'onOpen'> & { sees: ProfileSummary }) {
  const all = sees.tools + sees.hidden + sees.leftOut
  const shown = all > sees.tools ? `${count(sees.tools)} of ${plural(all, 'tool')}` : plural(all, 'tool')
  return (
    <button
      type="button"
      className={css.seesButton}
      aria-label={`Profile of ${client.name}: ${shown}`}
      onClick={() => onOpen(baseOf(client.id), 'profile')}
    >
      <span>{shown}</span>
      <span className={css.quiet}>about {tokens(sees.tokens)} tokens</span>
    </button>
  )
}

/** A path cut in its middle, its file name whole. */
function middle(path: string, max = 52): string {
  if (path.length <= max) return path
  const file = path.slice(path.lastIndexOf('/'))
  return `${path.slice(0, Math.max(8, max - file.length - 1))}…${file}`
}
