// The last hour in four small histories, and the newest of what happened.
import {
  IconAppWindow,
  IconBuildingCastle,
  IconEraser,
  IconEye,
  IconFlame,
  IconHandStop,
  IconHeartRateMonitor,
  IconKey,
  IconPencil,
  IconPlugConnected,
  IconQuestionMark,
  IconShield,
  IconUserCheck,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import type { AuditKind } from '../../../contract/audit.ts'
import type { Risk } from '../../../contract/servers.ts'
import {
  Bars,
  clockTime,
  count,
  duration,
  Foreign,
  Keys,
  Problem,
  RowsSkeleton,
  Section,
  Spark,
  useNow,
} from '../../ui/index.ts'
import { histories, sum } from '../activity/buckets.ts'
import { joinRows, type Line } from '../activity/lines.ts'
import { useLogFeed } from '../activity/log-feed.ts'
import { decisionWords, detailWords, factWords, outcomeWords, subjectWords } from '../activity/words.ts'
import { useNames } from '../use-names.ts'
import css from './home.module.css'

const HOUR_MS = 3_600_000
const SHOWN = 10

export function LastHour() {
  const { log } = useLogFeed(lastHour)
  const minute = Math.floor(useNow() / 60_000)
  const rows = log.kind === 'ready' ? log.rows : null
  const lines = useMemo(() => joinRows(rows ?? []), [rows])
  const drawn = useMemo(() => {
    const to = (minute + 1) * 60_000
    return histories(lines, to - HOUR_MS, to)
  }, [lines, minute])
  if (log.kind === 'loading') return <RowsSkeleton rows={8} height={36} />
  if (log.kind === 'failed') return <Problem error={log.error} />
  const calls = sum(drawn.calls)
  const errors = sum(drawn.errors)
  const asked = sum(drawn.asked)
  // A call's own line says how it was answered.
  const told = lines.filter(line => !line.what.startsWith('approval/') || line.tool !== null)
  return (
    <>
      <h2 style={{ fontSize: 12 }}>Last hour</h2>
      <div className={css.stats}>
        <Stat name="Calls" value={count(calls)}>
          <Spark values={drawn.calls} sentence={`${count(calls)} calls in the last hour`} width={130} height={26} />
        </Stat>
        <Stat name="Errors" value={count(errors)}>
          <Bars values={drawn.errors} sentence={`${count(errors)} errors`} tone="red-glyph" />
        </Stat>
        <Stat name="p95" value={drawn.p95Ms === null ? '–' : duration(drawn.p95Ms)}>
          <Spark
            values={drawn.p95}
            sentence={drawn.p95Ms === null ? 'no calls' : `95 of 100 calls took under ${duration(drawn.p95Ms)}`}
            width={130}
            height={26}
          />
        </Stat>
        <Stat name="Asked" value={count(asked)}>
          <Bars values={drawn.asked} sentence={`${count(asked)} times you were asked`} tone="amber-glyph" />
        </Stat>
      </div>
      <Section
        title="What happened"
        right={
          <span className={css.keys}>
            <Link to="/activity">Activity</Link>
            <Keys keys="G Y" />
          </span>
        }
      >
        <ul className={css.happened}>
          {told.slice(0, SHOWN).map(line => (
            <Happened key={line.key} line={line} />
          ))}
        </ul>
        {told.length === 0 && <p className={css.quiet}>Nothing in the last hour.</p>}
      </Section>
    </>
  )
}

const lastHour = { range: 'hour' } as const

const Stat = ({ name, value, children }: { name: string; value: string; children: ReactNode }) => (
  <div className={css.stat}>
    <div>
      <span>{name}</span>
      <b>{value}</b>
    </div>
    {children}
  </div>
)

const kinds = {
  call: IconHeartRateMonitor,
  result: IconHeartRateMonitor,
  server: IconHeartRateMonitor,
  secret: IconKey,
  client: IconPlugConnected,
  policy: IconShield,
  window: IconAppWindow,
  approval: IconUserCheck,
  refused: IconHandStop,
  hub: IconBuildingCastle,
  erased: IconEraser,
} satisfies Record<AuditKind, unknown>

const icons = { reads: IconEye, writes: IconPencil, destroys: IconFlame, unknown: IconQuestionMark } satisfies Record<
  Risk,
  unknown
>
const tones = { reads: 'text-3', writes: 'blue', destroys: 'red', unknown: 'text-3' } satisfies Record<Risk, string>

function Happened({ line }: { line: Line }) {
  const names = useNames()
  const event = line.rows[0]?.event
  const Icon = line.risk ? icons[line.risk] : kinds[event?.kind ?? 'hub']
  const decided = decisionWords(line, Date.now())
  const denied = line.decision?.effect === 'deny'
  return (
    <li>
      <time dateTime={new Date(line.time).toISOString()}>{clockTime(line.time)}</time>
      <Icon size={14} stroke={1.7} color={`var(--${line.risk ? tones[line.risk] : 'text-3'})`} aria-hidden="true" />
      <span className={css.what}>
        {line.tool ? (
          <>
            {line.client ? names.client(line.client) : 'Someone'}{' '}
            <code>
              <Foreign text={line.tool} max={80} />
            </code>
          </>
        ) : (
          <>
            {line.server ? names.server(line.server) : line.client ? names.client(line.client) : subjectWords(line)}{' '}
            {factWords(line.what)}
          </>
        )}
      </span>
      <span className={css.end}>{line.durationMs === null ? '' : duration(line.durationMs)}</span>
      <span className={css.sub}>
        {line.tool ? (
          line.server && names.server(line.server)
        ) : (
          <Foreign text={detailWords(line.detail ?? '')} max={120} />
        )}
        {denied && <span className={css.denied}> {`${decided.word.toLowerCase()} ${decided.by}`}</span>}
        {!denied && line.outcome && line.outcome !== 'ok' && (
          <span className={css.denied}> {outcomeWords(line.outcome).word.toLowerCase()}</span>
        )}
      </span>
    </li>
  )
}
