// The lines as a grid, only those in sight drawn. What arrives while older ones are read waits at the top.

import {
  IconAppWindow,
  IconArchiveOff,
  IconHandStop,
  IconKey,
  IconPlug,
  IconServer,
  IconShield,
  IconTower,
  IconUserCheck,
} from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ComponentProps, type ComponentType, useEffect, useRef } from 'react'
import type { AuditKind } from '../../../contract/audit.ts'
import { listOf, useApprovals } from '../../hub.ts'
import { count, duration, exactly, Foreign, moment, RiskMark, seconds } from '../../ui/index.ts'
import { type Names, useNames } from '../use-names.ts'
import css from './activity.module.css'
import type { Line } from './lines.ts'
import { decisionWords, detailWords, factWords, outcomeWords, subjectWords, whoIs } from './words.ts'

const ROW = 34
const NEAR_END = 40

interface Props {
  lines: readonly Line[]
  selected: string | null
  fresh: number
  complete: boolean
  onOpen: (seq: number) => void
  onHold: (on: boolean) => void
  onFresh: () => void
  onOlder: () => void
  /** These are looked at. */
  onSeen: (lines: readonly Line[]) => void
}

export function LogRows({ lines, selected, fresh, complete, onOpen, onHold, onFresh, onOlder, onSeen }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  const at = lines.findIndex(line => String(line.seq) === selected)
  useEffect(() => {
    if (!complete && last > lines.length - NEAR_END) onOlder()
  }, [complete, last, lines.length, onOlder])
  useEffect(() => onSeen(lines.slice(first, last + 1)), [lines, first, last, onSeen])
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection scrolls, not rows that arrive
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
  }, [selected])
  const names = useNames()
  const approvals = listOf(useApprovals())
  return (
    <>
      <div className={css.head} aria-hidden>
        <span>Time</span>
        <span>Client</span>
        <span />
        <span>Tool</span>
        <span>Decision</span>
        <span>Outcome</span>
        <span data-end>Took</span>
        <span data-end>Row</span>
      </div>
      <div className={css.scrollWrap}>
        {fresh > 0 && (
          <button
            type="button"
            className={css.fresh}
            onClick={() => {
              onFresh()
              scroller.current?.scrollTo({ top: 0 })
            }}
          >
            {count(fresh)} new
          </button>
        )}
        {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual */}
        <div
          ref={scroller}
          className={css.scroll}
          role="grid"
          aria-label="Log"
          aria-rowcount={complete ? lines.length : -1}
          aria-activedescendant={at >= 0 ? `line-${selected}` : undefined}
          tabIndex={0}
          onScroll={event => onHold(event.currentTarget.scrollTop > ROW)}
        >
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {items.map(item => {
              const line = lines[item.index]!
              return (
                <LineRow
                  key={line.key}
                  line={line}
                  index={item.index}
                  top={item.start}
                  selected={item.index === at}
                  names={names}
                  asked={approvals.find(approval => `c:${approval.id}` === line.key)?.tool}
                  onOpen={() => onOpen(line.seq)}
                />
              )
            })}
          </div>
        </div>
      </div>
    </>
  )
}

const ICONS: Record<AuditKind, ComponentType<{ size?: number; stroke?: number }>> = {
  call: IconServer,
  result: IconServer,
  server: IconServer,
  secret: IconKey,
  client: IconPlug,
  policy: IconShield,
  window: IconAppWindow,
  approval: IconUserCheck,
  refused: IconHandStop,
  hub: IconTower,
  erased: IconArchiveOff,
}

interface RowProps {
  line: Line
  index: number
  top: number
  selected: boolean
  names: Names
  /** The tool that an answer was about, while it is still known. */
  asked: string | undefined
  onOpen: () => void
}

function LineRow({ line, index, top, selected, names, asked, onOpen }: RowProps) {
  const now = Date.now()
  const isCall = line.tool !== null
  const decision = decisionWords(line, now)
  const outcome = outcomeWords(line.outcome)
  const event = line.rows[0]?.event
  const Icon = ICONS[event?.kind ?? 'erased']
  const by = event?.by !== undefined && !isCall ? whoIs(event.by) : null
  const today = new Date(line.time).toDateString() === new Date(now).toDateString()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual
    // biome-ignore lint/a11y/useKeyWithClickEvents: J, K and Enter are heard by the page
    <div
      id={`line-${line.seq}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 1}
      aria-selected={selected}
      className={css.row}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <Cell className="num" title={exactly(line.time)}>
        {today ? seconds(line.time) : moment(line.time)}
      </Cell>
      <Cell className={css.client}>
        {line.client
          ? names.client(line.client)
          : by === 'the command line'
            ? 'Command line'
            : by
              ? by[0]!.toUpperCase() + by.slice(1)
              : ''}
      </Cell>
      <Cell className={css.mark}>
        {isCall ? line.risk && <RiskMark risk={line.risk} look="glyph" /> : <Icon size={14} stroke={1.7} />}
      </Cell>
      {isCall ? (
        <>
          <Cell className={css.tool}>
            {line.server && `${names.server(line.server)} `}
            <code>
              <Foreign text={line.tool ?? ''} max={80} />
            </code>
          </Cell>
          <Cell title={line.decision?.ruleText ?? undefined}>
            <span className={css.word} data-tone={decision.tone}>
              {decision.word}
            </span>{' '}
            {decision.by}
          </Cell>
          <Cell className={css.outcome} data-tone={outcome.tone}>
            {outcome.word}
          </Cell>
          <Cell data-end className="num">
            {line.durationMs === null ? '–' : duration(line.durationMs)}
          </Cell>
        </>
      ) : (
        <Cell className={css.fact}>
          {line.erased ? (
            'The content of this row was erased; its place in the chain holds'
          ) : (
            <>
              {line.server ? names.server(line.server) : subjectWords(line)} <b>{factWords(line.what)}</b>
              {asked && (
                <>
                  {' '}
                  <code>
                    <Foreign text={asked} max={80} />
                  </code>
                </>
              )}
              {line.detail && (
                <span className={css.detail}>
                  {' '}
                  <Foreign text={detailWords(line.detail)} max={200} />
                </span>
              )}
            </>
          )}
        </Cell>
      )}
      <Cell data-end className={`num ${css.seq}`}>
        {count(line.seq)}
      </Cell>
    </div>
  )
}

/** A cell; the row is what has the focus. */
function Cell(props: ComponentProps<'div'> & { 'data-tone'?: string; 'data-end'?: boolean }) {
  // biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual
  return <div role="gridcell" tabIndex={-1} {...props} />
}
