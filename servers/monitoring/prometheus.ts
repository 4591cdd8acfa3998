// Prometheus' HTTP API: asks, checks the shape of what comes back, and puts its refusals into words.
import { z } from 'zod'
import { Failure, type FailureKind } from '../kit/failure.ts'
import { HttpAsker, HttpProblem } from '../kit/http-ask.ts'
import { Upstream } from '../kit/upstream.ts'
import type { Window } from './time-window.ts'

const MOST_BYTES = 20_000_000
const QUERY_TIMEOUT = '20s'
const TOO_MUCH = new Failure(
  'validation_error',
  'Prometheus answers with more than 20 MB.',
  'Narrow the query, or take a longer step.',
)

/** Seconds since 1970, and a number as Prometheus writes it. */
const Sample = z.tuple([z.number(), z.string()])
const Metric = z.record(z.string(), z.string())
const QueryData = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: Metric, value: Sample.optional() })),
  }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: Metric, values: z.array(Sample).optional() })),
  }),
  z.object({ resultType: z.literal('scalar'), result: Sample }),
  z.object({ resultType: z.literal('string'), result: Sample }),
])
const Rule = z.object({
  type: z.string().default('alerting'),
  name: z.string(),
  query: z.string(),
  duration: z.number().default(0),
  labels: Metric.default({}),
  annotations: Metric.default({}),
  lastError: z.string().optional(),
  alerts: z
    .array(
      z.object({
        labels: Metric,
        annotations: Metric.default({}),
        state: z.string(),
        activeAt: z.string(),
        value: z.string(),
      }),
    )
    .nullish()
    .transform(alerts => alerts ?? []),
})
const RuleData = z.object({
  groups: z
    .array(z.object({ rules: z.array(Rule) }))
    .nullish()
    .transform(groups => groups ?? []),
})
export type Rule = z.output<typeof Rule>

export interface Found {
  series: { labels: Record<string, string>; points: [time: number, value: string][] }[]
  /** Prometheus' own, and of what cannot be shown as numbers. */
  warnings: string[]
}

export interface PrometheusPlace {
  url: string
  token?: string | undefined
  user?: string | undefined
  firstDelayMs?: number
}

export class Prometheus {
  readonly #url: string
  readonly #headers: Record<string, string>
  /** The password as it goes over the network; as it is, it is known to whoever tells of failures. */
  readonly #secret: { secret?: string }
  readonly #asker = new HttpAsker(MOST_BYTES, TOO_MUCH)
  readonly #upstream: Upstream

  constructor({ url, token, user, firstDelayMs }: PrometheusPlace) {
    this.#url = url.replace(/\/+$/, '')
    const basic = `Basic ${Buffer.from(`${user}:${token ?? ''}`).toString('base64')}`
    const authorization = user === undefined ? (token === undefined ? null : `Bearer ${token}`) : basic
    this.#secret = user === undefined ? {} : { secret: basic.slice('Basic '.length) }
    this.#headers = { accept: 'application/json', ...(authorization === null ? {} : { authorization }) }
    this.#upstream = new Upstream({
      name: 'Prometheus',
      read: error => (error instanceof HttpProblem ? error.problem : {}),
      inWords: (_, { status }) => (status === undefined ? undefined : BY_STATUS[status]),
      ...(firstDelayMs === undefined ? {} : { firstDelayMs }),
    })
  }

  async query(query: string, window: Window, signal: AbortSignal): Promise<Found> {
    const isMoment = 'time' in window
    const form = { query, timeout: QUERY_TIMEOUT, ...textOf(window) }
    const { data, warnings } = await this.#ask(isMoment ? 'query' : 'query_range', QueryData, signal, form)
    if (data.resultType === 'scalar' || data.resultType === 'string')
      return { series: [{ labels: {}, points: [data.result] }], warnings }
    const all = data.result.map(one => ({
      labels: one.metric,
      points: 'values' in one ? (one.values ?? []) : 'value' in one && one.value ? [one.value] : [],
    }))
    const series = all.filter(one => one.points.length > 0)
    const histograms = all.length - series.length
    if (histograms > 0)
      warnings.push(`${histograms} native histograms are left out: ask with histogram_quantile or histogram_count.`)
    return { series, warnings }
  }

  async alertRules(signal: AbortSignal): Promise<Rule[]> {
    const { data } = await this.#ask('rules?type=alert', RuleData, signal)
    // Not every backend that speaks this API leaves the others out.
    return data.groups.flatMap(group => group.rules).filter(rule => rule.type === 'alerting')
  }

  /** The metrics that there are for these series. */
  async metricNames(match: string | null, signal: AbortSignal): Promise<string[]> {
    const filter = match === null ? '' : `?${new URLSearchParams({ 'match[]': match })}`
    return (await this.#ask(`label/__name__/values${filter}`, z.array(z.string()).nullable(), signal)).data ?? []
  }

  /** A form is sent with POST, where a long query fits. */
  #ask<T>(path: string, shape: z.ZodType<T>, signal: AbortSignal, form?: Record<string, string>) {
    return this.#upstream.ask(() => this.#askOnce(path, shape, signal, form), signal)
  }

  async #askOnce<T>(path: string, shape: z.ZodType<T>, signal: AbortSignal, form?: Record<string, string>) {
    const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
    const { status, retryAfterMs, text, json } = await this.#asker.ask(`${this.#url}/api/v1/${path}`, {
      method: form ? 'POST' : 'GET',
      headers: { ...this.#headers, ...type },
      ...this.#secret,
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
      signal,
    })
    const refused = Refusal.safeParse(json)
    if (refused.success) throwKnown(refused.data)
    if (status !== 200) throw new HttpProblem({ status, retryAfterMs, said: text })
    const good = z.object({ status: z.literal('success'), data: shape, warnings: Words, infos: Words }).safeParse(json)
    if (!good.success) throw NOT_PROMETHEUS
    const { data, warnings, infos } = good.data
    return { data, warnings: [...warnings, ...infos] }
  }
}

const Words = z.array(z.string()).default([])
const Refusal = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })

const KNOWN: Record<string, [kind: FailureKind, what: string, suggestion: string]> = {
  bad_data: ['validation_error', 'Prometheus does not understand this', 'Correct the query.'],
  execution: ['validation_error', 'Prometheus cannot work this out', 'Correct or narrow the query.'],
  timeout: ['timeout', 'Prometheus gave the query up', 'Ask for less: fewer series, a shorter time, a longer step.'],
  canceled: ['timeout', 'Prometheus gave the query up', 'Ask for less: fewer series, a shorter time, a longer step.'],
  not_found: ['not_found', 'Prometheus knows nothing of it', 'Look with list_metrics.'],
}

/** What asking again does not change. */
function throwKnown({ errorType, error }: z.output<typeof Refusal>): void {
  const known = KNOWN[errorType]
  if (known) throw new Failure(known[0], `${known[1]}: ${error.slice(0, 500)}.`, known[2], { errorType })
}

const NOT_PROMETHEUS = new Failure(
  'upstream_error',
  'What answers there is not Prometheus.',
  'Ask the person to correct PROMETHEUS_URL.',
)
const BY_STATUS: Record<number, Failure> = {
  401: new Failure(
    'permission_denied',
    'Prometheus does not know these credentials.',
    'Ask the person to correct PROMETHEUS_TOKEN, and PROMETHEUS_USER if it has users.',
  ),
  404: NOT_PROMETHEUS,
}

function textOf(window: Window): Record<string, string> {
  return Object.fromEntries(Object.entries(window).map(([name, value]) => [name, `${value}`]))
}
