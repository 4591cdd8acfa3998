import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Narrowing, PolicyChange } from '../../contract/policy.ts'
import { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { Approvals } from './approvals.ts'
import type { Outcome, Question } from './question.ts'

const MINUTE = 60_000
const at = { wall: 1_800_000_000_000, steady: 5000 }
let open: Approvals[] = []

beforeEach(() => {
  vi.useFakeTimers()
  at.wall = 1_800_000_000_000
  at.steady = 5000
})
afterEach(() => {
  for (const one of open) one.close()
  open = []
  vi.useRealTimers()
})

function approvals(
  options: { lifeMs?: number; policy?: Partial<ConstructorParameters<typeof Approvals>[0]['policy']> } = {},
) {
  const announcer = new Announcer()
  const changes: PolicyChange[] = []
  const state = { readOnly: false, preset: 'careful' }
  const policy = { change: (change: PolicyChange) => changes.push(change), current: () => state, ...options.policy }
  const redact = (text: string) => text.replaceAll('hunter2', '[secret]')
  const clocks = { wall: () => at.wall, steady: () => at.steady }
  const lifeMs = options.lifeMs
  const made = new Approvals({ announcer, policy, redact, clocks, ...(lifeMs ? { lifeMs } : {}) })
  open.push(made)
  return { made, announcer, changes, state }
}

/** Both clocks and the timers go on together, second by second, as on a machine that is awake. */
async function pass(ms: number) {
  for (let left = ms; left > 0; left -= 500) {
    at.wall += Math.min(500, left)
    at.steady += Math.min(500, left)
    await vi.advanceTimersByTimeAsync(Math.min(500, left))
  }
}

const question = (change: Partial<Question> = {}): Question => ({
  client: { id: 'claude-code', title: 'Claude Code', says: 'claude-code 2.0' },
  link: 'link-1',
  server: { id: 'srv_kubernetes00', name: 'kubernetes' },
  tool: 'delete_pod',
  risk: 'destroys',
  reasons: ['Its name says delete.'],
  rule: null,
  argumentsText: '{"name":"checkout","namespace":"prod","n":9007199254740993}',
  description: 'Delete one pod.',
  definitionHash: 'h1',
  clientDeadlineMs: 50_000,
  ...change,
})

/** What came of it so far; `waits` while nothing did. */
async function now(outcome: Promise<Outcome>): Promise<Outcome | 'waits'> {
  return Promise.race([outcome, Promise.resolve('waits' as const)])
}
const first = (made: Approvals) => made.list()[0]!
const allow = (scope: 'once' | 'minutes' | 'session' | 'arguments' | 'tool' = 'once') =>
  ({ kind: 'allow', scope }) as const

test('a call waits until it is allowed, once: its repeat asks anew', async () => {
  const { made } = approvals()
  const outcome = made.ask(question())
  expect(await now(outcome)).toBe('waits')
  const { id } = first(made)
  expect(made.answer(id, allow(), 'window:w1')).toMatchObject({
    state: { kind: 'answered', allowed: true, scope: 'once', by: 'window:w1' },
  })
  expect(await outcome).toEqual({ kind: 'allowed', by: 'window:w1', scope: 'once' })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('what a person sees: arguments as they are, secrets gone, what offers itself', async () => {
  const { made } = approvals()
  void made.ask(question({ argumentsText: '{"n":9007199254740993,"e":1.50,"password":"hunter2"}' }))
  expect(first(made)).toMatchObject({
    arguments: '{\n  "n": 9007199254740993,\n  "e": 1.50,\n  "password": "[secret]"\n}',
    compared: [
      { name: 'n', now: '9007199254740993', before: null, changed: false },
      { name: 'e', now: '1.50', before: null, changed: false },
      { name: 'password', now: '"[secret]"', before: null, changed: false },
    ],
    lastAllowedAt: null,
    scopes: ['once', 'minutes', 'session'],
    askedAt: at.wall,
    clientUntil: at.wall + 50_000,
    until: at.wall + 10 * MINUTE,
    state: { kind: 'waiting' },
  })
})

test('the last allowed call stands beside the next', async () => {
  const { made } = approvals()
  void made.ask(question({ argumentsText: '{"name":"search","namespace":"staging","confirm":true}' }))
  made.answer(first(made).id, allow(), 'w')
  const allowedAt = at.wall
  await pass(MINUTE)
  void made.ask(question({ argumentsText: '{"name":"checkout","confirm":true,"force":true}' }))
  expect(first(made).lastAllowedAt).toBe(allowedAt)
  expect(first(made).compared).toEqual([
    { name: 'name', now: '"checkout"', before: '"search"', changed: true },
    { name: 'confirm', now: 'true', before: 'true', changed: false },
    { name: 'force', now: 'true', before: null, changed: true },
    { name: 'namespace', now: '', before: '"staging"', changed: true },
  ])
})

test('a denial carries its word', async () => {
  const { made } = approvals()
  const outcome = made.ask(question())
  made.answer(first(made).id, { kind: 'deny', word: ' keep it until Friday ' }, 'w')
  expect(await outcome).toEqual({ kind: 'denied', by: 'w', word: 'keep it until Friday' })
})

test('nothing is answered twice', async () => {
  const { made } = approvals()
  void made.ask(question())
  const { id } = first(made)
  made.answer(id, { kind: 'deny' }, 'w')
  for (const answer of [allow(), allow('session'), { kind: 'deny' } as const])
    expect(() => made.answer(id, answer, 'w')).toThrow('was answered already')
  expect(await now(made.ask(question()))).toBe('waits')
  expect(() => made.answer('made-up', allow(), 'w')).toThrow(HubError)
})

test('the client stops waiting, the question stays; a late yes covers one identical repeat and no other', async () => {
  const { made } = approvals()
  const outcome = made.ask(question())
  await pass(50_000)
  expect(await now(outcome)).toEqual({ kind: 'pending' })
  expect(first(made).state).toEqual({ kind: 'waiting' })
  made.answer(first(made).id, allow(), 'w')
  expect(await now(made.ask(question({ argumentsText: '{"name":"other"}' })))).toBe('waits')
  expect(await now(made.ask(question({ definitionHash: 'h2' })))).toBe('waits')
  expect(await now(made.ask(question({ client: { ...question().client, id: 'cursor' } })))).toBe('waits')
  const sameOtherwiseWritten = '{ "namespace":"prod", "n":9007199254740993, "name":"checkout" }'
  expect(await now(made.ask(question({ argumentsText: sameOtherwiseWritten, link: 'link-2' })))).toEqual({
    kind: 'allowed',
    by: 'w',
    scope: 'once',
  })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('a late yes is good for 10 minutes', async () => {
  const { made } = approvals()
  void made.ask(question())
  await pass(50_000)
  made.answer(first(made).id, allow(), 'w')
  await pass(10 * MINUTE)
  expect(await now(made.ask(question()))).toBe('waits')
})

test('a repeat joins the question that stayed, and gets its answer', async () => {
  const { made, announcer } = approvals()
  const asked: string[] = []
  announcer.on('approvals/asked', id => asked.push(id))
  void made.ask(question())
  await pass(50_000)
  const repeat = made.ask(question())
  expect(made.list().length).toBe(1)
  expect(asked.length).toBe(1)
  expect(first(made).clientUntil).toBe(at.wall + 50_000)
  made.answer(first(made).id, allow(), 'w')
  expect(await repeat).toEqual({ kind: 'allowed', by: 'w', scope: 'once' })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('two identical calls at once are two questions; one yes is for one', async () => {
  const { made } = approvals()
  const outcomes = [made.ask(question()), made.ask(question())]
  expect(made.list().length).toBe(2)
  made.answer(first(made).id, allow(), 'w')
  expect(await Promise.all(outcomes.map(now))).toEqual([{ kind: 'allowed', by: 'w', scope: 'once' }, 'waits'])
})

test('the question ends after its life as a denial, and a repeat asks anew', async () => {
  const { made } = approvals()
  const outcome = made.ask(question({ clientDeadlineMs: 60 * MINUTE }))
  const { id } = first(made)
  await pass(10 * MINUTE)
  expect(await now(outcome)).toEqual({ kind: 'expired' })
  expect(() => made.answer(id, allow(), 'w')).toThrow('got no answer in time')
  expect(await now(made.ask(question()))).toBe('waits')
})

test.each(['wall', 'steady'] as const)('the %s clock alone ends a question', async clock => {
  const { made } = approvals({ lifeMs: 20_000 })
  const outcome = made.ask(question())
  at[clock] += 20_000
  expect(() => made.answer(first(made).id, allow(), 'w')).toThrow('got no answer in time')
  expect(await now(outcome)).toEqual({ kind: 'expired' })
})

test('setting the wall clock back does not make a question live longer', async () => {
  const { made } = approvals()
  const outcome = made.ask(question({ clientDeadlineMs: 60 * MINUTE }))
  for (let n = 0; n < 11; n++) {
    at.wall -= 2 * MINUTE
    await pass(MINUTE)
  }
  expect(await now(outcome)).toEqual({ kind: 'expired' })
})

test.each(['wall', 'steady'] as const)(
  'a gap of 30 s on the %s clock ends questions, late yeses and sessions',
  async clock => {
    const { made } = approvals()
    const late = question({ argumentsText: '{"late":true}' })
    const session = question({ argumentsText: '{"session":true}' })
    void made.ask(late)
    await pass(50_000)
    made.answer(first(made).id, allow(), 'w')
    void made.ask(session)
    made.answer(first(made).id, allow('session'), 'w')
    const outcome = made.ask(question())
    const { id } = first(made)
    at[clock] += 30_500
    // An answer given right after waking comes before any tick, and still does not count.
    expect(() => made.answer(id, allow(), 'w')).toThrow('was withdrawn')
    expect(await now(outcome)).toMatchObject({ kind: 'withdrawn' })
    expect(await now(made.ask(late))).toBe('waits')
    expect(await now(made.ask(session))).toBe('waits')
  },
)

test('an idle hub that asks after hours does not take the pause for sleep', async () => {
  const { made } = approvals()
  at.wall += 60 * MINUTE
  at.steady += 60 * MINUTE
  const outcome = made.ask(question())
  await pass(1000)
  expect(await now(outcome)).toBe('waits')
})

test('a cancelled call is withdrawn, also one cancelled before it asked', async () => {
  const { made } = approvals()
  const abort = new AbortController()
  const outcome = made.ask(question({ signal: abort.signal }))
  const { id } = first(made)
  abort.abort()
  expect(await outcome).toEqual({ kind: 'withdrawn', why: 'Claude Code took this call back.' })
  expect(() => made.answer(id, allow(), 'w')).toThrow('was withdrawn')
  expect(await made.ask(question({ signal: abort.signal }))).toMatchObject({ kind: 'withdrawn' })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('cancelling a call whose client got "pending" leaves the question', async () => {
  const { made } = approvals()
  const abort = new AbortController()
  void made.ask(question({ signal: abort.signal }))
  await pass(50_000)
  abort.abort()
  expect(first(made).state).toEqual({ kind: 'waiting' })
})

test('a closed link withdraws what it asked, and ends its session', async () => {
  const { made } = approvals()
  void made.ask(question())
  made.answer(first(made).id, allow('session'), 'w')
  expect(await now(made.ask(question()))).toMatchObject({ kind: 'allowed', scope: 'session' })
  const other = made.ask(question({ argumentsText: '{}' }))
  made.endLink('link-1')
  expect(await other).toEqual({ kind: 'withdrawn', why: 'Claude Code is gone.' })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('the command line may come back for its late yes, though each call is a link of its own', async () => {
  const { made } = approvals()
  const cli = question({ client: { id: 'cli', title: 'Command line', says: null } })
  void made.ask(cli)
  await pass(50_000)
  made.endLink('link-1')
  made.answer(first(made).id, allow(), 'w')
  expect(await now(made.ask({ ...cli, link: 'link-2' }))).toMatchObject({ kind: 'allowed' })
})

test('a session is one link, at most 8 hours', async () => {
  const { made } = approvals()
  void made.ask(question())
  made.answer(first(made).id, allow('session'), 'w')
  expect(await now(made.ask(question({ link: 'link-2' })))).toBe('waits')
  made.withdrawWhere(() => 'aside')
  await pass(8 * 60 * MINUTE - 1000)
  expect(await now(made.ask(question()))).toMatchObject({ kind: 'allowed' })
  await pass(1000)
  expect(await now(made.ask(question()))).toBe('waits')
})

test('fifteen minutes are fifteen minutes, over all links of the client', async () => {
  const { made } = approvals()
  void made.ask(question())
  made.answer(first(made).id, allow('minutes'), 'w')
  await pass(15 * MINUTE - 1000)
  expect(await now(made.ask(question({ link: 'link-2' })))).toMatchObject({ kind: 'allowed', scope: 'minutes' })
  await pass(1000)
  expect(await now(made.ask(question()))).toBe('waits')
})

test('a session covers other arguments only of what does not destroy and what neither a rule nor the folders ask about', async () => {
  const { made } = approvals()
  const other = { argumentsText: '{"namespace":"other"}' }
  const ways: Partial<Question>[] = [
    { tool: 'a', risk: 'writes' },
    { tool: 'b', risk: 'destroys' },
    { tool: 'c', risk: 'writes', rule: '2' },
    { tool: 'd', risk: 'reads', outside: true },
  ]
  const outcomes: unknown[] = []
  for (const way of ways) {
    void made.ask(question(way))
    made.answer(first(made).id, allow('session'), 'w')
    outcomes.push(await now(made.ask(question({ ...way, ...other }))))
    made.withdrawWhere(() => 'aside')
  }
  expect(outcomes).toEqual([{ kind: 'allowed', by: 'w', scope: 'session' }, 'waits', 'waits', 'waits'])
  const graver = question({ tool: 'a', risk: 'destroys', ...other })
  const changed = question({ tool: 'a', risk: 'writes', definitionHash: 'h2' })
  const less = question({ tool: 'a', risk: 'unknown', ...other })
  expect(await Promise.all([graver, changed, less].map(one => now(made.ask(one))))).toEqual(['waits', 'waits', 'waits'])
})

test('"any call of this tool" writes a rule for client, server and tool, and is not offered for what destroys', async () => {
  const { made, changes } = approvals()
  void made.ask(question())
  expect(first(made).scopes).not.toContain('tool')
  expect(() => made.answer(first(made).id, allow('tool'), 'w')).toThrow('cannot be allowed as "tool"')
  made.answer(first(made).id, { kind: 'deny' }, 'w')
  const outcome = made.ask(question({ tool: 'write_file', risk: 'writes' }))
  made.answer(first(made).id, allow('tool'), 'w')
  expect(await outcome).toMatchObject({ kind: 'allowed', scope: 'tool' })
  expect(changes).toEqual([
    {
      kind: 'add-rule',
      rule: {
        effect: 'allow',
        client: 'claude-code',
        server: 'srv_kubernetes00',
        tool: 'write_file',
        note: 'From an answer about write_file.',
      },
    },
  ])
})

test('"such arguments" writes every argument by value, and no others', async () => {
  const { made, changes } = approvals()
  void made.ask(question({ argumentsText: '{"path":"/a","n":1.50,"force":false,"x":null}' }))
  made.answer(first(made).id, allow('arguments'), 'w')
  expect(changes).toMatchObject([
    {
      rule: {
        exactly: true,
        arguments: [
          { path: 'path', equals: '/a' },
          { path: 'n', equals: 1.5 },
          { path: 'force', equals: false },
          { path: 'x', equals: null },
        ],
      },
    },
  ])
})

test.each([
  ['a list among them', '{"path":"/a","edits":[1]}'],
  ['a number that would be rounded', '{"id":9007199254740993}'],
  ['a secret', '{"password":"hunter2"}'],
  ['a name that reads as a path', '{"a.b":1}'],
  ['a name that reads as a glob', '{"*":1}'],
  ['none', '{}'],
  ['no object', '[1]'],
  ['a very long text', `{"a":"${'x'.repeat(501)}"}`],
])('"such arguments" is not offered with %s', (_, argumentsText) => {
  const { made } = approvals()
  void made.ask(question({ argumentsText }))
  expect(first(made).scopes).toEqual(['once', 'minutes', 'session'])
})

test('a tool named like a glob offers no rule', () => {
  const { made } = approvals()
  void made.ask(question({ tool: '*', risk: 'writes', argumentsText: '{"a":1}' }))
  expect(first(made).scopes).toEqual(['once', 'minutes', 'session'])
})

test('a rule that is made narrower holds all it held, and what was added', async () => {
  const { made, changes } = approvals()
  void made.ask(question({ tool: 'write_file', risk: 'writes', argumentsText: '{"path":"/srv/a.txt","n":3}' }))
  expect(first(made).rules.tool).toEqual({
    effect: 'allow',
    client: 'claude-code',
    server: 'srv_kubernetes00',
    tool: 'write_file',
  })
  const until = at.wall + 60 * MINUTE
  const where = [
    { path: 'path', glob: '/srv/*' },
    { path: 'n', max: 5 },
  ]
  made.answer(first(made).id, { kind: 'allow', scope: 'tool', narrower: { where, until } }, 'w')
  void made.ask(question({ tool: 'write_file', risk: 'writes', argumentsText: '{"path":"/srv/b.txt"}' }))
  made.answer(first(made).id, { kind: 'allow', scope: 'arguments', narrower: { where: [where[0]!] } }, 'w')
  const tool = { effect: 'allow', client: 'claude-code', server: 'srv_kubernetes00', tool: 'write_file' }
  const note = 'From an answer about write_file.'
  expect(changes).toEqual([
    { kind: 'add-rule', rule: { ...tool, arguments: where, until, note } },
    {
      kind: 'add-rule',
      rule: { ...tool, arguments: [{ path: 'path', equals: '/srv/b.txt' }, where[0]], exactly: true, note },
    },
  ])
})

test.each([
  ['does not cover this call', 'tool', { where: [{ path: 'path', glob: '/etc/*' }] }, 'would not cover'],
  ['names what is not there', 'tool', { where: [{ path: 'mode', equals: 'x' }] }, 'would not cover'],
  ['holds a secret', 'tool', { where: [{ path: 'key', equals: 'hunter2' }] }, 'holds a secret'],
  ['is over', 'tool', { until: 1_800_000_000_000 }, 'over at once'],
  ['has too many conditions', 'tool', { where: Array.from({ length: 21 }, () => ({ path: 'path' })) }, 'at most 20'],
  ['is none', 'once', { until: 1_900_000_000_000 }, 'writes no rule'],
] as const)('a rule that %s is not written, and the call goes on waiting', async (_, scope, narrower, words) => {
  const { made, changes } = approvals()
  const outcome = made.ask(question({ risk: 'writes', argumentsText: '{"path":"/srv/a","key":"hunter2"}' }))
  const answer = { kind: 'allow', scope, narrower: structuredClone(narrower) as Narrowing } as const
  expect(() => made.answer(first(made).id, answer, 'w')).toThrow(words)
  expect([await now(outcome), changes]).toEqual(['waits', []])
})

test('of two windows that answer at once the first one counts, also while it is being recorded', async () => {
  const { made } = approvals()
  const outcome = made.ask(question())
  const { id } = first(made)
  const one = made.begin(id, { kind: 'deny' }, 'window:1')
  expect(() => made.begin(id, allow(), 'window:2')).toThrow('being answered in another window')
  expect(() => made.answer(id, allow(), 'window:1')).toThrow('being answered in another window')
  one.giveUp()
  const two = made.begin(id, { kind: 'deny', word: 'no' }, 'window:2')
  expect(await now(outcome)).toBe('waits')
  two.finish()
  expect(() => two.finish()).toThrow('answered already')
  expect(await outcome).toEqual({ kind: 'denied', by: 'window:2', word: 'no' })
})

test('an answer whose record took longer than the call waited does not count', async () => {
  const { made } = approvals()
  const gone = new AbortController()
  const outcome = made.ask(question({ signal: gone.signal }))
  const answering = made.begin(first(made).id, allow('minutes'), 'w')
  gone.abort()
  expect(() => answering.finish()).toThrow('was withdrawn')
  expect(await outcome).toMatchObject({ kind: 'withdrawn' })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('a rule that cannot be written leaves the call waiting', async () => {
  const change = () => {
    throw new HubError('store/full', 'The disk is full.')
  }
  const { made } = approvals({ policy: { change } })
  const outcome = made.ask(question({ risk: 'writes' }))
  expect(() => made.answer(first(made).id, allow('tool'), 'w')).toThrow('The disk is full.')
  expect(await now(outcome)).toBe('waits')
  made.answer(first(made).id, { kind: 'deny' }, 'w')
  expect(await outcome).toMatchObject({ kind: 'denied' })
})

test('the twenty-first call of one client is turned away at once; another client still asks', async () => {
  const { made } = approvals()
  for (let n = 0; n < 20; n++) void made.ask(question({ argumentsText: `{"n":${n}}` }))
  await pass(50_000)
  expect(await now(made.ask(question()))).toEqual({
    kind: 'withdrawn',
    why: '20 calls of Claude Code wait for a person already.',
  })
  expect(await now(made.ask(question({ argumentsText: '{"n":7}' })))).toBe('waits')
  expect(await now(made.ask(question({ client: { id: 'cursor', title: 'Cursor', says: null } })))).toBe('waits')
})

test.each([
  [{ preset: 'read-only' }, 'Gatehouse is read-only now.'],
  [{ stopped: true }, 'Everything in Gatehouse was stopped.'],
])('a policy that became %j ends what waits and every yes still good', async (change, why) => {
  const { made, announcer, state } = approvals()
  void made.ask(question())
  made.answer(first(made).id, allow('minutes'), 'w')
  const waits = made.ask(question({ argumentsText: '{}' }))
  Object.assign(state, change)
  announcer.emit('policy/changed')
  expect(await waits).toEqual({ kind: 'withdrawn', why })
  expect(await now(made.ask(question()))).toBe('waits')
})

test('what names something protected is allowed only with that typed, exactly so, and denied without', async () => {
  const { made } = approvals()
  const outcome = made.ask(question({ typed: 'prod' }))
  for (const typed of [undefined, '', 'Prod', ' prod', 'prod '])
    expect(() => made.answer(first(made).id, { ...allow(), ...(typed === undefined ? {} : { typed }) }, 'w')).toThrow(
      'prod is protected',
    )
  expect(await now(outcome)).toBe('waits')
  made.answer(first(made).id, { ...allow(), typed: 'prod' }, 'w')
  expect(await outcome).toMatchObject({ kind: 'allowed' })
  const denied = made.ask(question({ typed: 'prod' }))
  made.answer(first(made).id, { kind: 'deny' }, 'w')
  expect(await denied).toMatchObject({ kind: 'denied' })
})

test('read-only ends what waits and every yes still good', async () => {
  const { made, announcer, state } = approvals()
  const other = question({ argumentsText: '{}' })
  void made.ask(other)
  made.answer(first(made).id, allow('minutes'), 'w')
  const outcome = made.ask(question())
  state.readOnly = true
  announcer.emit('policy/changed')
  expect(await outcome).toEqual({ kind: 'withdrawn', why: 'Gatehouse is read-only now.' })
  state.readOnly = false
  announcer.emit('policy/changed')
  expect(await now(made.ask(other))).toBe('waits')
})

test('a changed definition withdraws the calls it concerns', async () => {
  const { made } = approvals()
  const outcomes = [made.ask(question()), made.ask(question({ tool: 'other' }))]
  made.withdrawWhere(({ tool }) => (tool === 'other' ? 'kubernetes changed other.' : null))
  expect(await Promise.all(outcomes.map(now))).toEqual([
    'waits',
    { kind: 'withdrawn', why: 'kubernetes changed other.' },
  ])
})

test('what ended stays in sight: withdrawn 5 s, answered and expired for the day', async () => {
  const { made, announcer } = approvals()
  void made.ask(question())
  made.answer(first(made).id, { kind: 'deny' }, 'w')
  void made.ask(question())
  made.withdrawWhere(() => 'gone')
  expect(made.list().map(one => one.state.kind)).toEqual(['withdrawn', 'answered'])
  const changed: string[] = []
  announcer.on('approvals/changed', id => changed.push(id))
  await pass(6000)
  expect(changed.length).toBe(1)
  expect(made.list().map(one => one.state.kind)).toEqual(['answered'])
  at.wall += 24 * 60 * MINUTE
  expect(made.list()).toEqual([])
})

test('a closed hub ends everything and takes no more questions', async () => {
  const { made } = approvals()
  const outcome = made.ask(question())
  made.close()
  expect(await outcome).toEqual({ kind: 'withdrawn', why: 'Gatehouse is stopping.' })
  expect(await made.ask(question())).toMatchObject({ kind: 'withdrawn' })
})

test('arguments that repeat a name are never asked about', async () => {
  const { made } = approvals()
  expect(await made.ask(question({ argumentsText: '{"path":"/a","path":"/etc"}' }))).toMatchObject({
    kind: 'withdrawn',
  })
  expect(made.list()).toEqual([])
})

test('on real clocks: no answer in a short life is a denial', async () => {
  vi.useRealTimers()
  const policy = { change: () => {}, current: () => ({ readOnly: false, preset: 'careful' }) }
  const made = new Approvals({ announcer: new Announcer(), policy, redact: text => text, lifeMs: 150 })
  open.push(made)
  const from = performance.now()
  // The hub's own sockets keep it alive; here something must.
  const alive = setInterval(() => {}, 50)
  expect(await made.ask(question())).toEqual({ kind: 'expired' })
  clearInterval(alive)
  expect(performance.now() - from).toBeGreaterThan(140)
})
