// Four small histories of the lines that are loaded; each says itself as a sentence and over which span.
import { duration, moment, count as written } from '../../ui/index.ts'
import css from './activity.module.css'
import { Brush } from './brush.tsx'
import { histories, sum } from './buckets.ts'
import { RANGES, type Range, type Span } from './filter.ts'
import type { Line } from './lines.ts'

const HEIGHT = 30

export function Histories({
  lines,
  range,
  span,
  complete,
  onPick,
}: {
  lines: readonly Line[]
  range: Range | undefined
  span: Span | undefined
  complete: boolean
  /** A span drawn over a chart. The filter's time can be set without drawing, too. */
  onPick: (span: Span) => void
}) {
  const now = span?.to ?? Math.max(Date.now(), lines[0]?.time ?? 0)
  const oldest = lines.at(-1)?.time ?? now
  const from = !complete ? oldest : span ? span.from : range ? now - RANGES[range] : oldest
  const found = histories(lines, from, now)
  const [calls, errors, asked, denied] = [found.calls, found.errors, found.asked, found.denied].map(sum) as [
    number,
    number,
    number,
    number,
  ]
  if (calls === 0) return null
  const since = `since ${moment(from)}`
  return (
    <Brush className={css.histories} from={from} to={now} onPick={onPick}>
      <History title="Calls" fact={written(calls)} sentence={`${calls} calls ${since}`}>
        <Columns series={[{ values: found.calls, tone: 'edge' }]} />
      </History>
      <History title="Errors" fact={written(errors)} sentence={`${errors} errors ${since}`}>
        <Columns series={[{ values: found.errors, tone: 'red-glyph' }]} />
      </History>
      <History
        title="p95"
        fact={found.p95Ms === null ? '–' : duration(found.p95Ms)}
        sentence={found.p95Ms === null ? 'no durations' : `95 of 100 calls took less than ${duration(found.p95Ms)}`}
      >
        <Columns series={[{ values: found.p95, tone: 'edge' }]} />
      </History>
      <History
        title="Asked · denied"
        fact={`${written(asked)} · ${written(denied)}`}
        sentence={`${asked} asked, ${denied} denied ${since}`}
      >
        <Columns
          series={[
            { values: found.asked, tone: 'edge' },
            { values: found.denied, tone: 'red-glyph' },
          ]}
        />
      </History>
    </Brush>
  )
}

function History(props: { title: string; fact: string; sentence: string; children: React.ReactNode }) {
  return (
    <figure className={css.history} title={props.sentence}>
      <figcaption>
        <span>{props.title}</span>
        <b className="num">{props.fact}</b>
        <span className="visually-hidden">{props.sentence}</span>
      </figcaption>
      <div data-brush>{props.children}</div>
    </figure>
  )
}

/** Columns on a dotted base; where two fall together the later one stands in front. */
function Columns({ series }: { series: { values: number[]; tone: string }[] }) {
  const most = Math.max(1, ...series.flatMap(s => s.values))
  const width = (series[0]?.values.length ?? 1) * 4
  return (
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} preserveAspectRatio="none" height={HEIGHT} width="100%" aria-hidden="true">
      <line x1="0" x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line-2)" strokeDasharray="2 2" />
      {series.map(({ values, tone }) =>
        values.map((value, at) => {
          const height = value === 0 ? 0 : Math.max(2, (value / most) * (HEIGHT - 2))
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place in time
              key={`${tone} ${at}`}
              x={at * 4 + 0.4}
              width={3.2}
              y={HEIGHT - height}
              height={height}
              fill={`var(--${tone})`}
            />
          )
        }),
      )}
    </svg>
  )
}
