// What ends calls from outside, for real SDK clients of both eras: the read-only switch, and the machine's sleep.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openClient, WHICH } from './test-clients.ts'
import { fixture, type House, openHouse } from './test-house.ts'

const SERVERS = {
  dual: [fixture('gateway/sdk2.mjs')],
  reader: [fixture('gateway/answers-late.mjs'), import.meta.filename],
}
const YES = { kind: 'allow', scope: 'once' } as const

/** How far the clocks were moved on, as after a sleep: some systems stop the steady one meanwhile. */
const slept = { wall: 0, steady: 0 }
const clocks = { wall: () => Date.now() + slept.wall, steady: () => performance.now() + slept.steady }

let house: House
/** Its clients are told to wait after half a second. */
let strict: House

beforeAll(async () => {
  const open = (clientMs: number) =>
    openHouse({ servers: SERVERS, trust: ['reader'], clocks, instead: () => ({ holding: { clientMs } }) })
  ;[house, strict] = await Promise.all([open(120_000), open(500)])
})
afterAll(async () => {
  await Promise.all([house?.close(), strict?.close()])
})
beforeEach(() => switchTo(false))

const switchTo = (on: boolean) => house.policy.change({ kind: 'read-only', on }, 'window', 'window:test')
const callsFor = (of: House, who: string) => of.approvals.list().filter(one => one.arguments.includes(who))
async function waitingFor(of: House, who: string): Promise<string> {
  const find = () => callsFor(of, who).find(one => one.state.kind === 'waiting')
  await expect.poll(() => find()?.id, { timeout: 30_000, interval: 20 }).toBeDefined()
  return find()!.id
}
const runs = (of: House, who: string) =>
  of.gateway
    .wire(5_000)
    .filter(({ from, text }) => from === 'Gatehouse' && text.includes('"tools/call"') && text.includes(who)).length
const refused = (words: RegExp) => ({ isError: true, content: [{ text: expect.stringMatching(words) }] })

describe.each(WHICH)('%s', which => {
  const name = which.replaceAll(/\W/g, '')

  test('read-only: what waits is withdrawn, in words; what comes later is refused, in words; a read goes on', async () => {
    const client = await openClient(house, which)
    const who = `waits-${name}`
    const call = client.call('dual_greet', { name: who })
    const id = await waitingFor(house, who)
    switchTo(true)
    expect(await call).toMatchObject(refused(/read-only.*Nothing was run/))
    expect(callsFor(house, who)[0]?.state.kind).toBe('withdrawn')
    expect(() => house.approvals.answer(id, YES, 'window:test')).toThrow('was withdrawn')
    expect(await client.call('dual_greet', { name: who })).toMatchObject(refused(/read-only now\. Nothing was run/))
    expect(runs(house, who)).toBe(0)
    // An allow rule is no way past it.
    house.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'greet' } }, 'window', 'test')
    const { id: rule } = house.policy.current().rules.at(-1)!
    expect(await client.call('dual_greet', { name: who })).toMatchObject(refused(/read-only now/))
    house.policy.change({ kind: 'remove-rule', id: rule }, 'window', 'test')
    expect((await client.call('reader_look', {})).isError).toBeFalsy()
    await client.close()
  })

  test('read-only: a yes that was given but not used yet is for nothing', async () => {
    const client = await openClient(house, which)
    const who = `session-${name}`
    const first = client.call('dual_greet', { name: who })
    house.approvals.answer(await waitingFor(house, who), { kind: 'allow', scope: 'session' }, 'window:test')
    expect((await first).isError).toBeFalsy()
    switchTo(true)
    switchTo(false)
    const next = client.call('dual_greet', { name: who })
    await waitingFor(house, who)
    switchTo(true)
    expect((await next).isError).toBe(true)
    expect(runs(house, who)).toBe(1)
    await client.close()
  })

  test('read-only: what is with its server already is counted for the person, not called back, and ends as it ends', async () => {
    const client = await openClient(house, which)
    const stop = new AbortController()
    const call = client.call('dual_waits', {}, { signal: stop.signal }).catch(() => 'taken back')
    const find = () => house.approvals.list().find(one => one.tool === 'waits' && one.state.kind === 'waiting')
    await expect.poll(() => find()?.id, { timeout: 30_000 }).toBeDefined()
    house.approvals.answer(find()!.id, YES, 'window:test')
    await expect.poll(() => house.gateway.underWay(), { timeout: 30_000 }).toBe(1)
    switchTo(true)
    expect(house.gateway.underWay()).toBe(1)
    stop.abort('enough')
    expect(await call).toBe('taken back')
    await expect.poll(() => house.gateway.underWay(), { timeout: 30_000 }).toBe(0)
    await client.close()
  })

  test.each(['wall', 'both'] as const)(
    'the machine slept (clocks: %s): what waits is over in words, a late yes and a session too',
    async which2 => {
      const sleep = () => {
        slept.wall += 45_000
        if (which2 === 'both') slept.steady += 45_000
      }
      const waits = await openClient(house, which)
      const who = `slept-${which2}-${name}`
      const call = waits.call('dual_greet', { name: who })
      const id = await waitingFor(house, who)
      sleep()
      expect(await call).toMatchObject(refused(/slept.*Nothing was run/))
      expect(() => house.approvals.answer(id, YES, 'window:test')).toThrow('was withdrawn')
      expect(runs(house, who)).toBe(0)
      await waits.close()

      const late = await openClient(strict, which)
      expect((await late.call('dual_greet', { name: who })).isError).toBe(true)
      strict.approvals.answer(await waitingFor(strict, who), YES, 'window:test')
      sleep()
      expect(await late.call('dual_greet', { name: who })).toMatchObject(refused(/waits for a person/))
      expect(runs(strict, who)).toBe(0)
      strict.approvals.answer(await waitingFor(strict, who), { kind: 'allow', scope: 'session' }, 'window:test')
      expect((await late.call('dual_greet', { name: who })).isError).toBeFalsy()
      expect((await late.call('dual_greet', { name: who })).isError).toBeFalsy()
      sleep()
      expect((await late.call('dual_greet', { name: who })).isError).toBe(true)
      expect(runs(strict, who)).toBe(2)
      await late.close()
    },
  )
})
