// Logs page by page, without tokens; the errors in them.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toCursorOf } from '../kit/paging.ts'
import { withoutShapes } from '../kit/shapes.ts'
import { groupErrors, normalised } from './error-groups.ts'
import { startTestCluster, type TestCluster } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'
import { pod } from './test-objects.ts'

let cluster: TestCluster
let place: Connected
beforeEach(async () => {
  cluster = await startTestCluster()
  place = await connect(kubeconfig(cluster.url))
})
afterEach(async () => {
  await place.close()
  await cluster.close()
})

/** As a node writes them: nanoseconds without zeros at the end. */
const stamp = (secondsAgo: number, nanos = '5') =>
  new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/\.\d+Z/, `.${nanos}Z`)
const put = (lines: string[], container = 'app') => cluster.logs.set(`default/web-1/${container}`, lines.join('\n'))

test('the last lines, since a while, and of the run before', async () => {
  put(Array.from({ length: 300 }, (_, n) => `${stamp(300 - n)} line ${n}`))
  const { data } = await place.call('get_pod_logs', { name: 'web-1', tailLines: 2 })
  expect(data).toMatchObject({ log: 'line 298\nline 299', lines: 2, firstTime: expect.stringMatching(/^\d{4}-/) })
  expect((await place.call('get_pod_logs', { name: 'web-1' })).data.lines).toBe(100)
  expect((await place.call('get_pod_logs', { name: 'web-1', sinceSeconds: 10 })).data.lines).toBeLessThan(15)
  const none = await place.call('get_pod_logs', { name: 'web-1', previous: true })
  expect(none).toMatchObject({
    kind: 'validation_error',
    text: expect.stringContaining('previous terminated container "app"'),
  })
  for (const args of [{ tailLines: 5001 }, { tailLines: 0 }, { sinceSeconds: 0 }, { tailLines: '9' }])
    expect((await place.call('get_pod_logs', { name: 'web-1', ...args })).failed).toBe(true)
})

test('of several containers one is to be named', async () => {
  const spec = { containers: [{ name: 'app' }, { name: 'sidecar' }] }
  cluster.objects.set('/pods/default/web-1', pod('web-1', 'default', { spec }))
  const said = await place.call('get_pod_logs', { name: 'web-1' })
  expect(said).toMatchObject({
    kind: 'validation_error',
    text: expect.stringContaining('choose one of: [app sidecar]'),
  })
  put([`${stamp(1)} hello`], 'sidecar')
  expect((await place.call('get_pod_logs', { name: 'web-1', container: 'sidecar' })).data.log).toBe('hello')
})

test('a long log comes whole, page by page, also where many lines have one time and more are written meanwhile', async () => {
  const lines = Array.from({ length: 4900 }, (_, n) => `${stamp(600 - Math.floor(n / 2500))} ${n} ${'x'.repeat(90)}`)
  put(lines)
  const read: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 10; pages++) {
    const { data, text } = await place.call('get_pod_logs', {
      name: 'web-1',
      tailLines: 5000,
      ...(cursor ? { cursor } : {}),
    })
    read.push(...data.log.split('\n'))
    expect(data.log.length).toBeLessThanOrEqual(100_000)
    cursor = data.nextCursor
    if (!cursor) break
    expect(text).toContain('there is more')
    if (pages > 0) continue
    put([...lines, `${stamp(1)} 4900 new`])
    for (const other of [{ name: 'web-2' }, { name: 'web-1', container: 'app' }, { name: 'web-1', previous: true }])
      expect((await place.call('get_pod_logs', { ...other, cursor })).text).toContain('This cursor is of another list.')
  }
  expect(read.map(line => Number(line.split(' ')[0]))).toEqual(Array.from({ length: 4901 }, (_, n) => n))
})

test.each([
  ['before', 7_200_000],
  ['behind', -7_200_000],
])('a log comes whole from a node whose clock is hours %s ours', async (_, aheadMs) => {
  cluster.setNodeClocks(aheadMs)
  put(Array.from({ length: 3000 }, (_, n) => `${stamp(3600 - n - aheadMs / 1000)} ${n} ${'x'.repeat(90)}`))
  const read: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 10; pages++) {
    const { data } = await place.call('get_pod_logs', { name: 'web-1', tailLines: 5000, ...(cursor ? { cursor } : {}) })
    read.push(...data.log.split('\n'))
    cursor = data.nextCursor
    if (!cursor) break
  }
  expect(read.map(line => Number(line.split(' ')[0]))).toEqual(Array.from({ length: 3000 }, (_, n) => n))
})

test('more than is read at once comes with the cursor, each line whole', async () => {
  put(Array.from({ length: 300 }, (_, n) => `${stamp(300 - n)} ${n} ${'y'.repeat(19_000)}`))
  const read: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < 100; pages++) {
    const { data } = await place.call('get_pod_logs', { name: 'web-1', tailLines: 5000, ...(cursor ? { cursor } : {}) })
    read.push(...data.log.split('\n'))
    cursor = data.nextCursor
    if (!cursor) break
  }
  expect(read.map(line => `${Number(line.split(' ')[0])} ${line.length}`)).toEqual(
    Array.from({ length: 300 }, (_, n) => `${n} ${`${n} `.length + 19_000}`),
  )
  const told = await place.call('analyze_logs', { name: 'web-1', tailLines: 5000 })
  expect([told.data.newestMissing, told.text]).toEqual([true, expect.stringContaining('its newest lines are missing')])
})

test('where so much was written at one time that the cursor cannot go on, that is said', async () => {
  const time = stamp(5)
  put(Array.from({ length: 300 }, (_, n) => `${time} ${n} ${'y'.repeat(15_000)}`))
  const which = { name: 'web-1', namespace: 'default', container: undefined, previous: false }
  const cursor = toCursorOf(which, { time, shown: 280 })
  const { text, data } = await place.call('get_pod_logs', { name: 'web-1', cursor })
  expect([text, data.lines]).toEqual([expect.stringContaining('There is more, but'), 0])
})

test('a line without end is shortened, in words', async () => {
  put([`${stamp(1)} ${'z'.repeat(60_000)}`])
  const { data } = await place.call('get_pod_logs', { name: 'web-1' })
  expect(data.log).toMatch(/^z{20000} … \(40000 more characters of this line are left out\)$/)
})

test('tokens, passwords and terminal codes are taken out of logs', async () => {
  const secrets = [
    'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'xoxb-1234567890-abcdefghij',
  ]
  put([
    ...secrets.map(secret => `${stamp(9)} using ${secret} now`),
    `${stamp(9)} connect postgres://bob:sup3rs3cret@db/x`,
    `${stamp(9)} {"password": "sup3rs3cret", "user": "bob"}`,
    `${stamp(9)} Authorization: Bearer sup3rs3cretsup3rs3cret`,
    `${stamp(9)} \u001b]0;title\u0007\u001b]8;;http://x.example\u001b\\link\u001b]8;;\u001b\\\u001b(B\u001b[?25l`,
    `${stamp(9)} \u001b[31mred\u001b[0m`,
  ])
  const { data, text } = await place.call('get_pod_logs', { name: 'web-1' })
  for (const secret of [...secrets, 'sup3rs3cret', '\u001b']) expect(data.log + text).not.toContain(secret)
  expect(data.log).toMatch(/using ‹secret› now/)
  expect(data.log).toMatch(/bob:‹secret›@db.*"password": "‹secret›", "user": "bob"/s)
  expect(data.log.endsWith('\nlink\nred')).toBe(true)
})

test('a private key on many lines is taken out, also where its begin or its end is missing', async () => {
  const body = Array.from({ length: 20 }, (_, n) => `${n}MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8`)
  const key = [
    '-----BEGIN RSA PRIVATE KEY-----',
    'Proc-Type: 4,ENCRYPTED',
    '',
    ...body,
    'Qw==',
    '-----END RSA PRIVATE KEY-----',
  ]
  const written = [...key.slice(5), 'between', ...key, 'after', ...key.slice(0, -1), 'the last one: ok']
  put(written.map(line => `${stamp(9)} ${line}`))
  const { data, text } = await place.call('get_pod_logs', { name: 'web-1' })
  expect(data.log + text).not.toMatch(/MIIE|Qw==/)
  expect(data.log.split('\n').filter((line: string) => line !== '‹secret›')).toEqual([
    'between',
    'after',
    'the last one: ok',
  ])
  expect(data.lines).toBe(written.length)
})

test('a long line of blanks inside a key holds nothing up', async () => {
  put(['-----BEGIN RSA PRIVATE KEY-----', `${' '.repeat(400_000)}!`, 'after'].map(line => `${stamp(9)} ${line}`))
  const { data } = await place.call('get_pod_logs', { name: 'web-1' })
  expect(data.log).toMatch(/^‹secret›\n\s.*\nafter$/)
})

test.each([
  ['titles that never end', '\u001b]8;'.repeat(200_000)],
  ['begins of tokens', '-eyJ'.repeat(200_000)],
])('a line full of %s holds nothing up', async (_, line) => {
  put([`${stamp(9)} ${line}`, `${stamp(9)} after`])
  const { data } = await place.call('get_pod_logs', { name: 'web-1' })
  expect(data.log).toMatch(/\nafter$/)
  expect(data.log.length).toBeLessThan(21_000)
})

test('errors that differ in numbers, names and ids are one, with first and last time', async () => {
  const times = [50, 40, 30, 20, 10].map(seconds => stamp(seconds))
  put([
    `${times[0]} 2026-01-02 10:00:00,123 ERROR [pool-1] timeout after 31ms for order 9f8b6c5d-1111-4222-8333-444455556666`,
    `${times[0]} \tat com.shop.Order.load(Order.java:31)`,
    `${times[0]} Caused by: java.io.IOException: error`,
    `${times[1]} 2026-01-02 10:00:09,500 ERROR [pool-7] timeout after 207ms for order 00000000-1111-4222-8333-444455556666`,
    `${times[2]} {"level":"error","msg":"cannot reach 10.0.0.7:5432","id":7}`,
    `${times[2]} {"level":"info","msg":"no error here"}`,
    `${times[3]} time=x level=info msg="error count" n=0`,
    `${times[3]} I0102 10:00:00.000000       1 main.go:12] error budget fine`,
    `${times[3]} E0102 10:00:00.000000       1 main.go:12] leader lost`,
    `${times[4]} finished with 0 errors`,
    `${times[4]} Traceback (most recent call last):`,
    `${times[4]}   File "x.py", line 3, in f`,
    `${times[4]} ValueError: bad value 7`,
  ])
  const { data, text } = await place.call('analyze_logs', { name: 'web-1' })
  expect(data).toMatchObject({ total: 4, lines: 13, errors: 5, newestMissing: false })
  expect(data.groups[0]).toMatchObject({ count: 2, firstSeen: times[0], lastSeen: times[1] })
  expect(data.groups.map((one: { message: string }) => one.message)).toEqual([
    '[pool-<n>] timeout after <n>ms for order <id>',
    'cannot reach <address>',
    'leader lost',
    'ValueError: bad value <n>',
  ])
  expect(text).toMatch(/^5 errors of 4 kinds in 13 lines\.\n2× \[pool-<n>\] timeout/)
  const first = await place.call('analyze_logs', { name: 'web-1', limit: 3 })
  const rest = await place.call('analyze_logs', { name: 'web-1', limit: 3, cursor: first.data.nextCursor })
  expect([first.data.groups.length, rest.data.groups.length, rest.data.nextCursor]).toEqual([3, 1, undefined])
  const other = await place.call('analyze_logs', { name: 'web-2', limit: 3, cursor: first.data.nextCursor })
  expect(other.text).toContain('This cursor is of another list.')
})

test('the last 100 lines are analysed, or as many as are asked for', async () => {
  put(Array.from({ length: 300 }, (_, n) => `${stamp(300 - n)} ERROR at ${n}`))
  const lines = async (args: object) => (await place.call('analyze_logs', { name: 'web-1', ...args })).data.lines
  expect([await lines({}), await lines({ tailLines: 250 })]).toEqual([100, 250])
  expect((await place.call('analyze_logs', { name: 'web-1', tailLines: 1 })).text).toMatch(
    /^1 error of 1 kind in 1 line\./,
  )
})

test('lines made to be slow are not', () => {
  const nasty = [
    '"'.repeat(20_000),
    'a'.repeat(20_000),
    `error ${'0'.repeat(20_000)}`,
    `error ${'f'.repeat(20_000)}`,
    `${' '.repeat(20_000)}x`,
    'password=password='.repeat(1000),
    `error ${'1.'.repeat(9_000)}`,
  ]
  const lines = Array.from({ length: 500 }, (_, n) => ({ time: '', text: nasty[n % nasty.length]! }))
  groupErrors(lines)
  for (const one of nasty) withoutShapes(one.repeat(5))
  expect(normalised(nasty[2]!).length).toBeLessThanOrEqual(300)
})
