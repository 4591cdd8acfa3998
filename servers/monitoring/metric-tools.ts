// What Prometheus measured: one metric of a service, any query, and which metrics there are.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { type Chart, chartOf } from '../kit/chart.ts'
import { Failure } from '../kit/failure.ts'
import { fromCursorOf, NEXT, PAGING, page, pageOf, toCursorOf, withMore } from '../kit/paging.ts'
import { type Answer, type Kit, READS } from '../kit/tools.ts'
import type { Prometheus } from './prometheus.ts'
import { Labels, LabelValue, MetricName, selector } from './promql.ts'
import { differing, nameOf, Series, seriesOf, table } from './series.ts'
import { Duration, Time, Window, windowOf } from './time-window.ts'

export interface Measured {
  /** Throws Failure where none is configured. */
  prometheus: () => Prometheus
  serviceLabel: string
}

const SERIES_PAGING = { cursor: PAGING.cursor, limit: z.int().min(1).max(100).default(20) }
const Shown = z.object({
  query: z.string(),
  start: z.string(),
  end: z.string(),
  stepSeconds: z.number().optional(),
  series: z.array(Series),
  total: z.number(),
  warnings: z.array(z.string()),
  ...NEXT,
})
const At = z.object({ window: Window, page: z.string().optional() })
const asks = { ...READS, openWorldHint: true }

export function addMetricTools(kit: Kit, server: McpServer, { prometheus, serviceLabel }: Measured): void {
  kit.tool(
    server,
    'query_prometheus',
    {
      title: 'Query Prometheus',
      description:
        'Runs a PromQL query: at one moment, or over a stretch of time when start is given (then with a chart). Answers series with their points and a table of last, min, max and average.',
      input: z.object({
        query: z.string().trim().min(1).max(10_000),
        start: Time.optional(),
        end: Time.optional(),
        step: Duration.optional().describe(
          'Between points, such as 30s or 5m; made to fit when left out. At most 1000 points',
        ),
        ...SERIES_PAGING,
      }),
      output: Shown,
      annotations: asks,
    },
    async ({ query, start, end, step, ...paging }, { signal }) => {
      const list = { query, start, end, step }
      const at = fromCursorOf(list, paging.cursor, At) ?? { window: windowOf(list) }
      return show(prometheus(), { query, list, at, limit: paging.limit }, signal)
    },
  )

  kit.tool(
    server,
    'get_metrics',
    {
      title: 'Get a metric of a service',
      description: `The values of one metric of a service (its ${serviceLabel} label): now, or over the last range (then with a chart).`,
      input: z.object({
        service: LabelValue,
        metric: MetricName,
        range: Duration.optional().describe('Such as 15m, 1h or 7d'),
        labels: Labels.default({}).describe('Only series with exactly these values'),
        ...SERIES_PAGING,
      }),
      output: Shown,
      annotations: asks,
    },
    async ({ service, metric, range, labels, ...paging }, { signal }) => {
      if (labels[serviceLabel] !== undefined && labels[serviceLabel] !== service)
        throw new Failure(
          'validation_error',
          `The label ${serviceLabel} is the service, and is given twice.`,
          'Leave it out of labels.',
        )
      const query = selector(metric, { ...labels, [serviceLabel]: service })
      const start = range === undefined ? undefined : `now-${range}`
      const list = { query, start }
      const at = fromCursorOf(list, paging.cursor, At) ?? { window: windowOf({ start }) }
      return show(prometheus(), { query, list, at, limit: paging.limit }, signal)
    },
  )

  kit.tool(
    server,
    'list_metrics',
    {
      title: 'List metrics',
      description: 'The names of the metrics there are: of one service, or of all.',
      input: z.object({
        service: LabelValue.optional(),
        contains: z.string().min(1).max(100).optional().describe('Only names with this in them'),
        ...PAGING,
      }),
      output: z.object({ metrics: z.array(z.string()), total: z.number(), ...NEXT }),
      annotations: asks,
    },
    async ({ service, contains = '', ...paging }, { signal }) => {
      const match = service === undefined ? null : selector('', { [serviceLabel]: service })
      const names = await prometheus().metricNames(match, signal)
      const { items, ...rest } = pageOf(
        { service, contains },
        names.filter(name => name.includes(contains)),
        paging,
      )
      return { text: withMore(items.join('\n') || 'There is no such metric.', rest), data: { metrics: items, ...rest } }
    },
  )
}

async function show(
  prometheus: Prometheus,
  { query, list, at, limit }: { query: string; list: object; at: z.output<typeof At>; limit: number },
  signal: AbortSignal,
): Promise<Answer<z.input<typeof Shown>>> {
  const { window } = at
  const { series, warnings } = await prometheus.query(query, window, signal)
  const { items, nextCursor, total } = page(series.map(seriesOf), { cursor: at.page, limit })
  const [start, end] = 'time' in window ? [window.time, window.time] : [window.start, window.end]
  const data = {
    query,
    start: iso(start),
    end: iso(end),
    ...('step' in window ? { stepSeconds: window.step } : {}),
    series: items,
    total,
    warnings,
    ...(nextCursor ? { nextCursor: toCursorOf(list, { window, page: nextCursor }) } : {}),
  }
  const none = `No series fits ${query} at that time. list_metrics tells what there is.`
  if (total === 0) return { text: [none, ...warnings].join('\n'), data }
  const counted = nextCursor ? [`${items.length} of ${total} series`] : []
  const text = withMore([query, table(items), ...warnings, ...counted].join('\n'), data)
  const chart = 'step' in window ? await chartOf(drawing(query, items, window)) : null
  return { text, data, ...(chart ? { more: [chart] } : {}) }
}

function drawing(
  title: string,
  series: Series[],
  { start, end, step }: { start: number; end: number; step: number },
): Chart {
  const names = differing(series.map(({ labels }) => labels)).map(nameOf)
  const points = (one: Series) =>
    one.points.map(([time, value]) => ({ at: time * 1_000, value: typeof value === 'number' ? value : null }))
  return {
    title,
    series: series.map((one, n) => ({ name: names[n]!, points: points(one) })),
    stepMs: step * 1_000,
    from: start * 1_000,
    to: end * 1_000,
  }
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}
