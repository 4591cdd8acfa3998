// Who does not read fills nobody's memory and holds nobody up: a client that leaves its answers lying, a server that leaves its calls.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { fixture } from './e2e/stories.ts'
import { until } from './harness.ts'
import { type Message, startBridge } from './raw-peer.ts'
import { memoryOf, startUnattended, type Unattended } from './unattended.ts'

const MB = 1024 * 1024
/** V8 gives memory back late: what is asked is that it does not grow with what was sent, which is far more than this. */
const MOST_MB = 650
/** What may wait for a server in the hub, and on its way there in pipes and the bridge. */
const MOST_ON_THE_WAY_MB = 128 + 32
/** What the hub lets wait for one client, and what pipes and the bridge take besides. */
const MOST_WAITING_MB = 256 + 40
const LIMIT_MS = 60_000

let place: Unattended | undefined
afterEach(() => place?.close())

test('a client that reads nothing of 900 MB it asked for: so much waits for it and no more, others are served by the same server, all is answered', async () => {
  place = await startUnattended({ normal: [fixture('normal.mjs')] })
  const [slow, quick] = [startBridge(place.home), startBridge(place.home)]
  const isWhole = (one: Message) => (one.result as { text?: string } | undefined)?.text?.length === 10 * MB
  try {
    await Promise.all([slow.peer.initialize(), quick.peer.initialize()])
    await quick.peer.call('normal_echo')
    slow.process.stdout!.pause()
    const answers: Promise<Message>[] = []
    for (let n = 0; n < 6; n++) {
      answers.push(...Array.from({ length: 15 }, () => slow.peer.call('normal_act', { do: 'big', bytes: 10 * MB })))
      const said = await Promise.race([quick.peer.call('normal_echo', { n }), sleep(LIMIT_MS, 'held up')])
      expect(JSON.stringify(said)).toContain(`\\"n\\":${n}`)
    }
    slow.process.stdout!.resume()
    const all = await Promise.all(answers)
    const whole = all.filter(isWhole).length
    console.log(`a client that reads nothing: ${whole} of ${all.length} arrived whole`)
    // What did not fit was said to be dropped, never cut or lost.
    for (const one of all) if (!isWhole(one)) expect(one.error?.message).toContain('dropped')
    expect(whole * 10).toBeLessThan(MOST_WAITING_MB)
    // Who reads gets everything.
    const read = await Promise.all(
      Array.from({ length: 28 }, () => quick.peer.call('normal_act', { do: 'big', bytes: 10 * MB })),
    )
    expect(read.filter(isWhole)).toHaveLength(28)
  } finally {
    slow.process.kill('SIGKILL')
    quick.process.kill('SIGKILL')
  }
}, 240_000)

test('a client that reads nothing of 32 MB its server says to it meanwhile: the others of that server are answered, it gets its answer, and the log says what was dropped', async () => {
  place = await startUnattended({ normal: [fixture('normal.mjs')] })
  const [slow, quick] = [startBridge(place.home), startBridge(place.home)]
  try {
    await Promise.all([slow.peer.initialize(), quick.peer.initialize()])
    await quick.peer.call('normal_echo')
    slow.process.stdout!.pause()
    const params = `{"progressToken":$ID,"progress":1,"message":"${'x'.repeat(MB / 4)}"}`
    const progress = `{"jsonrpc":"2.0","method":"notifications/progress","params":${params}}\n`
    const text = `${progress.repeat(128)}{"jsonrpc":"2.0","id":$ID,"result":{"content":[]}}`
    const flood = { name: 'normal_act', arguments: { do: 'raw', text }, _meta: { progressToken: 'mine' } }
    const answer = slow.peer.ask('tools/call', flood)
    const dropped = async () =>
      (await place!.window.call.audit.list({ kinds: ['refused'] })).map(row => row.event?.what)
    await until('it is behind', async () => (await dropped()).includes('refused/notification'), LIMIT_MS)
    for (let n = 0; n < 3; n++) {
      const said = await Promise.race([quick.peer.call('normal_echo', { n }), sleep(LIMIT_MS, 'held up')])
      expect(JSON.stringify(said)).toContain(`\\"n\\":${n}`)
    }
    slow.process.stdout!.resume()
    expect((await answer).result).toEqual({ content: [] })
    expect(JSON.stringify(await slow.peer.call('normal_echo', { n: 'after' }))).toContain('after')
  } finally {
    slow.process.kill('SIGKILL')
    quick.process.kill('SIGKILL')
  }
}, 240_000)

test('a server that reads nothing of 900 MB it is sent: bounded memory, other servers of the same client undisturbed, every call answered', async () => {
  place = await startUnattended({ normal: [fixture('normal.mjs')] })
  const { hub, window, marked } = place
  const launch = {
    command: process.execPath,
    args: [join(import.meta.dirname, 'fixtures/misbehaves.mjs'), 'never reads'],
    env: Object.fromEntries([marked.split('=')]),
    headers: {},
  }
  await window.call.servers.add({ name: 'deaf', launch })
  await until('it is listed', async () => (await window.call.servers.get({ id: 'deaf' })).tools === 1, LIMIT_MS)
  const [big, other] = [startBridge(place.home), startBridge(place.home)]
  try {
    await Promise.all([big.peer.initialize(), other.peer.initialize()])
    await other.peer.call('normal_echo')
    const before = memoryOf(hub.pid)
    let most = 0
    const text = 'x'.repeat(MB)
    const answers: Promise<Message>[] = []
    for (let n = 0; n < 30; n++) {
      answers.push(...Array.from({ length: 30 }, () => big.peer.call('deaf_act', { text })))
      await until('what does not fit is refused', () => big.peer.open.length < MOST_ON_THE_WAY_MB, LIMIT_MS)
      const said = await Promise.race([other.peer.call('normal_echo', { n }), sleep(LIMIT_MS, 'held up')])
      expect(JSON.stringify(said)).toContain(`\\"n\\":${n}`)
      most = Math.max(most, memoryOf(hub.pid) - before)
    }
    console.log(`a server that reads nothing: the hub held ${Math.round(most)} MB more at most`)
    expect(most).toBeLessThan(MOST_MB)
    expect(big.peer.open.length).toBeGreaterThan(50)
    const ended = window.call.servers.stop({ id: 'deaf' })
    const settled = await Promise.all(answers)
    for (const one of settled) expect(one.error ?? one.result?.isError).toBeTruthy()
    await ended
    expect(JSON.stringify(await big.peer.call('normal_echo', { n: 'after' }))).toContain('after')
  } finally {
    big.process.kill('SIGKILL')
    other.process.kill('SIGKILL')
  }
}, 240_000)

test('1,500 calls of 256 KB each written at once: every one is answered, once, with its own text or with why not', async () => {
  place = await startUnattended({ normal: [fixture('normal.mjs')] })
  const { peer, process: bridge } = startBridge(place.home)
  try {
    await peer.initialize()
    await peer.call('normal_echo')
    const before = memoryOf(place.hub.pid)
    const padding = 'x'.repeat(MB / 4)
    let answered = 0
    let most = 0
    const answers = Array.from({ length: 1_500 }, async (_, n) => {
      const one = await peer.call('normal_echo', { n, padding })
      answered++
      if (answered % 50 === 0) most = Math.max(most, memoryOf(place!.hub.pid) - before)
      const text = one.result?.content?.[0]?.text
      if (text?.includes(`"n":${n},`) && text.length > padding.length) return 'its own text'
      return one.error?.message ?? `not an answer: ${JSON.stringify(one).slice(0, 200)}`
    })
    const said = Object.groupBy(await Promise.all(answers), how => how)
    console.log(
      '1,500 at once:',
      Object.entries(said).map(([how, all]) => `${all!.length} × ${how}`),
      `hub +${Math.round(most)} MB`,
    )
    const refusals = [
      'normal does not read what it is sent.',
      'More than 1000 requests wait already.',
      'Requests of more than 128 MB wait already.',
    ]
    expect(['its own text', ...refusals]).toEqual(expect.arrayContaining(Object.keys(said)))
    expect(said['its own text']!.length).toBeGreaterThan(50)
    expect([peer.open, peer.unasked, peer.junk]).toEqual([[], [], []])
    // Six times what is asked: V8 lets what is done with lie about while there is room.
    expect(most).toBeLessThan(6 * 375)
    expect(JSON.stringify(await peer.call('normal_echo', { n: 'after' }))).toContain('after')

    const hangs = [60, 60].map(mb => peer.call('normal_act', { do: 'hang', padding: 'x'.repeat(mb * MB) }))
    const third = await peer.call('normal_act', { do: 'hang', padding: 'x'.repeat(20 * MB) })
    expect(third.error?.message).toBe('Requests of more than 128 MB wait already.')
    await place.window.call.servers.stop({ id: 'normal' })
    for (const one of await Promise.all(hangs)) expect(one.error ?? one.result?.isError).toBeTruthy()
  } finally {
    bridge.kill('SIGKILL')
  }
}, 300_000)
