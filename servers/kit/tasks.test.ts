import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPostgres, type RunningPostgres, startPostgres } from '../postgres/test-postgres.ts'
import { Failure } from './failure.ts'
import { once } from './once.ts'
import { change, openState, type State } from './state.ts'
import { Tasks } from './tasks.ts'
import { hasRedis, startRedis } from './test-redis.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-state-'))
let postgres: RunningPostgres | undefined
let redis: Awaited<ReturnType<typeof startRedis>> | undefined
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres()
  if (hasRedis) redis = await startRedis()
})
afterAll(async () => {
  await postgres?.stop()
  await redis?.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Where = { STATE_URL?: string; STATE_FILE?: string }
const stores: [name: string, where: () => Where, isThere: boolean][] = [
  ['a file', () => ({ STATE_FILE: join(folder, 'state.db') }), true],
  ['PostgreSQL', () => ({ STATE_URL: postgres!.url }), hasPostgres],
  ['Redis', () => ({ STATE_URL: redis!.url }), hasRedis],
]

/** Another process with the same store, which does this. What it prints comes back. */
async function inAnother(where: Where, work: string): Promise<string> {
  const kit = JSON.stringify(import.meta.dirname)
  const code = `
    const { openState } = await import(${kit} + '/state.ts'); const { once } = await import(${kit} + '/once.ts')
    const { Tasks } = await import(${kit} + '/tasks.ts'); const { appendFileSync } = await import('node:fs')
    const state = openState('test', ${JSON.stringify(where)})
    ${work}
    await state.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', chunk => (said += chunk))
  await event(child, 'close')
  return said
}

describe.each(stores.map(([name, where, isThere]) => ({ name, where, isThere })))('$name', ({ where, isThere }) => {
  const open = (name = 'test') => openState(name, where() as never)
  /** Two of them, as two replicas have. */
  const two = async (work: (a: State, b: State) => Promise<void>) => {
    const [a, b] = [open(), open()]
    await work(a, b).finally(() => Promise.all([a.close(), b.close()]))
  }

  test.skipIf(!isThere)(
    'of many writers at once none overwrites another; what is kept for a time is forgotten',
    async () => {
      await two(async (a, b) => {
        const add = (state: State) => change<number>(state, 'sum', 'x', n => (n ?? 0) + 1)
        await Promise.all([1, 2, 3, 4, 5].flatMap(() => [add(a), add(b)]))
        expect((await a.read('sum', 'x'))?.value).toBe(10)
        expect(await a.put('sum', 'x', 0, { ifVersion: null })).toBe(null)
        expect(await b.remove('sum', 'x', 'another')).toBe(false)
        const other = open('other')
        expect(await other.read('sum', 'x')).toBe(null)
        await other.close()

        await a.put('short', 'x', '\u0000 ü', { ifVersion: null, keepMs: 2_500, leaseMs: 50 })
        expect(await b.read('short', 'x')).toMatchObject({ value: '\u0000 ü' })
        await expect.poll(() => b.read('short', 'x'), { timeout: 20_000 }).toBe(null)
        expect(await b.list('short', { limit: 5 })).toEqual([])
        expect(await b.put('short', 'x', 'again', { ifVersion: null })).toEqual(expect.any(String))
      })
    },
  )

  test.skipIf(!isThere)('what is listed comes newest first, in pages', async () => {
    await two(async (a, b) => {
      for (const id of ['a1', 'a3', 'a2', 'B']) await a.put('some', id, id, { ifVersion: null })
      const ids = async (before?: string) => (await b.list('some', { limit: 2, before })).map(one => one.id)
      expect([await ids(), await ids('a2'), await ids('B')]).toEqual([['a3', 'a2'], ['a1', 'B'], []])
    })
  })

  test.skipIf(!isThere)('a key runs once, also when many ask at once; other input is a conflict', async () => {
    await two(async (a, b) => {
      let runs = 0
      const pay = async () => {
        runs++
        await sleep(150)
        return { charged: runs }
      }
      const asked = await Promise.all([a, b, a, b].map(state => once(state, 'pay', { x: 1, y: [2] }, pay)))
      expect(runs).toBe(1)
      expect(asked.map(one => one.result)).toEqual(Array(4).fill({ charged: 1 }))
      expect(asked.filter(one => !one.repeated)).toHaveLength(1)
      await expect(once(b, 'pay', { y: [2], x: 1 }, pay)).resolves.toMatchObject({ repeated: true })
      await expect(once(b, 'pay', { x: 2 }, pay)).rejects.toMatchObject({ kind: 'conflict' })
      expect(runs).toBe(1)
    })
  })

  test.skipIf(!isThere)('a key whose run was refused is free; one whose run ended unclear is not', async () => {
    await two(async (a, b) => {
      const refuse = () => Promise.reject(new Failure('validation_error', 'No.', ''))
      await expect(once(a, 'k1', 1, refuse)).rejects.toThrow('No.')
      await expect(once(b, 'k1', 2, async () => 'now')).resolves.toMatchObject({ result: 'now' })

      await expect(once(a, 'k2', 1, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
      await expect(once(b, 'k2', 1, async () => 'twice')).rejects.toThrow('nobody knows whether it was done')
      const look = { afterCrash: async () => 'looked' }
      await expect(once(b, 'k2', 1, async () => 'twice', look)).resolves.toMatchObject({ result: 'looked' })
      await expect(once(a, 'k2', 1, async () => 'twice')).resolves.toMatchObject({ result: 'looked', repeated: true })
    })
  })

  test.skipIf(!isThere)('a process that is killed in the middle: its key does not run again', async () => {
    const ran = join(folder, `ran-${Math.random()}`)
    await inAnother(
      where(),
      `await once(state, 'crash', { a: 1 }, async () => {
         appendFileSync(${JSON.stringify(ran)}, 'x'); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})
       }, { leaseMs: 300 })`,
    )
    expect(readFileSync(ran, 'utf8')).toBe('x')
    await two(async a => {
      const again = once(a, 'crash', { a: 1 }, async () => 'twice', { leaseMs: 300 })
      await expect(again).rejects.toMatchObject({ kind: 'conflict' })
      const found = await once(a, 'crash', { a: 1 }, async () => 'twice', { afterCrash: async () => 'found' })
      expect(found).toEqual({ result: 'found', repeated: false })
    })
    // And across a process that ended well.
    expect(await inAnother(where(), `console.log((await once(state, 'crash', { a: 1 }, null)).result)`)).toBe('found\n')
  })

  test.skipIf(!isThere)('a task is seen and cancelled at another replica, and its progress flows', async () => {
    await two(async (a, b) => {
      const [here, there] = [new Tasks(a, { leaseMs: 3_000 }), new Tasks(b, { leaseMs: 3_000 })]
      let release = () => {}
      const gate = new Promise<void>(resolve => (release = resolve))
      here.define<{ to: string }, { done: string }>('build', async ({ to }, task) => {
        task.progress(40, 'Building')
        task.say('line 1')
        await gate
        return { done: to }
      })
      here.define('endless', (_, { signal }) => {
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
      })
      const { taskId, state } = await here.start('build', { to: 'x' })
      expect(state).toBe('working')
      await expect
        .poll(() => there.status(taskId), { timeout: 20_000 })
        .toMatchObject({ progress: 40, lines: ['line 1'] })
      const told: unknown[] = []
      const waiting = there.wait(taskId, {
        forMs: 60_000,
        signal: AbortSignal.timeout(60_000),
        progress: (...news) => told.push(news),
      })
      await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1)
      release()
      expect(await waiting).toMatchObject({
        state: 'completed',
        progress: 100,
        result: { done: 'x' },
        input: { to: 'x' },
      })
      expect(told).toEqual(
        expect.arrayContaining([
          [40, 100, 'Building'],
          [100, 100, 'Done'],
        ]),
      )
      await expect(there.cancel(taskId)).rejects.toMatchObject({ kind: 'conflict' })

      const second = await here.start('endless', {})
      expect(await there.cancel(second.taskId)).toMatchObject({ state: 'working', cancelling: true })
      await expect
        .poll(() => there.status(second.taskId), { timeout: 20_000 })
        .toMatchObject({ state: 'cancelled', cancelling: false })
      expect((await there.list({ limit: 10 })).map(task => task.taskId).slice(0, 2)).toEqual([second.taskId, taskId])
      await expect(there.status('task-none')).rejects.toMatchObject({ kind: 'not_found' })
    })
  })

  test.skipIf(!isThere)('a task that waits begins once, wherever; one of a process that died has failed', async () => {
    await two(async (a, b) => {
      const both = [new Tasks(a, { leaseMs: 900 }), new Tasks(b, { leaseMs: 900 })]
      let runs = 0
      for (const tasks of both) tasks.define('deploy', async () => ++runs)
      const { taskId } = await both[0]!.start('deploy', {}, { waits: 'Waits for approval' })
      expect(await both[1]!.status(taskId)).toMatchObject({ state: 'waiting', message: 'Waits for approval' })
      const went = await Promise.allSettled([...both, ...both].map(tasks => tasks.go(taskId)))
      expect(went.filter(one => one.status === 'fulfilled')).toHaveLength(1)
      await expect
        .poll(() => both[0]!.status(taskId), { timeout: 20_000 })
        .toMatchObject({ state: 'completed', result: 1 })
      const never = await both[0]!.start('deploy', {}, { waits: 'Waits' })
      expect(await both[1]!.cancel(never.taskId)).toMatchObject({ state: 'cancelled' })
      await expect(both[0]!.go(never.taskId)).rejects.toMatchObject({ kind: 'conflict' })
    })
    const died = await inAnother(
      where(),
      `const tasks = new Tasks(state, { leaseMs: 3_000 })
       tasks.define('deploy', (_, task) => { task.progress(30, 'Copying'); return new Promise(() => {}) })
       const { taskId } = await tasks.start('deploy', {})
       console.log(taskId)
       while ((await tasks.status(taskId)).progress !== 30) await new Promise(resolve => setTimeout(resolve, 50))
       process.kill(process.pid, 'SIGKILL')`,
    )
    await two(async a => {
      const tasks = new Tasks(a)
      await expect
        .poll(() => tasks.status(died.trim()), { timeout: 20_000 })
        .toMatchObject({ state: 'failed', progress: 30, error: { message: 'The process that ran it ended.' } })
    })
  })

  test.skipIf(!isThere)('a task whose replica slept past its lease stops when it wakes, and stays failed', async () => {
    await two(async (a, b) => {
      let stopped = false
      let wake = () => {}
      let asleep: Promise<void> | undefined
      const dozing: State = { ...a, put: (...what) => Promise.resolve(asleep).then(() => a.put(...what)) }
      const mine = new Tasks(dozing, { leaseMs: 400 })
      mine.define('slow', (_, { signal }) => {
        asleep = new Promise(resolve => (wake = resolve))
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            stopped = true
            reject(new Error('stopped'))
          }),
        )
      })
      const { taskId } = await mine.start('slow', {})
      const other = new Tasks(b)
      await expect.poll(() => other.status(taskId), { timeout: 20_000 }).toMatchObject({ state: 'failed' })
      wake()
      await expect.poll(() => stopped, { timeout: 20_000 }).toBe(true)
      expect(await mine.status(taskId)).toMatchObject({ state: 'failed' })
      await mine.close()
    })
  })

  test.skipIf(!isThere)('a server that ends says so of what it ran', async () => {
    await two(async (a, b) => {
      const mine = new Tasks(a)
      mine.define('slow', (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)))
      const { taskId } = await mine.start('slow', {})
      await mine.close()
      expect(await new Tasks(b).status(taskId)).toMatchObject({ state: 'failed', message: 'The server was stopped.' })
    })
  })
})

test('a store that is away is a failure in words, and nothing was begun', async () => {
  for (const STATE_URL of ['postgres://x:pass-word@127.0.0.1:1/x', 'redis://:pass-word@127.0.0.1:1']) {
    const state = openState('test', { STATE_URL, STATE_FILE: undefined })
    let ran = false
    const asked = once(state, 'k', 1, async () => {
      ran = true
    })
    await expect(asked).rejects.toMatchObject({ kind: 'upstream_error' })
    expect(ran).toBe(false)
    await state.close().catch(() => {})
  }
})

test('a state that is not used makes no file', async () => {
  const file = join(folder, 'none', 'state.db')
  await openState('test', { STATE_URL: undefined, STATE_FILE: file }).close()
  expect(existsSync(file)).toBe(false)
})
