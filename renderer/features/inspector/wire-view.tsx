// Every frame that passes the gate, live: who to whom, what, how large, and when within its call. A press shows it whole.
import { ActionIcon, Button, Select } from '@mantine/core'
import { IconArrowRight, IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { WireFrame } from '../../../contract/calls.ts'
import { bytes, CopyButton, count, duration, exactly, Foreign, JsonView } from '../../ui/index.ts'
import { type Names, useNames } from '../use-names.ts'
import { axisFor, callMs, type FrameRow, frameTime, markText, nameIn, rowsOf } from './frames.ts'
import css from './inspector.module.css'
import { useWire } from './wire.ts'

const ROW = 25
const SCOPES = [
  { value: 'all', label: 'All traffic' },
  { value: 'inspector', label: 'Inspector only' },
  { value: 'calls', label: 'Calls only' },
]

/** `correlation`: of the call whose answer is shown above. */
export function WireView({ correlation }: { correlation: string | null }) {
  const live = useWire()
  const names = useNames()
  const [scope, setScope] = useState('all')
  const [held, setHeld] = useState<readonly WireFrame[] | null>(null)
  const [selected, setSelected] = useState<number | null>(null)
  const frames = held ?? live
  const rows = useMemo(() => {
    const all = rowsOf(frames)
    if (scope === 'all') return all
    const ours = new Set(frames.filter(f => isInspector(f.from) || isInspector(f.to)).map(f => f.correlation))
    return all.filter(({ frame }) =>
      scope === 'calls' ? frame.correlation !== null : frame.correlation !== null && ours.has(frame.correlation),
    )
  }, [frames, scope])
  const chosen = rows.find(r => r.frame.n === selected) ?? null
  const measured =
    chosen?.frame.correlation ??
    correlation ??
    rows.findLast(r => r.frame.correlation !== null)?.frame.correlation ??
    null
  const axis = axisFor(callMs(rows, measured) || 100)
  const size = useMemo(() => frames.reduce((sum, f) => sum + f.bytes, 0), [frames])
  return (
    <section className={css.wireView} aria-label="Wire">
      <div className={css.wireHead}>
        <h2>Wire</h2>
        <span className="num">
          {count(frames.length)} {frames.length === 1 ? 'frame' : 'frames'}, {bytes(size)}. Each call starts at zero.
        </span>
        <Select
          className={css.wireScope ?? ''}
          aria-label="Which frames"
          data={SCOPES}
          value={scope}
          allowDeselect={false}
          onChange={value => setScope(value ?? 'all')}
        />
        <Button
          aria-pressed={held === null}
          leftSection={held ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
          onClick={() => setHeld(held ? null : live)}
        >
          {held ? 'Paused' : 'Live'}
        </Button>
      </div>
      <div className={css.wireBody}>
        <Frames
          narrow={chosen !== null}
          rows={rows}
          axis={axis}
          names={names}
          selected={selected}
          correlation={correlation}
          onSelect={setSelected}
        />
        {chosen && <Frame row={chosen} names={names} onClose={() => setSelected(null)} />}
      </div>
    </section>
  )
}

interface FramesProps {
  /** Beside an open frame: no waterfall. */
  narrow: boolean
  rows: FrameRow[]
  axis: ReturnType<typeof axisFor>
  names: Names
  selected: number | null
  correlation: string | null
  onSelect: (n: number | null) => void
}

function Frames({ narrow, rows, axis, names, selected, correlation, onSelect }: FramesProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  })
  useEffect(() => {
    if (atEnd.current && rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: 'end' })
  }, [rows.length, virtual])
  // A call that just ended is shown from its first frame.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another call scrolls there
  useEffect(() => {
    const first = correlation === null ? -1 : rows.findIndex(r => r.frame.correlation === correlation)
    if (first >= 0 && !atEnd.current) virtual.scrollToIndex(first, { align: 'start' })
  }, [correlation])
  const step = (by: number) => {
    const at = rows.findIndex(r => r.frame.n === selected)
    const next = Math.min(rows.length - 1, Math.max(0, at < 0 ? rows.length - 1 : at + by))
    const row = rows[next]
    if (!row) return
    onSelect(row.frame.n)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  return (
    <div className={css.frames} data-narrow={narrow}>
      <div className={css.frameHead} aria-hidden>
        <span>Time</span>
        <span>From</span>
        <span />
        <span>To</span>
        <span>Method</span>
        <span>Name</span>
        <span>Id</span>
        <span data-end>Size</span>
        <span className={css.axis}>
          {axis.marks.map((mark, at) => (
            <span key={mark} style={{ left: `${at * 25}%` }}>
              {markText(mark, axis.lengthMs)}
            </span>
          ))}
        </span>
      </div>
      {rows.length === 0 && (
        <p className={css.nothing}>Nothing passed the gate yet. Frames of all clients appear here.</p>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual */}
      <div
        ref={scroller}
        className={css.frameScroll}
        role="grid"
        aria-label="Frames"
        aria-rowcount={rows.length}
        data-wire
        tabIndex={0}
        onScroll={event => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
          atEnd.current = scrollHeight - scrollTop - clientHeight < ROW
        }}
        onKeyDown={event => {
          const by =
            event.key === 'ArrowDown' || event.key === 'j' ? 1 : event.key === 'ArrowUp' || event.key === 'k' ? -1 : 0
          if (by === 0 && event.key !== 'Escape') return
          event.preventDefault()
          event.stopPropagation()
          event.nativeEvent.stopImmediatePropagation()
          if (by === 0) onSelect(null)
          else step(by)
        }}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(item => {
            const row = rows[item.index]!
            return (
              <Line
                key={row.frame.n}
                row={row}
                top={item.start}
                index={item.index}
                axisMs={axis.lengthMs}
                names={names}
                selected={row.frame.n === selected}
                onSelect={() => onSelect(row.frame.n === selected ? null : row.frame.n)}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface LineProps {
  row: FrameRow
  top: number
  index: number
  axisMs: number
  names: Names
  selected: boolean
  onSelect: () => void
}

function Line({ row, top, index, axisMs, names, selected, onSelect }: LineProps) {
  const { frame } = row
  const answer = frame.kind === 'result' || frame.kind === 'error'
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be virtual
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the arrow keys
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 1}
      aria-selected={selected}
      className={css.frame}
      data-begins={row.begins}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onSelect}
    >
      <code title={exactly(frame.at)}>{frameTime(frame.at)}</code>
      <span>{party(frame.from, names)}</span>
      <IconArrowRight size={12} aria-label="to" />
      <span>{party(frame.to, names)}</span>
      <code data-kind={frame.kind}>{answer ? frame.kind : <Foreign text={frame.method ?? frame.kind} max={60} />}</code>
      <code>
        <Foreign text={nameIn(frame)} max={80} />
      </code>
      <code>
        <Foreign text={(frame.id ?? '').replaceAll('"', '')} max={40} />
      </code>
      <span data-end className="num">
        {bytes(frame.bytes)}
      </span>
      <Waterfall row={row} axisMs={axisMs} />
    </div>
  )
}

/** A bar for what waits for its answer, a tick for the rest, at their time within the call. */
function Waterfall({ row, axisMs }: { row: FrameRow; axisMs: number }) {
  const at = Math.min(100, (row.startMs / axisMs) * 100)
  const width = row.lastsMs === null ? 0 : Math.min(100 - at, (row.lastsMs / axisMs) * 100)
  const answer = row.frame.kind === 'result' || row.frame.kind === 'error'
  return (
    <span className={css.fall}>
      <span
        className={css.bar}
        data-kind={row.frame.correlation === null ? 'none' : row.frame.kind}
        style={{ left: `${at}%`, width: `max(3px, ${width}%)` }}
      />
      {answer && row.frame.correlation !== null && (
        <span
          className={css.fallTime}
          data-left={at > 70}
          style={at > 70 ? { right: `${100 - at}%` } : { left: `${at}%` }}
        >
          {duration(row.startMs)}
        </span>
      )}
    </span>
  )
}

/** Frames name whoever speaks as the gate knows them: by id or by title. */
const isInspector = (party: string) => party.toLowerCase() === 'inspector'

const party = (id: string, names: Names): string => {
  if (/^gate(house)?$/i.test(id)) return 'gate'
  const client = names.client(id)
  return client === id ? names.server(id) : client
}

function Frame({ row, names, onClose }: { row: FrameRow; names: Names; onClose: () => void }) {
  const { frame } = row
  return (
    <aside className={css.frameWhole} aria-label="Frame">
      <div className={css.frameWholeHead}>
        <p>
          {party(frame.from, names)} → {party(frame.to, names)}, {frameTime(frame.at)}
          {frame.bytes > 65_536 && <span className={css.quiet}> · the first 64 KB of {bytes(frame.bytes)}</span>}
        </p>
        <CopyButton text={frame.text} label="Copy frame" />
        <ActionIcon size="xs" aria-label="Close" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </div>
      <JsonView text={frame.text} maxHeight={100_000} />
    </aside>
  )
}
