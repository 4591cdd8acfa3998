import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ServerState } from '../../contract/servers.ts'
import { backoffMs, FAST_EXITS, isAlive, isSameStay, nextState, type ServerEvent } from './next-state.ts'

const because = { what: 'it ended' }
const exited = (more: object = {}): ServerEvent => ({
  kind: 'exited',
  because,
  stable: false,
  hopeless: false,
  delayMs: 1_000,
  jitter: 1,
  ...more,
})
const STOPPED: ServerState = { kind: 'stopped' }
const WAITING: ServerState = { kind: 'waiting', for: 'agreement', what: 'x' }
const SLEEPING: ServerState = { kind: 'sleeping', since: 1 }
const starting = (attempt = 1): ServerState => ({ kind: 'starting', attempt, since: 1 })
const RUNNING: ServerState = { kind: 'running', pid: 7, since: 1, tools: 2, attempt: 3 }
const BACKING_OFF: ServerState = { kind: 'backing-off', attempt: 2, retryAt: 5, because }
const CRASHED: ServerState = { kind: 'crash-looping', starts: 5, because }
const stopping = (next: 'stopped' | 'starting' | 'sleeping' | 'waiting'): ServerState => ({
  kind: 'stopping',
  next,
  since: 1,
})
const NOW = 100
const anew = { kind: 'starting', attempt: 1, since: NOW }
const wait = { for: 'secret', what: 'y' } as const

test.each<[ServerState, ServerEvent, object]>([
  [STOPPED, { kind: 'start' }, anew],
  [CRASHED, { kind: 'start' }, anew],
  [BACKING_OFF, { kind: 'start' }, anew],
  [RUNNING, { kind: 'start' }, RUNNING],
  [stopping('stopped'), { kind: 'start' }, { kind: 'stopping', next: 'starting', since: 1 }],
  [SLEEPING, { kind: 'wake' }, anew],
  [stopping('sleeping'), { kind: 'wake' }, { kind: 'stopping', next: 'starting', since: 1 }],
  [WAITING, { kind: 'rest' }, { kind: 'sleeping', since: NOW }],
  [RUNNING, { kind: 'rest' }, RUNNING],
  [starting(), { kind: 'spawned', pid: 9 }, { kind: 'starting', attempt: 1, since: 1, pid: 9 }],
  [STOPPED, { kind: 'spawned', pid: 9 }, STOPPED],
  [starting(2), { kind: 'listed', pid: 9, tools: 4 }, { kind: 'running', pid: 9, since: NOW, tools: 4, attempt: 2 }],
  [RUNNING, { kind: 'listed', pid: 7, tools: 5 }, { ...RUNNING, tools: 5 }],
  [STOPPED, { kind: 'listed', pid: 9, tools: 4 }, STOPPED],
  [RUNNING, { kind: 'idle' }, { kind: 'stopping', next: 'sleeping', since: NOW }],
  [starting(), { kind: 'idle' }, starting()],
  [BACKING_OFF, { kind: 'retry' }, { kind: 'starting', attempt: 3, since: NOW }],
  [STOPPED, { kind: 'retry' }, STOPPED],
  [RUNNING, { kind: 'stop' }, { kind: 'stopping', next: 'stopped', since: NOW }],
  [stopping('starting'), { kind: 'stop' }, { kind: 'stopping', next: 'stopped', since: 1 }],
  [BACKING_OFF, { kind: 'stop' }, STOPPED],
  [RUNNING, { kind: 'restart' }, { kind: 'stopping', next: 'starting', since: NOW }],
  [CRASHED, { kind: 'restart' }, anew],
  [RUNNING, { kind: 'hold', ...wait }, { kind: 'stopping', next: 'waiting', since: NOW }],
  [SLEEPING, { kind: 'hold', ...wait }, { kind: 'waiting', ...wait }],
  [starting(), { kind: 'blocked', ...wait }, { kind: 'waiting', ...wait }],
  [RUNNING, { kind: 'blocked', ...wait }, RUNNING],
  [starting(1), exited(), { kind: 'backing-off', attempt: 1, retryAt: NOW + 1_000, because }],
  [RUNNING, exited(), { kind: 'backing-off', attempt: 3, retryAt: NOW + 4_000, because }],
  [RUNNING, exited({ stable: true }), { kind: 'backing-off', attempt: 1, retryAt: NOW + 1_000, because }],
  [starting(FAST_EXITS), exited(), { kind: 'crash-looping', starts: FAST_EXITS, because }],
  [starting(1), exited({ hopeless: true }), { kind: 'crash-looping', starts: 1, because }],
  [stopping('stopped'), exited(), stopping('stopped')],
  [stopping('stopped'), { kind: 'gone', wait: null }, STOPPED],
  [stopping('sleeping'), { kind: 'gone', wait: null }, { kind: 'sleeping', since: NOW }],
  [stopping('starting'), { kind: 'gone', wait: null }, anew],
  [stopping('waiting'), { kind: 'gone', wait }, { kind: 'waiting', ...wait }],
  [stopping('waiting'), { kind: 'gone', wait: null }, STOPPED],
  [RUNNING, { kind: 'gone', wait: null }, RUNNING],
])('%o, %o', (state, event, expected) => {
  expect(nextState(state, event, NOW)).toEqual(expected)
})

test.each([STOPPED, WAITING, CRASHED, BACKING_OFF, RUNNING, starting()])(
  'a call wakes only what sleeps, not %o',
  state => {
    expect(nextState(state, { kind: 'wake' }, NOW)).toBe(state)
  },
)

const anyEvent: fc.Arbitrary<ServerEvent> = fc.oneof(
  fc.constantFrom<ServerEvent>(
    { kind: 'start' },
    { kind: 'wake' },
    { kind: 'rest' },
    { kind: 'idle' },
    { kind: 'retry' },
    { kind: 'stop' },
    { kind: 'restart' },
    { kind: 'hold', ...wait },
    { kind: 'blocked', ...wait },
    { kind: 'gone', wait: null },
    { kind: 'gone', wait },
    { kind: 'listed', pid: null, tools: 1 },
  ),
  fc.record({ kind: fc.constant('spawned' as const), pid: fc.integer({ min: 2, max: 9 }) }),
  fc
    .record({ stable: fc.boolean(), hopeless: fc.boolean(), jitter: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(exited),
)
const after = (events: ServerEvent[], from: ServerState = STOPPED) =>
  events.reduce((state, event, n) => nextState(state, event, n + 1), from)

test('whatever happens in whatever order, the state is one of the union', () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 40 }), events => ServerState.safeParse(after(events)).success))
})

/** What each event of a sequence does: from which state to which. */
const steps = (events: ServerEvent[]) => {
  let state = after([])
  return events.map((event, n) => {
    const before = state
    state = nextState(before, event, n + 1)
    return { before, event, after: state }
  })
}
const anyEvents = fc.array(anyEvent, { maxLength: 60 })
const isEach = (holds: (step: ReturnType<typeof steps>[number]) => boolean) =>
  fc.assert(
    fc.property(anyEvents, events => steps(events).every(holds)),
    { numRuns: 500 },
  )

test('a start begins only where no process of a life before can be left', () => {
  isEach(({ before, event, after }) => {
    const isNew = after.kind === 'starting' && !isSameStay(before, after)
    return !isNew || !isAlive(before) || event.kind === 'gone'
  })
})

test('what has processes is left only by its end, or by a start that found before a spawn that it may not', () => {
  isEach(({ before, event, after }) => {
    if (!isAlive(before) || isAlive(after)) return true
    return event.kind === 'blocked' ? before.kind === 'starting' : event.kind === 'exited' || event.kind === 'gone'
  })
})

test('it runs only once listed', () => {
  isEach(
    ({ before, event, after }) =>
      after.kind !== 'running' || before.kind === 'running' || (before.kind === 'starting' && event.kind === 'listed'),
  )
})

test('a timer that fires late, after its state was left, changes nothing', () => {
  isEach(({ before, event, after }) => {
    const isLate =
      (event.kind === 'retry' && before.kind !== 'backing-off') || (event.kind === 'idle' && before.kind !== 'running')
    return !isLate || after === before
  })
})

test('a crash loop is reached only by exits, five fast ones in a row or a hopeless one, and left only when somebody acts', () => {
  isEach(({ before, event, after }) => {
    if (after.kind === 'crash-looping' && before.kind !== 'crash-looping')
      return event.kind === 'exited' && (event.hopeless || after.starts >= FAST_EXITS)
    if (before.kind !== 'crash-looping' || after.kind === 'crash-looping') return true
    return ['start', 'restart', 'rest', 'stop', 'hold'].includes(event.kind)
  })
})

test('what runs elsewhere is tried for as long as it is away, and no more than twice a minute in the end', () => {
  let state: ServerState = starting()
  for (let n = 0; n < 1_000; n++) {
    state = nextState(state, exited({ remote: true }), NOW)
    if (state.kind !== 'backing-off') throw new Error(state.kind)
    expect(state.retryAt - NOW).toBeLessThanOrEqual(30_000)
    state = nextState(state, { kind: 'retry' }, NOW)
  }
  expect(nextState(state, exited({ remote: true, hopeless: true }), NOW).kind).toBe('crash-looping')
})

test('after a run of a good while the exits are counted anew', () => {
  const run = nextState(starting(4), { kind: 'listed', pid: 1, tools: 0 }, NOW)
  expect(nextState(run, exited({ stable: true }), NOW)).toMatchObject({ kind: 'backing-off', attempt: 1 })
  expect(nextState(run, exited(), NOW)).toMatchObject({ kind: 'backing-off', attempt: 4 })
})

test('stopped and gone, it is stopped, whatever happened before', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), events => {
      const state = after([...events, { kind: 'stop' }, { kind: 'gone', wait: null }])
      return state.kind === 'stopped'
    }),
  )
})

test('without a start, a wake, a restart or a retry nothing begins', () => {
  const quiet = anyEvent.filter(event => !['start', 'wake', 'restart', 'retry'].includes(event.kind))
  fc.assert(fc.property(fc.array(quiet, { maxLength: 40 }), events => !isAlive(after(events))))
})

test('fast exits alone always end in a crash loop after five starts', () => {
  let state: ServerState = starting()
  let starts = 1
  while (state.kind === 'starting') {
    state = nextState(state, { kind: 'listed', pid: 1, tools: 0 }, NOW)
    state = nextState(state, exited(), NOW)
    if (state.kind === 'backing-off') starts++
    state = nextState(state, { kind: 'retry' }, NOW)
  }
  expect([state.kind, starts]).toEqual(['crash-looping', FAST_EXITS])
})

test('the same stay keeps its timers; another one does not', () => {
  expect(isSameStay(starting(), { kind: 'starting', attempt: 1, since: 1, pid: 4 })).toBe(true)
  expect(isSameStay(RUNNING, { ...RUNNING, tools: 9 } as ServerState)).toBe(true)
  expect(isSameStay(starting(1), starting(2))).toBe(false)
  expect(isSameStay(stopping('stopped'), stopping('starting'))).toBe(true)
  expect(isSameStay(BACKING_OFF, starting(3))).toBe(false)
})

test('delays double, stay within half and whole, and never pass 30 s', () => {
  expect([1, 2, 3, 4].map(n => backoffMs(n, 1_000, 1))).toEqual([1_000, 2_000, 4_000, 8_000])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
      const ms = backoffMs(attempt, 1_000, jitter)
      return ms >= 500 && ms <= 30_000
    }),
  )
})
