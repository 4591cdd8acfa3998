// A call that waits for a person, held against the clocks of real SDK clients: their own timeouts, what progress does to
// them, the gateway's own deadline, and the yes that comes late.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openClient as open, WHICH } from './test-clients.ts'
import { EVERYTHING, fixture, type House, openHouse } from './test-house.ts'

/** Seconds stand for the minute that SDK clients wait: their own option, and the gateway's, are set short in proportion. */
const SDK_MS = 2_000
const HEARTBEAT_MS = 300
const SERVERS = { dual: [fixture('gateway/sdk2.mjs')], only: [fixture('gateway/sdk2.mjs'), 'modern'] }

/** Its deadline is far behind the clients' own, as where a client waits for less than ours. */
let patient: House
/** Its deadline comes first, as with the SDKs' defaults. */
let strict: House

beforeAll(async () => {
  const open = (clientMs: number) =>
    openHouse({ servers: SERVERS, instead: () => ({ holding: { clientMs, heartbeatMs: HEARTBEAT_MS } }) })
  ;[patient, strict] = await Promise.all([open(120_000), open(500)])
})
afterAll(async () => {
  await Promise.all([patient?.close(), strict?.close()])
})

/** Of this person, which the arguments name: each test has its own. */
const callsFor = (house: House, who: string) => house.approvals.list().filter(one => one.arguments.includes(who))
async function waitingFor(house: House, who: string): Promise<string> {
  const find = () => callsFor(house, who).find(one => one.state.kind === 'waiting')
  await expect.poll(() => find()?.id, { timeout: 30_000, interval: 20 }).toBeDefined()
  return find()!.id
}
const yes = (house: House, id: string, scope: 'once' | 'session' = 'once') =>
  house.approvals.answer(id, { kind: 'allow', scope }, 'window:test')
/** How often a server was sent a call that names this person. */
const runs = (house: House, who: string) =>
  house.gateway
    .wire(5_000)
    .filter(({ from, text }) => from === 'Gatehouse' && text.includes('"tools/call"') && text.includes(who)).length
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe.each(WHICH)('%s', which => {
  const names = ['silent', 'kept', 'deaf', 'late', 'other', 'taken', 'session', 'gone'] as const
  const who = Object.fromEntries(names.map(name => [name, `${name}-${which.replaceAll(/\W/g, '')}`])) as Record<
    (typeof names)[number],
    string
  >

  test('its time is over before anybody answered: it takes the call back, the question is withdrawn, nothing runs', async () => {
    const client = await open(patient, which)
    const call = client.call('dual_greet', { name: who.silent }, { timeout: SDK_MS })
    const ended = expect(call).rejects.toThrow(/timed out/i)
    await ended
    await expect
      .poll(() => callsFor(patient, who.silent)[0]?.state, { timeout: 20_000 })
      .toMatchObject({ kind: 'withdrawn' })
    expect(() => yes(patient, callsFor(patient, who.silent)[0]!.id)).toThrow('was withdrawn')
    expect(runs(patient, who.silent)).toBe(0)
    await client.close()
  })

  test('it asked for progress and counts anew with each: it still waits when the yes comes, long after its time', async () => {
    const client = await open(patient, which)
    const heard: { progress: number; message?: string | undefined }[] = []
    const call = client.call(
      'dual_greet',
      { name: who.kept },
      { timeout: SDK_MS, resetTimeoutOnProgress: true, onprogress: progress => heard.push(progress) },
    )
    const id = await waitingFor(patient, who.kept)
    await pause(2 * SDK_MS)
    yes(patient, id)
    expect((await call).content[0]?.text).toBe(`Hello ${who.kept}`)
    expect(heard.length).toBeGreaterThan(3)
    expect(heard.every(one => one.message === 'Waiting for approval in Gatehouse')).toBe(true)
    expect(heard.map(one => one.progress)).toEqual([...heard.map(one => one.progress)].sort((a, b) => a - b))
    expect(runs(patient, who.kept)).toBe(1)
    await client.close()
  })

  test('it asked for progress and does not count anew: it hears us, gives up all the same, nothing runs', async () => {
    const client = await open(patient, which)
    let heard = 0
    const call = client.call('dual_greet', { name: who.deaf }, { timeout: SDK_MS, onprogress: () => heard++ })
    await expect(call).rejects.toThrow(/timed out/i)
    expect(heard).toBeGreaterThan(0)
    await expect
      .poll(() => callsFor(patient, who.deaf)[0]?.state, { timeout: 20_000 })
      .toMatchObject({ kind: 'withdrawn' })
    expect(runs(patient, who.deaf)).toBe(0)
    await client.close()
  })

  test('our deadline first: it is told to repeat; the late yes runs exactly that call, once', async () => {
    const client = await open(strict, which)
    const ask = (name = who.late) => client.call('dual_greet', { name }, { timeout: 30_000 })
    const told = await ask()
    expect(told).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/waits for a person.*Repeat exactly the same call/) }],
    })
    const id = await waitingFor(strict, who.late)
    yes(strict, id)
    expect(runs(strict, who.late)).toBe(0)

    const another = await open(strict, which, 'another client')
    expect((await another.call('dual_greet', { name: who.late }, { timeout: 30_000 })).isError).toBe(true)
    expect((await ask(`${who.late}!`)).isError).toBe(true)
    expect(runs(strict, who.late)).toBe(0)
    const asked = callsFor(strict, who.late).length

    expect((await ask()).content[0]?.text).toBe(`Hello ${who.late}`)
    expect(callsFor(strict, who.late)).toHaveLength(asked)
    expect(runs(strict, who.late)).toBe(1)

    expect((await ask()).isError).toBe(true)
    expect(callsFor(strict, who.late)).toHaveLength(asked + 1)
    expect(runs(strict, who.late)).toBe(1)
    await another.close()
    await client.close()
  })

  test('it takes back the repeat: nobody wants it any more, and the question is withdrawn', async () => {
    const client = await open(strict, which)
    expect((await client.call('dual_greet', { name: who.other })).isError).toBe(true)
    const before = callsFor(strict, who.other)[0]!.clientUntil
    const again = new AbortController()
    const repeat = client.call('dual_greet', { name: who.other }, { signal: again.signal }).catch(() => 'aborted')
    await expect.poll(() => callsFor(strict, who.other)[0]!.clientUntil).toBeGreaterThan(before)
    again.abort('enough')
    expect(await repeat).toBe('aborted')
    await expect.poll(() => callsFor(strict, who.other)[0]?.state.kind, { timeout: 20_000 }).toBe('withdrawn')
    expect(runs(strict, who.other)).toBe(0)
    await client.close()
  })

  test('"this session" covers its link and no later one', async () => {
    const client = await open(patient, which)
    const first = client.call('dual_greet', { name: who.session })
    yes(patient, await waitingFor(patient, who.session), 'session')
    expect((await first).isError).toBeFalsy()
    expect((await client.call('dual_greet', { name: who.session })).isError).toBeFalsy()
    expect(callsFor(patient, who.session)).toHaveLength(1)
    await client.close()
    const next = await open(patient, which)
    const asked = next.call('dual_greet', { name: who.session }).catch(() => 'closed')
    await waitingFor(patient, who.session)
    await next.close()
    expect(await asked).toBe('closed')
    expect(runs(patient, who.session)).toBe(2)
  })

  test('it goes away while its call waits: so does the question', async () => {
    const client = await open(patient, which)
    const call = client.call('dual_greet', { name: who.gone }).catch(() => 'closed')
    await waitingFor(patient, who.gone)
    await client.close()
    expect(await call).toBe('closed')
    expect(callsFor(patient, who.gone)[0]?.state.kind).toBe('withdrawn')
    expect(runs(patient, who.gone)).toBe(0)
  })
})

describe('a call of a modern client in rounds', () => {
  test.each(['only_ask', 'dual_ask'])('%s: one yes for all its rounds', async tool => {
    const client = await open(patient, 'sdk 2, modern', `rounds-${tool}`)
    const args = { round: `free-${tool}` }
    const call = client.call(tool, args)
    yes(patient, await waitingFor(patient, args.round))
    expect(JSON.stringify(await call)).toContain('Ada')
    expect(callsFor(patient, args.round)).toHaveLength(1)
    await client.close()
  })

  test.each(['only_ask', 'dual_ask', 'old_trigger-elicitation-request'])(
    '%s: a deny written between the rounds ends it',
    async tool => {
      const args = { round: `denied-${tool}` }
      const own = tool.slice(tool.indexOf('_') + 1)
      const house = tool.startsWith('old_') ? await oldHouse() : patient
      const client = await open(house, 'sdk 2, modern', `denied-${tool}`, () =>
        house.policy.change(
          { kind: 'add-rule', rule: { effect: 'deny', tool: own, client: `denied-${tool}` } },
          'window',
          'test',
        ),
      )
      const call = client.call(tool, args)
      const id = await waitingFor(house, args.round)
      yes(house, id)
      expect(await call).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('A rule') }] })
      const rows = (await house.rows()).filter(row => row.event?.client === `denied-${tool}`)
      expect(rows.map(row => row.event?.what)).toContain('call/denied')
      expect(JSON.stringify(await call)).not.toContain('Ada')
      await client.close()
      if (house !== patient) await house.close()
    },
  )
})

async function oldHouse(): Promise<House> {
  return openHouse({
    servers: { old: [EVERYTHING, 'stdio'] },
    rules: [{ id: '', effect: 'ask' }],
    instead: () => ({ holding: { clientMs: 120_000 } }),
  })
}
