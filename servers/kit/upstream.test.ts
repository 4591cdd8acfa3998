import { afterEach, expect, test, vi } from 'vitest'
import { Failure } from './failure.ts'
import { Protected, protectedNames } from './protected.ts'
import { Readiness } from './readiness.ts'
import { type Fault, startTestApi, type TestApi } from './test-api.ts'
import { type Problem, retryAfter, Upstream, type UpstreamOptions } from './upstream.ts'

const apis: TestApi[] = []
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close()
})

class Refused extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super('refused')
    this.problem = problem
  }
}

/** A backend that answers 'yes', but for these faults at first. */
async function backend(faults: Fault[], options: Partial<UpstreamOptions> = {}) {
  const api = await startTestApi(() => ({ body: { said: 'yes' } }))
  api.faults.push(...faults)
  apis.push(api)
  const read = (error: unknown): Problem => (error instanceof Refused ? error.problem : {})
  const upstream = new Upstream({ name: 'It', read, firstDelayMs: 1, ...options })
  const work = async () => {
    const response = await fetch(api.url, { signal: AbortSignal.timeout(2_000) })
    const retryAfterMs = retryAfter(response.headers.get('retry-after'))
    if (!response.ok) throw new Refused({ status: response.status, retryAfterMs })
    return ((await response.json()) as { said: string }).said
  }
  const ask = async (mayRepeat = true, signal = new AbortController().signal) =>
    upstream.ask(work, signal, { mayRepeat }).catch((error: unknown) => error)
  return { api, ask }
}

const status = (code: number, headers = {}) => ({ status: code, headers })

test.each<[string, Fault[]]>([
  ['a refused connection', ['drop', 'drop', 'drop']],
  ['server errors', [status(500), status(503), status(502)]],
  ['being asked too often', [status(429), status(429, { 'retry-after': '0' }), status(429)]],
])('%s three times is got over by asking again', async (_, faults) => {
  const { api, ask } = await backend(faults)
  expect(await ask()).toBe('yes')
  expect(api.seen).toHaveLength(4)
})

test.each<[number, string]>([
  [400, 'validation_error'],
  [401, 'permission_denied'],
  [403, 'permission_denied'],
  [404, 'not_found'],
  [409, 'conflict'],
  [422, 'validation_error'],
  [418, 'validation_error'],
])('HTTP %i is a %s, and is not asked again', async (code, kind) => {
  const { api, ask } = await backend([status(code)])
  expect(await ask()).toMatchObject({ kind, details: { status: code } })
  expect(api.seen).toHaveLength(1)
})

test.each<[Fault, string]>([
  [status(429), 'rate_limited'],
  [status(500), 'upstream_error'],
  [status(504), 'timeout'],
  ['drop', 'upstream_error'],
  ['cut', 'upstream_error'],
  ['garbage', 'upstream_error'],
])('%o to the end is a failure in words', async (fault, kind) => {
  const { api, ask } = await backend(Array(4).fill(fault))
  const failure = await ask()
  expect(failure).toBeInstanceOf(Failure)
  expect(failure).toMatchObject({ kind, message: expect.stringMatching(/^It .*\.$/) })
  expect(api.seen).toHaveLength(4)
})

test('what must not be done twice is asked again only when it was refused for being too much', async () => {
  const { api, ask } = await backend([status(429), 'lose-answer'])
  expect(await ask(false)).toMatchObject({ kind: 'upstream_error' })
  expect(api.seen).toHaveLength(2)
})

test('who asks for a longer while than a call may wait is not asked again', async () => {
  const { api, ask } = await backend([status(429, { 'retry-after': '3600' })])
  expect(await ask()).toMatchObject({ kind: 'rate_limited', details: { retryAfterMs: 3_600_000 } })
  expect(api.seen).toHaveLength(1)
})

test('after five failures in a row nothing is asked; refusals do not count', async () => {
  const faults = [...Array(4).fill(status(500)), status(404), ...Array(5).fill(status(500))]
  const { api, ask } = await backend(faults, { tries: 1 })
  for (let n = 0; n < 10; n++) expect(await ask()).toBeInstanceOf(Failure)
  expect(await ask()).toMatchObject({ message: expect.stringContaining('left alone for a minute') })
  expect(api.seen).toHaveLength(10)
})

test('after a minute one call is let through: an answer opens the way again, a failure closes it for a minute more', async () => {
  const { api, ask } = await backend(Array(6).fill(status(500)), { tries: 1 })
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  try {
    const leftAlone = async (atMs: number) => {
      vi.setSystemTime(atMs)
      const seen = api.seen.length
      expect([atMs, await ask()]).toEqual([
        atMs,
        expect.objectContaining({ message: expect.stringContaining('left alone for a minute') }),
      ])
      expect(api.seen).toHaveLength(seen)
    }
    for (let n = 0; n < 5; n++) await ask()
    await leftAlone(0)
    await leftAlone(59_000)
    vi.setSystemTime(61_000)
    expect(await ask()).toMatchObject({ message: 'It failed (HTTP 500).' })
    expect(api.seen).toHaveLength(6)
    await leftAlone(61_000)
    await leftAlone(120_000)
    vi.setSystemTime(122_000)
    // Of many at once one goes; the others wait for what comes of it.
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['yes', 'yes', 'yes'])
    api.faults.push(...Array(4).fill(status(500)))
    for (let n = 0; n < 4; n++) await ask()
    expect(await ask()).toBe('yes')
    // A clock that is set back by an hour does not make an hour of that minute.
    api.faults.push(...Array(5).fill(status(500)))
    for (let n = 0; n < 5; n++) await ask()
    await leftAlone(122_000)
    vi.setSystemTime(-3_600_000)
    expect(await ask()).toBe('yes')
  } finally {
    vi.useRealTimers()
  }
})

test('whether it is ready counts for nothing: asked once, also when it is left alone, and calls go on', async () => {
  const { api, ask } = await backend(Array(6).fill(status(500)))
  const whyNot = () =>
    new Readiness(
      async () => answered(await ask()),
      () => false,
    ).whyNot()
  for (let n = 1; n <= 6; n++) expect([await whyNot(), api.seen.length]).toEqual(['It failed (HTTP 500).', n])
  expect([await whyNot(), await ask()]).toEqual([null, 'yes'])
  api.faults.push(...Array(5).fill(status(500)))
  await ask()
  expect(await ask()).toMatchObject({ message: expect.stringContaining('left alone') })
  api.faults.push(status(500))
  expect([await whyNot(), await ask()]).toEqual([
    'It failed (HTTP 500).',
    expect.objectContaining({ message: expect.stringContaining('left alone') }),
  ])
  // Found there, it is no longer left alone.
  expect([await whyNot(), await ask()]).toEqual([null, 'yes'])
})

function answered(answer: unknown): void {
  if (answer instanceof Error) throw answer
}

test('a call taken back is not asked again', async () => {
  const { api, ask } = await backend(Array(4).fill(status(500)), { firstDelayMs: 300 })
  const taken = new AbortController()
  const asked = ask(true, taken.signal)
  while (api.seen.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  taken.abort()
  expect(await asked).toBeInstanceOf(Failure)
  expect(api.seen).toHaveLength(1)
})

test('calls taken back do not count as failures of the backend; calls that it leaves unanswered do', async () => {
  const { api, ask } = await backend([])
  const upstream = new Upstream({ name: 'It', read: () => ({}), firstDelayMs: 1, tries: 1 })
  const unanswered = async (end: (abort: AbortController) => void) => {
    api.faults.push('silence')
    const abort = new AbortController()
    const asking = upstream.ask(() => fetch(api.url, { signal: abort.signal }), abort.signal)
    const seen = api.seen.length
    await expect.poll(() => api.seen.length, { timeout: 20_000 }).toBeGreaterThan(seen)
    end(abort)
    await expect(asking).rejects.toBeInstanceOf(Failure)
  }
  for (let n = 0; n < 6; n++) await unanswered(abort => abort.abort())
  expect(await upstream.ask(async () => 'there', new AbortController().signal)).toBe('there')
  for (let n = 0; n < 5; n++) await unanswered(abort => abort.abort(new DOMException('late', 'TimeoutError')))
  await expect(upstream.ask(async () => 'there', new AbortController().signal)).rejects.toThrow('left alone')
  expect(await ask()).toBe('yes')
})

test('Retry-After is read as seconds and as a date', () => {
  expect(retryAfter('3')).toBe(3_000)
  expect(retryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 2_000)).toBe(7_000)
  expect([retryAfter('soon'), retryAfter(null), retryAfter('-4')]).toEqual([undefined, undefined, 0])
})

test('protected names are globs, whatever the case, and say where they come from', () => {
  const read = (text: string | undefined) => protectedNames('main, release/*', 'Branches').parse(text)
  expect([read(undefined), read('none'), read('a,b*')]).toEqual([['main', 'release/*'], [], ['a', 'b*']])
  expect(() => read('a,,b')).toThrow()
  const branches = new Protected('branch', 'PROTECTED_BRANCHES', read(undefined))
  const held = ['main', 'MAIN', 'release/1', 'release/1/2', 'release/.x'].map(name => branches.has(name))
  expect(held).toEqual([true, true, true, true, true])
  expect(['mainly', 'release', 'x/main'].map(name => branches.has(name))).toEqual([false, false, false])
  expect(() => branches.refuse('main')).toThrow(
    expect.objectContaining({ kind: 'permission_denied', suggestion: expect.stringContaining('PROTECTED_BRANCHES') }),
  )
  branches.refuse('feature')
})
