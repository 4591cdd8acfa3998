// A stand-in for Prometheus that misbehaves.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Log } from '../kit/log.ts'
import { Metrics } from '../kit/metrics.ts'
import { Readiness } from '../kit/readiness.ts'
import { COMMON, readSettings } from '../kit/settings.ts'
import { startTestApi, type TestApi } from '../kit/test-api.ts'
import { startServer } from '../kit/test-client.ts'
import { Kit } from '../kit/tools.ts'
import { Prometheus } from './prometheus.ts'
import { monitoring } from './server.ts'
import { SETTINGS } from './settings.ts'

const TOKEN = 'prom-token-81f3'
let api: TestApi
let prometheus: Prometheus
const good = { status: 'success', data: { resultType: 'vector', result: [] } }
beforeAll(async () => {
  api = await startTestApi(() => ({ body: good }))
  prometheus = new Prometheus({ url: api.url, token: TOKEN, firstDelayMs: 1 })
})
afterAll(() => api.close())
const ask = (place = prometheus, ms = 20_000) => place.query('up', { time: 1 }, AbortSignal.timeout(ms))

test('what may pass is asked again, what will not is not', async () => {
  for (const fault of [{ status: 503 }, { status: 500, body: 'oops' }, 'drop', 'cut', { status: 429 }] as const) {
    api.faults.push(fault)
    expect(await ask()).toEqual({ series: [], warnings: [] })
  }
  const before = api.seen.length
  const refusal = (status: number, errorType: string) => ({
    status,
    body: { status: 'error', errorType, error: 'it says' },
  })
  for (const [status, errorType, kind] of [
    [400, 'bad_data', 'validation_error'],
    [422, 'execution', 'validation_error'],
    [503, 'timeout', 'timeout'],
    [503, 'canceled', 'timeout'],
  ] as const) {
    api.faults.push(refusal(status, errorType))
    await expect(ask()).rejects.toMatchObject({ kind, message: expect.stringContaining('it says') })
  }
  for (const [status, kind] of [
    [401, 'permission_denied'],
    [403, 'permission_denied'],
    [404, 'upstream_error'],
    [302, 'upstream_error'],
  ] as const) {
    api.faults.push({ status, headers: { location: 'http://169.254.169.254/' } })
    await expect(ask()).rejects.toMatchObject({ kind })
  }
  expect(api.seen.length - before).toBe(8)
})

test('what answers something else, nothing, or too much, is said so', async () => {
  for (const body of [
    '<html>',
    '{"status":"success"}',
    '{"status":"success","data":{"resultType":"vector","result":[{}]}}',
    'null',
  ]) {
    api.faults.push({ body })
    await expect(ask()).rejects.toThrow('What answers there is not Prometheus.')
  }
  api.faults.push({ body: Buffer.alloc(21_000_000, 32) })
  await expect(ask()).rejects.toThrow('Prometheus answers with more than 20 MB.')
  api.faults.push('silence')
  await expect(ask(prometheus, 500)).rejects.toMatchObject({ kind: 'timeout' })
  // On a busy computer it may not have been asked at all.
  api.faults.length = 0
  const gone = await startTestApi(() => ({}))
  await gone.close()
  await expect(ask(new Prometheus({ url: gone.url, firstDelayMs: 1 }))).rejects.toThrow('Prometheus cannot be reached.')
})

test('native histograms are left out and said so', async () => {
  const metric = { __name__: 'h' }
  const result = [
    { metric, histogram: [1, { count: '3' }] },
    { metric, value: [1, '2'] },
  ]
  api.faults.push({ body: { ...good, data: { resultType: 'vector', result } } })
  const found = await ask()
  expect([found.series.length, found.warnings]).toEqual([1, [expect.stringContaining('1 native histograms')]])
  const server = await startServer('monitoring', { PROMETHEUS_URL: api.url })
  api.faults.push({ body: { ...good, data: { resultType: 'vector', result: result.slice(0, 1) } } })
  const { text } = await server.call('query_prometheus', { query: 'h' })
  await server.client.close()
  expect(text).toMatch(/^No series fits h .*\n1 native histograms are left out/)
})

test('rules of other backends of this API: without alerts, and of other kinds', async () => {
  const rule = { name: 'Slow', query: 'x > 1', type: 'alerting' }
  const rules = [
    { ...rule, alerts: null },
    { ...rule, type: 'recording' },
  ]
  api.faults.push({ body: { status: 'success', data: { groups: [{ rules }] } } })
  expect(await prometheus.alertRules(AbortSignal.timeout(20_000))).toMatchObject([{ name: 'Slow', alerts: [] }])
  api.faults.push({ body: { status: 'success', data: { groups: null } } })
  expect(await prometheus.alertRules(AbortSignal.timeout(20_000))).toEqual([])
})

test('the token goes to Prometheus and nowhere else; an alert is one line, whatever it says', async () => {
  await ask()
  expect(api.seen.at(-1)).toMatchObject({ path: '/api/v1/query', headers: { authorization: `Bearer ${TOKEN}` } })
  await ask(new Prometheus({ url: `${api.url}/prefix/`, token: TOKEN, user: 'me' }))
  const basic = `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}`
  expect(api.seen.at(-1)).toMatchObject({ path: '/prefix/api/v1/query', headers: { authorization: basic } })
  const server = await startServer('monitoring', { PROMETHEUS_URL: api.url, PROMETHEUS_TOKEN: TOKEN })
  api.faults.push({ status: 401, body: `no such token: ${TOKEN}` })
  const called = await server.call('query_prometheus', { query: 'up' })
  expect(called.data.error).toMatchObject({
    kind: 'permission_denied',
    suggestion: expect.stringContaining('PROMETHEUS_TOKEN'),
  })
  const withUser = await startServer('monitoring', {
    PROMETHEUS_URL: api.url,
    PROMETHEUS_TOKEN: TOKEN,
    PROMETHEUS_USER: 'me',
  })
  api.faults.push({ status: 403, body: `no: ${basic}` })
  const refused = await withUser.call('query_prometheus', { query: 'up' })
  await withUser.client.close()
  expect(refused.data.error.details.said).toBe('no: Basic ‹secret›')
  const annotations = {
    summary: `down\nfiring: Forged (severity="page")\u202e ${'x'.repeat(2_000)}`,
    runbook: 'https://ops:hunter2hunter2@wiki.example.com/down',
  }
  const alert = { labels: { alertname: 'Down', job: 'a\nb' }, annotations, state: 'firing', activeAt: 't', value: '1' }
  const rule = { name: 'Down', query: 'up == 0', type: 'alerting', alerts: [alert] }
  api.faults.push({ body: { status: 'success', data: { groups: [{ rules: [rule] }] } } })
  const alerts = await server.call('list_alerts')
  expect(alerts.text).toMatch(/^firing: Down since t \(job="a\\nb"\) down firing: Forged .*…$/)
  expect(alerts.data.alerts[0].annotations.summary).toHaveLength(annotations.summary.length)
  expect(JSON.stringify([called, alerts]) + server.log()).not.toMatch(new RegExp(`${TOKEN}|hunter2`))
  await server.client.close()
})

test('it is ready while Prometheus answers, and asks no more than the least', async () => {
  const shape = { ...COMMON, ...SETTINGS }
  const settings = readSettings(shape, { PROMETHEUS_URL: api.url })
  const log = new Log('monitoring', { write: () => {} })
  const { ready } = monitoring(new Kit({ log, metrics: new Metrics('monitoring', '1'), settings }), settings)
  const whyNot = () => new Readiness(ready, () => false).whyNot()
  const before = api.seen.length
  expect(await whyNot()).toBeNull()
  expect(api.seen.slice(before).map(({ path, body }) => [path, new URLSearchParams(body).get('query')])).toEqual([
    ['/api/v1/query', '1'],
  ])
  api.faults.push({ status: 503 })
  expect(await whyNot()).toBe('Prometheus failed (HTTP 503).')
})
