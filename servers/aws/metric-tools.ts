// CloudWatch: which metrics there are, and one of them over time, as points and as a picture.
import type { Datapoint } from '@aws-sdk/client-cloudwatch'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { chartOf } from '../kit/chart.ts'
import { Failure } from '../kit/failure.ts'
import { fromCursorOf, NEXT, PAGING, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Aws } from './aws.ts'
import { REGION } from './settings.ts'

const region = REGION.optional().describe('Another region than the one that is set')
const namespace = z.string().regex(/^[^:][^\u0000-\u001f]{0,254}$/, 'is like AWS/EC2')
const dimension = z.object({ Name: z.string().min(1).max(255), Value: z.string().min(1).max(1024) })
const period = z
  .int()
  .min(1)
  .max(86_400)
  .refine(
    seconds => [1, 5, 10, 20, 30].includes(seconds) || seconds % 60 === 0,
    'is 1, 5, 10, 20, 30 or a multiple of 60',
  )
const STATISTICS = ['Average', 'Sum', 'Minimum', 'Maximum', 'SampleCount'] as const
const statistic = z.union([
  z.enum(STATISTICS),
  z.string().regex(/^p(\d{1,2}(\.\d{1,2})?|100)$/, 'is Average, Sum, Minimum, Maximum, SampleCount or like p99.9'),
])
type Statistic = z.output<typeof statistic>
/** CloudWatch gives 500 at once, always: of which page, and from where on in it. */
const Place = z.object({ token: z.string().optional(), skip: z.int().min(0).max(10_000).optional() })
/** CloudWatch gives no more at once, and keeps nothing longer. */
const MOST_POINTS = 1_440
const MOST_HOURS = 455 * 24
const WRONG_CLOCK_MS = 60_000

export function registerMetricTools(kit: Kit, server: McpServer, aws: Aws): void {
  const annotations = { ...READS, openWorldHint: true }

  kit.tool(
    server,
    'list_cloudwatch_metrics',
    {
      title: 'List metrics',
      description: 'Metrics that CloudWatch has data of, with their dimensions.',
      input: z.object({
        namespace: namespace.optional(),
        metricName: z.string().min(1).max(255).optional(),
        region,
        ...PAGING,
      }),
      output: z.object({
        metrics: z.array(z.object({ namespace: z.string(), metricName: z.string(), dimensions: z.array(dimension) })),
        ...NEXT,
      }),
      annotations,
    },
    async ({ namespace, metricName, region, cursor, limit }, { signal }) => {
      const list = { namespace, metricName, region }
      const { token, skip = 0 } = fromCursorOf(list, cursor, Place) ?? {}
      const input = {
        ...(namespace ? { Namespace: namespace } : {}),
        ...(metricName ? { MetricName: metricName } : {}),
        ...(token ? { NextToken: token } : {}),
      }
      const said = await aws.ask('cloudwatch:ListMetrics', { region, signal }, (cloudwatch, o) =>
        cloudwatch.listMetrics(input, o),
      )
      const all = said.Metrics ?? []
      const metrics = all.slice(skip, skip + limit).map(one => ({
        namespace: one.Namespace ?? '',
        metricName: one.MetricName ?? '',
        dimensions: (one.Dimensions ?? []).map(({ Name = '', Value = '' }) => ({ Name, Value })),
      }))
      const lines = metrics.map(
        one => `${one.namespace} ${one.metricName} ${one.dimensions.map(of => `${of.Name}=${of.Value}`).join(' ')}`,
      )
      const isAll = skip + limit >= all.length
      const place = isAll ? { token: said.NextToken } : { token, skip: skip + limit }
      const next = isAll && !said.NextToken ? {} : { nextCursor: toCursorOf(list, place) }
      const none = isAll && !said.NextToken ? 'There are no such metrics in this region.' : 'None on this page.'
      return { text: withMore(lines.join('\n') || none, next), data: { metrics, ...next } }
    },
  )

  kit.tool(
    server,
    'get_cloudwatch_metric',
    {
      title: 'Look at a metric',
      description:
        'One CloudWatch metric up to now, as points and as a picture. The dimensions must be exactly those of the metric.',
      input: z.object({
        namespace,
        metricName: z.string().min(1).max(255),
        dimensions: z.array(dimension).max(30).default([]),
        period: period.default(300).describe('Seconds from point to point'),
        hoursBack: z.number().positive().max(MOST_HOURS).default(1),
        statistic: statistic.default('Average'),
        region,
      }),
      output: z.object({
        label: z.string(),
        unit: z.string().nullable(),
        from: z.string(),
        to: z.string(),
        points: z.array(z.object({ at: z.string(), value: z.number() })),
      }),
      annotations,
    },
    async ({ namespace, metricName, dimensions, period, hoursBack, statistic, region }, { signal }) => {
      const count = (hoursBack * 3_600) / period
      if (count > MOST_POINTS) throw tooMany(hoursBack)
      const asked = {
        Namespace: namespace,
        MetricName: metricName,
        Dimensions: dimensions,
        Period: period,
        ...(isPlain(statistic) ? { Statistics: [statistic] } : { ExtendedStatistics: [statistic] }),
      }
      const lastHours = async (to: number) => {
        const from = to - hoursBack * 3_600_000
        const input = { ...asked, StartTime: new Date(from), EndTime: new Date(to) }
        const said = await aws.ask('cloudwatch:GetMetricStatistics', { region, signal }, (cloudwatch, o) =>
          cloudwatch.getMetricStatistics(input, o),
        )
        return { said, from, to }
      }
      const first = await lastHours(Date.now())
      // AWS’s answer tells that this computer’s clock is wrong: what it takes for now is not.
      const { systemClockOffset: offMs } = (await aws.client('cloudwatch', region)).config
      const { said, from, to } = Math.abs(offMs) > WRONG_CLOCK_MS ? await lastHours(Date.now() + offMs) : first
      const points = pointsOf(said.Datapoints ?? [], statistic)
      const unit = said.Datapoints?.[0]?.Unit ?? null
      const label = said.Label ?? metricName
      const title = `${namespace} ${label}, ${statistic} over ${period % 60 ? `${period} s` : `${period / 60} min`}`
      const picture = await chartOf({
        title,
        series: [{ name: dimensions.map(one => `${one.Name}=${one.Value}`).join(' '), points }],
        stepMs: period * 1_000,
        from,
        to,
        ...(unit && unit !== 'None' ? { unit } : {}),
      })
      return {
        text: points.length > 0 ? `${title}: ${summary(points, unit)}` : NO_POINTS,
        data: {
          label,
          unit,
          from: iso(from),
          to: iso(to),
          points: points.map(({ at, value }) => ({ at: iso(at), value })),
        },
        ...(picture ? { more: [picture] } : {}),
      }
    },
  )
}

const NO_POINTS =
  'No points. Look at the exact names with list_cloudwatch_metrics; older than 3 hours needs a period of 60, older than 15 days one of 300, older than 63 days one of 3600.'

const iso = (at: number) => new Date(at).toISOString()

function isPlain(statistic: Statistic): statistic is (typeof STATISTICS)[number] {
  return (STATISTICS as readonly string[]).includes(statistic)
}

function tooMany(hoursBack: number): Failure {
  const period = Math.ceil((hoursBack * 60) / MOST_POINTS) * 60
  const what = `That would be more than ${MOST_POINTS} points.`
  return new Failure('validation_error', what, `Ask with a period of ${period} or more, or for fewer hours.`, {
    period,
  })
}

/** CloudWatch gives them in no order. */
function pointsOf(given: readonly Datapoint[], statistic: Statistic): { at: number; value: number }[] {
  return given
    .flatMap(one => {
      const value = isPlain(statistic) ? one[statistic] : one.ExtendedStatistics?.[statistic]
      return value === undefined || !one.Timestamp ? [] : [{ at: one.Timestamp.getTime(), value }]
    })
    .toSorted((one, other) => one.at - other.at)
}

function summary(points: readonly { at: number; value: number }[], unit: string | null): string {
  const values = points.map(point => point.value)
  const last = points.at(-1)!
  const short = (value: number) => Number(value.toPrecision(6))
  const of = unit && unit !== 'None' ? ` ${unit}` : ''
  return `${points.length} points from ${short(Math.min(...values))} to ${short(Math.max(...values))}${of}; last ${short(last.value)} at ${iso(last.at)}`
}
