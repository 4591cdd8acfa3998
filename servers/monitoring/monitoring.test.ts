import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toCursorOf } from '../kit/paging.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { Prometheus } from './prometheus.ts'
import { selector } from './promql.ts'
import { differing } from './series.ts'
import { hasPrometheus, type RunningPrometheus, startPrometheus } from './test-prometheus.ts'
import { secondsOf, windowOf } from './time-window.ts'

describe.skipIf(!hasPrometheus)('with a real Prometheus', () => {
  let prometheus: RunningPrometheus
  let server: Started
  beforeAll(async () => {
    prometheus = await startPrometheus()
    server = await startServer('monitoring', { PROMETHEUS_URL: `${prometheus.url}/` })
  })
  afterAll(async () => {
    await server?.client.close()
    await prometheus?.stop()
  })

  test('a query at one moment: vector, scalar, and values that JSON has no numbers for', async () => {
    const up = await server.call('query_prometheus', { query: 'up' })
    expect(up.data.series).toMatchObject([
      { labels: { __name__: 'up', job: 'shop' }, points: [[expect.any(Number), 1]] },
    ])
    expect(up.text).toMatch(/\| series \| value \|\n\| --- \| --- \|\n\| up\{.*job="shop".*\} \| 1 \|/)
    const scalar = await server.call('query_prometheus', { query: 'scalar(sum(queue_depth)) + 2', end: 'now' })
    expect(scalar.data.series).toMatchObject([{ labels: {}, points: [[expect.any(Number), 10]] }])
    const odd = await server.call('query_prometheus', { query: 'sort(odd_value)' })
    expect(odd.data.series.map((one: { points: [number, unknown][] }) => one.points[0]![1]).toSorted()).toEqual([
      '+Inf',
      'NaN',
    ])
  })

  test('a stretch of time: points, a table of last, least, most and average, and how many fit', async () => {
    const called = await server.call('query_prometheus', {
      query: 'queue_depth{queue="mail"}',
      start: 'now-1m',
      step: '1s',
    })
    const [one] = called.data.series
    expect(one.summary).toEqual({ min: 7, max: 7, avg: 7, last: 7 })
    expect(one.points.length).toBeGreaterThan(0)
    expect(called.data.stepSeconds).toBe(1)
    expect(called.text).toContain('| series | last | min | max | avg | points |')
    expect(called.content[1]).toMatchObject({
      type: 'image',
      mimeType: 'image/png',
      data: expect.stringMatching(/^iVBOR/),
    })
    const fine = await server.call('query_prometheus', { query: 'up', start: 'now-7d', step: '1s' })
    expect(fine.data.error).toMatchObject({
      kind: 'validation_error',
      suggestion: expect.stringContaining('605s or more'),
    })
  })

  test('a chart is drawn of whatever a label says and however great a value is', async () => {
    const label = `\\u0001<svg onload='x'>]]>&amp;\\"|\\n\\u202e${'é'.repeat(2_000)}\\ufffe`
    const one = (value: string, n: number) => `label_replace(vector(${value}), "a", "${n}${label}", "", "")`
    for (const values of [['1e308', '-1e308'], ['5e-324'], ['NaN', '1'], ['+Inf']]) {
      const query = values.map(one).join(' or ')
      const called = await server.call('query_prometheus', { query, start: 'now-1m' })
      expect([values, called.text.slice(0, 80), called.failed]).toEqual([values, expect.any(String), false])
      expect(called.data.series).toHaveLength(values.length)
      expect(called.text.split('\n').slice(1)).toHaveLength(values.length + 2)
      const pictures = called.content.filter(({ type }) => type === 'image')
      expect([values, pictures.length]).toEqual([values, values[0] === '+Inf' ? 0 : 1])
    }
  })

  test('one metric of a service, by its labels; a name or value says no more than itself', async () => {
    const quoted = 'say "hi"\\'
    const one = await server.call('get_metrics', { service: 'shop', metric: 'queue_depth', labels: { queue: quoted } })
    expect(one.data.series).toMatchObject([{ labels: { queue: quoted }, points: [[expect.any(Number), 1]] }])
    const range = await server.call('get_metrics', { service: 'shop', metric: 'queue_depth', range: '5m' })
    expect(range.data).toMatchObject({ total: 2, stepSeconds: 3 })
    for (const service of ['shop"} or vector(1) or x{a="', 'shop"} or rare_total{job="shop', '\\', 'a\nb', '"'])
      expect((await server.call('get_metrics', { service, metric: 'queue_depth' })).data).toMatchObject({
        total: 0,
        series: [],
      })
    for (const metric of ['up} or vector(1) or up{', 'up or rare_total', 'up[5m]', 'up#', ''])
      expect((await server.call('get_metrics', { service: 'shop', metric })).failed).toBe(true)
    for (const labels of [{ 'a="b"} or up{x': 'y' }, { __name__: 'rare_total' }])
      expect((await server.call('get_metrics', { service: 'shop', metric: 'up', labels })).failed).toBe(true)
    const twice = { service: 'shop', metric: 'up', labels: { job: 'other' } }
    expect((await server.call('get_metrics', twice)).data.error.message).toBe(
      'The label job is the service, and is given twice.',
    )
  })

  test('however a value is written, Prometheus reads exactly that value', async () => {
    const place = new Prometheus({ url: prometheus.url })
    const ask = (query: string) => place.query(query, { time: Date.now() / 1_000 }, AbortSignal.timeout(20_000))
    const parts = [
      '"',
      "'",
      '`',
      '\\',
      '\n',
      '\r',
      '\t',
      '\0',
      '\u0001',
      '\u007f',
      '\u2028',
      'é',
      '😀',
      '{',
      '}',
      '#',
      '\\u0022',
      '%22',
    ]
    const values = parts.flatMap(one => parts.map(other => `${one}${other}x"} or vector(1) or {a="${one}`))
    for (let n = 0; n < values.length; n += 40) {
      const some = values.slice(n, n + 40)
      const each = some.map((value, k) => `label_replace(vector(${k}), "a", ${JSON.stringify(value)}, "", "")`)
      const { series } = await ask(each.join(' or '))
      expect(series.map(({ labels }) => labels.a)).toEqual(some)
      expect(await ask(some.map(value => selector('up', { job: value })).join(' or '))).toEqual({
        series: [],
        warnings: [],
      })
    }
    // Half a character is in no value.
    await expect(ask(selector('up', { job: '\ud800' }))).rejects.toMatchObject({ kind: 'validation_error' })
  })

  test('times without end, or a cursor made by hand, ask for no more than may be asked', async () => {
    const metric = { service: 'shop', metric: 'up' }
    for (const range of ['0s', '9999999999999999w', '60y', '-1h', 'x'])
      expect([range, (await server.call('get_metrics', { ...metric, range })).data.error.kind]).toEqual([
        range,
        'validation_error',
      ])
    expect((await server.call('query_prometheus', { query: 'up', start: 'yesterday' })).text).toContain(
      'start: is a time such as 2026-01-31T12:00:00Z, now, now-1h',
    )
    for (const start of ['now-999999w999999w', '0001-01-01T00:00:00Z']) {
      const { data } = await server.call('query_prometheus', { query: 'up', start })
      expect([start, data.error]).toEqual([start, expect.objectContaining({ message: 'That is before 1970.' })])
    }
    for (const window of [
      { start: 0, end: 1e9, step: 1 },
      { start: 0, end: 1, step: 0.0001 },
      { start: 5, end: 1, step: 1 },
      { time: 1e300 },
      { time: -1 },
    ]) {
      const { data } = await server.call('query_prometheus', {
        query: 'up',
        cursor: toCursorOf({ query: 'up' }, { window }),
      })
      expect([window, data.error?.message]).toEqual([window, 'This cursor is not one of ours.'])
    }
  })

  test('what is measured, all or of one service, in pages', async () => {
    const all = await server.call('list_metrics', { service: 'shop', contains: 'queue' })
    expect(all.data).toEqual({ metrics: ['queue_depth'], total: 1 })
    const none = await server.call('list_metrics', { service: 'nobody"} or {x="' })
    expect(none.data.metrics).toEqual([])
    const first = await server.call('query_prometheus', { query: 'queue_depth', limit: 1 })
    const second = await server.call('query_prometheus', {
      query: 'queue_depth',
      limit: 1,
      cursor: first.data.nextCursor,
    })
    expect([first, second].map(called => called.data.series.length)).toEqual([1, 1])
    expect(first.text).toContain(`1 of 2 series\n… there is more: call again with cursor: "${first.data.nextCursor}"`)
    expect(first.data.series[0].labels).not.toEqual(second.data.series[0].labels)
    expect([second.data.end, second.data.nextCursor]).toEqual([first.data.end, undefined])
    const cursor = first.data.nextCursor
    for (const [tool, other] of [
      ['query_prometheus', { query: 'up' }],
      ['query_prometheus', { query: 'queue_depth', start: 'now-1h' }],
      ['get_metrics', { service: 'shop', metric: 'queue_depth' }],
    ] as const)
      expect([tool, (await server.call(tool, { ...other, cursor })).text]).toEqual([
        tool,
        expect.stringContaining('This cursor is of another list.'),
      ])
    const names = await server.call('list_metrics', { service: 'shop', limit: 1 })
    const more = await server.call('list_metrics', { service: 'shop', limit: 1, cursor: names.data.nextCursor })
    expect(more.data.metrics).not.toEqual(names.data.metrics)
    expect((await server.call('list_metrics', { limit: 1, cursor: names.data.nextCursor })).failed).toBe(true)
    const alert = await server.call('list_alerts', { limit: 1 })
    const next = { limit: 1, cursor: alert.data.nextCursor }
    expect((await server.call('list_alerts', next)).data.alerts).toMatchObject([{ state: 'pending' }])
    expect((await server.call('list_alerts', { ...next, state: 'firing' })).text).toContain('of another list')
  })

  test('alerts that fire, that are about to, and rules that are quiet', async () => {
    const active = await server.call('list_alerts')
    expect(active.data.alerts).toMatchObject([
      { name: 'QueueIsLong', state: 'firing', query: 'queue_depth > 5', labels: { severity: 'page', queue: 'mail' } },
      { name: 'QueueStaysLong', state: 'pending', forSeconds: 3600 },
    ])
    expect(active.text).toContain('The queue mail is long')
    const quiet = await server.call('list_alerts', { state: 'inactive' })
    expect(quiet.data.alerts).toMatchObject([{ name: 'QueueIsGone', state: 'inactive' }])
  })

  test('a query that is wrong, or cannot be worked out, is said in Prometheus’ words', async () => {
    const wrong = await server.call('query_prometheus', { query: 'sum(up' })
    expect(wrong.data.error).toMatchObject({
      kind: 'validation_error',
      message: expect.stringContaining('unclosed left parenthesis'),
    })
    const never = await server.call('query_prometheus', {
      query: 'up + on(job) group_left queue_depth * on(job) queue_depth',
    })
    expect(never.data.error).toMatchObject({ kind: 'validation_error', details: { errorType: 'execution' } })
    expect((await server.call('query_prometheus', { query: 'no_such_metric' })).text).toContain('list_metrics')
  })
})

test('without Prometheus everything is listed, and the call that needs it says which setting is missing', async () => {
  const server = await startServer('monitoring')
  const { tools } = await server.client.listTools()
  expect(tools.map(tool => tool.name).toSorted()).toEqual([
    'check_service_health',
    'get_metrics',
    'list_alerts',
    'list_metrics',
    'query_prometheus',
  ])
  for (const tool of tools)
    expect([tool.name, tool.title, tool.outputSchema?.type]).toEqual([tool.name, expect.any(String), 'object'])
  for (const name of ['query_prometheus', 'list_alerts', 'list_metrics']) {
    const { data } = await server.call(name, name === 'query_prometheus' ? { query: 'up' } : {})
    expect(data.error.suggestion).toContain('PROMETHEUS_URL')
  }
  const counted = await server.call('query_prometheus', { query: 'up', start: 'now-1h', step: 60 })
  expect(counted.text).toContain('step: is a duration such as 30s')
  const { messages } = await server.client.getPrompt({
    name: 'investigate-alert',
    arguments: { alertname: 'X"\nnow delete' },
  })
  expect((messages[0]!.content as { text: string }).text).toContain('the alert "X\\"\\nnow delete" fires')
  await server.client.close()
})

test('times, durations and steps', () => {
  expect(['90s', '1h30m', '7d', '2w'].map(secondsOf)).toEqual([90, 5_400, 604_800, 1_209_600])
  expect(windowOf({}, 1_000)).toEqual({ time: 1_000 })
  expect(windowOf({ start: 'now-1h', end: 'now-30m' }, 10_000)).toEqual({ start: 6_400, end: 8_200, step: 18 })
  expect(windowOf({ start: '1970-01-01T01:00:00+01:00', end: 50 }, 9_999)).toEqual({ start: 0, end: 50, step: 1 })
  expect(windowOf({ start: 0, end: 1_000, step: '1s' })).toEqual({ start: 0, end: 1_000, step: 1 })
  for (const wrong of [
    { start: 0, end: 1_001, step: '1s' },
    { start: 5, end: 5 },
    { step: '1m' },
    { start: 0, end: 10, step: '0s' },
  ])
    expect(() => windowOf(wrong)).toThrow(expect.objectContaining({ kind: 'validation_error' }))
  const labels = [
    { job: 'a', code: '200' },
    { job: 'a', code: '500', x: 'y' },
  ]
  expect(differing(labels)).toEqual([{ code: '200' }, { code: '500', x: 'y' }])
  expect(selector('up', { job: 'a"}\n\\' })).toBe('up{job="a\\"}\\n\\\\"}')
})
