// One line, whole: what happened when, why it was decided so, its arguments, and its place in the chain.
import { ActionIcon, Button } from '@mantine/core'
import { IconCheck, IconChevronDown, IconChevronUp, IconEraser, IconFlask, IconLink } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { AuditCall, AuditRow } from '../../../contract/audit.ts'
import { hub, useStatus } from '../../hub.ts'
import { bytes, CopyButton, count, duration, Foreign, JsonView, Pane, RiskMark } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './activity.module.css'
import { EraseDialog } from './erase-dialog.tsx'
import { joinRows, type Line, mergeRows } from './lines.ts'
import { stepsOf } from './steps.ts'
import { chainWords, provenTo, useChecked, verify } from './verification.ts'
import { dayAndTime, decisionWords, factWords, precise, shortHash } from './words.ts'

interface Props {
  seq: number
  line: Line | null
  lines: readonly Line[]
  onOpen: (row: string | null) => void
}

export function LinePane({ seq, line: given, lines, onOpen }: Props) {
  const { near, call } = useNear(seq, given)
  const [erasing, setErasing] = useState(false)
  const own = near.find(row => row.seq === seq)
  const line = joinRows(
    mergeRows(
      given?.rows ?? [],
      near.filter(row => belongs(row, given, own)),
    ),
  ).find(l => l.rows.some(r => r.seq === seq))
  const names = useNames()
  const at = lines.findIndex(one => one.seq === seq)
  const step = (by: number) => {
    const next = lines[at + by]
    return next ? () => onOpen(String(next.seq)) : undefined
  }
  const args = line?.rows.map(r => r.event?.arguments).find(a => a !== undefined)
  const why = line?.rows.findLast(r => r.event?.decision)?.event?.decision
  return (
    <Pane
      label={`Row ${seq}`}
      title={`Row ${count(seq)}`}
      onClose={() => onOpen(null)}
      actions={
        <>
          <ActionIcon aria-label="Newer row" disabled={at <= 0} onClick={step(-1)}>
            <IconChevronUp size={15} />
          </ActionIcon>
          <ActionIcon aria-label="Older row" disabled={at < 0 || at >= lines.length - 1} onClick={step(1)}>
            <IconChevronDown size={15} />
          </ActionIcon>
        </>
      }
      foot={
        line && (
          <Foot line={line} server={line.server ? names.server(line.server) : null} onErase={() => setErasing(true)} />
        )
      }
    >
      {!line && <p className={css.paneFact}>This row is not in the log, or not in this filter's reach.</p>}
      {line && (
        <>
          <p className={css.paneTitle}>
            {line.tool !== null ? (
              <code>
                <Foreign text={line.tool} max={160} />
              </code>
            ) : (
              <b>{line.erased ? 'Erased' : factWords(line.what)}</b>
            )}
            {line.risk && <RiskMark risk={line.risk} look="soft" />}
          </p>
          <p className={css.paneFact}>
            {[line.client && names.client(line.client), line.server && names.server(line.server)]
              .filter(Boolean)
              .join(' › ')}
            {(line.client || line.server) && ' · '}
            {dayAndTime(line.time)}
          </p>
          <ol className={css.steps}>
            {stepsOf(line.rows).map(s => (
              <li key={`${s.seq} ${s.what}`} className={css.step} data-tone={s.tone}>
                <span>
                  <b>{s.what}</b> <Foreign text={s.more} max={300} />
                </span>
                <time dateTime={new Date(s.at).toISOString()} className="mono">
                  {precise(s.at)}
                </time>
              </li>
            ))}
          </ol>
          {call && line.tool !== null && <Times call={call} line={line} />}
          {why && (why.reasons.length > 0 || why.ruleText) && (
            <>
              <h3 className={css.sub}>Why it was decided so</h3>
              <ul className={css.why}>
                {why.ruleText && (
                  <li>
                    Rule {why.rule}: <Foreign text={why.ruleText} max={400} />
                  </li>
                )}
                {why.reasons.map(reason => (
                  <li key={reason}>
                    <Foreign text={reason} max={400} />
                  </li>
                ))}
              </ul>
            </>
          )}
          {args && (
            <>
              <h3 className={css.sub}>
                Arguments <CopyButton text={args.text} label="Copy arguments" />
              </h3>
              <JsonView text={args.text} maxHeight={260} />
              {args.bytes > 8192 && (
                <p className={css.cutNote}>
                  The first 8 KB of {bytes(args.bytes)} are kept, and the hash of all of it.
                </p>
              )}
            </>
          )}
          {!args && line.detail && line.tool === null && (
            <p className={css.paneFact}>
              <Foreign text={line.detail} max={2000} />
            </p>
          )}
          <ChainLink seq={seq} near={near} />
          {erasing && <EraseDialog rows={line.rows.map(row => row.seq)} onClose={() => setErasing(false)} />}
        </>
      )}
    </Pane>
  )
}

/** Who decided, and where the time went. */
function Times({ call, line }: { call: AuditCall; line: Line }) {
  const { word, by } = decisionWords(line, Date.now())
  const { waitedMs, tookMs } = call
  return (
    <dl className={css.times}>
      <dt>Decision</dt>
      <dd>
        {word} {by}
      </dd>
      {waitedMs !== null && (
        <>
          <dt>Waited for you</dt>
          <dd className="num">{duration(waitedMs)}</dd>
        </>
      )}
      {tookMs !== null && (
        <>
          <dt>Server took</dt>
          <dd className="num">{duration(tookMs)}</dd>
        </>
      )}
    </dl>
  )
}

/** Rows of the same call, and the row itself where the line was not loaded. */
function belongs(row: AuditRow, given: Line | null, own: AuditRow | undefined): boolean {
  const correlation = given?.rows.find(r => r.event?.correlation)?.event?.correlation ?? own?.event?.correlation
  if (row.seq === own?.seq) return true
  return correlation !== undefined && row.event?.correlation === correlation
}

/** The neighbours in the chain, and all rows of the same call whatever the page's filter leaves out. */
function useNear(seq: number, line: Line | null): { near: AuditRow[]; call: AuditCall | null } {
  const [near, setNear] = useState<AuditRow[]>([])
  const [call, setCall] = useState<AuditCall | null>(null)
  const found = line?.rows ?? near.filter(row => row.seq === seq)
  const correlation = found.find(row => row.event?.correlation)?.event?.correlation
  const known = line?.rows.length ?? 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: more rows of the call mean other neighbours to ask for
  useEffect(() => {
    let current = true
    hub.audit.list({ before: seq + 2, limit: 3 }).then(
      rows => current && setNear(rows),
      () => {},
    )
    return () => {
      current = false
    }
  }, [seq, known, line?.erased])
  // biome-ignore lint/correctness/useExhaustiveDependencies: more rows of the call tell more about it
  useEffect(() => {
    let current = true
    if (correlation === undefined) return setCall(null)
    hub.audit.call({ correlation }).then(
      one => current && setCall(one),
      () => {},
    )
    return () => {
      current = false
    }
  }, [correlation, known])
  return { near: call ? mergeRows(near, call.rows) : near, call }
}

function ChainLink({ seq, near }: { seq: number; near: AuditRow[] }) {
  const status = useStatus()
  const checked = useChecked()
  const audit = status.kind === 'ready' ? status.value.audit : null
  const { words, tone } = chainWords(audit, checked)
  const proven = provenTo(audit, checked)
  const rows = near.filter(row => Math.abs(row.seq - seq) <= 1).sort((a, b) => a.seq - b.seq)
  return (
    <section className={css.link} aria-label="Its link in the chain">
      <div className={css.linkHead}>
        <p className={css.chain} data-tone={tone}>
          <IconLink size={14} aria-hidden /> {words}
        </p>
        <Button size="xs" loading={checked.kind === 'asking'} onClick={() => void verify()}>
          Verify now
        </Button>
      </div>
      {rows.map(row => (
        <div key={row.seq} className={css.linkRow} data-this={row.seq === seq}>
          <code>{count(row.seq)}</code>
          <code title={row.hash}>{shortHash(row.hash)}</code>
          {row.seq <= proven && <IconCheck size={14} aria-label="proven" />}
        </div>
      ))}
    </section>
  )
}

function Foot({ line, server, onErase }: { line: Line; server: string | null; onErase: () => void }) {
  const navigate = useNavigate()
  const args = line.rows.map(r => r.event?.arguments).find(a => a !== undefined)
  const whole = args !== undefined && args.bytes <= 8192
  return (
    <>
      {line.tool !== null && server && (
        <Button
          leftSection={<IconFlask size={14} />}
          onClick={() =>
            void navigate({
              to: '/inspector',
              search: { offer: `${server}/${line.tool}`, ...(whole ? { args: args.text } : {}) },
            })
          }
        >
          Open in inspector
        </Button>
      )}
      {line.rows.some(row => row.event && row.event.kind !== 'erased') && (
        <Button leftSection={<IconEraser size={14} />} onClick={onErase}>
          Erase…
        </Button>
      )}
      <span style={{ marginInlineStart: 'auto' }}>
        <CopyButton text={JSON.stringify(line.rows, null, 2)} label="Copy rows as JSON" />
      </span>
    </>
  )
}
