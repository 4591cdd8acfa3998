import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Connection, ConnectionEvents, Ending } from './connection.ts'
import { Logs } from './logs.ts'
import type { Standing } from './needs.ts'
import { isAlive } from './next-state.ts'
import { type ActorParts, ServerActor } from './server-actor.ts'
import { definitionOf, until } from './test-stage.ts'
import { TIMING } from './timing.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-actor-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const RESULTS: Record<string, object> = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } },
  'tools/list': { tools: [{ name: 'act', inputSchema: { type: 'object' } }] },
  ping: {},
}

interface Luck {
  /** 0 … n-1. */
  below(n: number): number
  one<T>(of: readonly T[]): T
}

function luckOf(numbers: Iterator<number>): Luck {
  const below = (n: number) => numbers.next().value! % n
  return { below, one: of => of[below(of.length)]! }
}

/** Children that answer, dawdle, die or cannot be spawned, as chance has it, and are counted. */
function nursery(luck: Luck) {
  const living = new Set<Child>()
  let most = 0
  let born = 0
  class Child implements Connection {
    readonly pid = ++born
    readonly #events: ConnectionEvents
    #end!: (ending: Ending) => void
    readonly ended = new Promise<Ending>(resolve => {
      this.#end = resolve
    })

    constructor(events: ConnectionEvents) {
      this.#events = events
      living.add(this)
      most = Math.max(most, living.size)
    }

    queuedBytes = () => 0

    send(frame: string): void {
      const { id, method } = JSON.parse(frame) as { id?: number; method?: string }
      if (id === undefined || method === undefined || luck.below(12) === 0) return
      const result = RESULTS[method]
      const answer = result ? { result } : { error: { code: -32601, message: 'no' } }
      setTimeout(() => {
        if (living.has(this)) void this.#events.onFrame(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
      }, luck.below(4))
    }

    /** It dies, and leaves something behind that its owner has to clear away. */
    die(): void {
      this.#end({ exitCode: 1, signal: null, error: null })
    }

    async close(): Promise<void> {
      await sleep(luck.below(8))
      living.delete(this)
      this.die()
    }
  }
  return {
    living,
    most: () => most,
    born: () => born,
    spawn: async (events: ConnectionEvents, signal: AbortSignal) => {
      await sleep(luck.below(4))
      if (signal.aborted) throw new Error('aborted')
      if (luck.below(10) === 0) throw new Error('cannot be spawned')
      // From here on it is on its way, whether anybody still wants it or not.
      await sleep(luck.below(6))
      return new Child(events)
    },
  }
}

/** An actor with children of chance, and what it may do. */
function actorOf(change: Partial<ActorParts>): ServerActor {
  return new ServerActor(definitionOf('normal'), {
    timing: { ...TIMING, graceMs: 20, patienceMs: 30, ceilingMs: 60, delayMs: 2, worthWaitingMs: 50, relistMs: 5 },
    hello: { capabilities: {} },
    scope: 'x',
    logs: new Logs(join(folder, 'logs'), 'actor.log', text => text),
    redact: text => text,
    standing: () => ({ may: 'start' }),
    idleMs: () => 15,
    connect: () => Promise.reject(new Error('no')),
    record: () => {},
    storedListing: () => null,
    storeListing: () => {},
    onChanged: () => {},
    onListingChanged: () => {},
    ...change,
  })
}

async function live(luck: Luck): Promise<void> {
  const children = nursery(luck)
  let standing: Standing = { may: 'start' }
  const actor = actorOf({
    standing: () => standing,
    connect: (_, events, signal) => children.spawn(events, signal),
  })
  const wait = { for: 'agreement', what: 'x' } as const
  const standings: Standing[] = [
    { may: 'start' },
    { may: 'start' },
    { may: 'wait', ...wait },
    { may: 'no', what: 'off' },
  ]
  const acts: (() => void)[] = [
    () => actor.send({ kind: 'start' }),
    () => actor.send({ kind: 'stop' }),
    () => actor.send({ kind: 'restart' }),
    () => actor.send({ kind: 'rest' }),
    () => actor.send({ kind: 'hold', ...wait }),
    () => void actor.awake(AbortSignal.timeout(40)).catch(() => {}),
    () => void actor.awake().catch(() => {}),
    () => luck.one([...children.living, undefined])?.die(),
    () => {
      standing = luck.one(standings)
    },
  ]
  for (let n = 0; n < 60; n++) {
    luck.one(acts)()
    await sleep(luck.below(10))
    expect(children.most()).toBeLessThanOrEqual(1)
    expect(actor.session === undefined || isAlive(actor.state)).toBe(true)
  }
  await actor.end()
  const born = children.born()
  expect([actor.state.kind, children.living.size, children.most() <= 1]).toEqual(['stopped', 0, true])
  await sleep(50)
  expect([actor.state.kind, children.born()]).toEqual(['stopped', born])
  await actor.logs.close()
}

test('whatever happens to a server in whatever order, it never has two processes, and stopped it has none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(10_000)), numbers => live(luckOf(numbers))),
    { numRuns: 12, endOnFailure: true },
  )
})

test('a crash loop ends the trying: no timer of it goes on, until somebody starts it', async () => {
  let spawns = 0
  const actor = actorOf({
    connect: () => {
      spawns++
      return Promise.reject(new Error('no'))
    },
  })
  actor.send({ kind: 'start' })
  await until(
    () => actor.state.kind,
    kind => kind === 'crash-looping',
    30_000,
  )
  expect(spawns).toBe(5)
  await sleep(100)
  actor.send({ kind: 'wake' })
  actor.send({ kind: 'retry' })
  expect([actor.state.kind, spawns]).toEqual(['crash-looping', 5])
  actor.send({ kind: 'start' })
  await until(
    () => spawns,
    count => count === 10,
    30_000,
  )
  await actor.end()
  await actor.logs.close()
})
