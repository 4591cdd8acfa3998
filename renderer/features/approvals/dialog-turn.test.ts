import { expect, test } from 'vitest'
import type { Approval } from '../../../contract/policy.ts'
import { NOBODY, nextTurn, PAUSE_MS, STAY_MS, type Turn } from './dialog-turn.ts'

const call = (id: string, askedAt: number, state: Approval['state'] = { kind: 'waiting' }): Approval => ({
  id,
  client: { id: 'claude-code', title: 'Claude Code', says: null },
  server: { id: 'srv_aaaaaaaaaaaa', name: 'files' },
  tool: 'delete_file',
  risk: 'destroys',
  reasons: [],
  typed: null,
  arguments: '{}',
  compared: [],
  lastAllowedAt: null,
  description: '',
  scopes: ['once'],
  rules: {},
  askedAt,
  clientUntil: askedAt + 50_000,
  until: askedAt + 600_000,
  state,
})
const around = (asked: Approval[], now: number, more: { aside?: string[]; mayOpen?: boolean } = {}) => ({
  asked,
  now,
  aside: new Set(more.aside),
  mayOpen: more.mayOpen ?? true,
})
const showing = (id: string, endedAt: number | null = null): Turn => ({ kind: 'showing', id, endedAt })

test('the oldest waiting call is shown first', () => {
  expect(nextTurn(NOBODY, around([call('b', 20), call('a', 10)], 100))).toEqual(showing('a'))
})

test('a newer or an older call never takes the place of the one that is shown', () => {
  const turn = showing('b')
  expect(nextTurn(turn, around([call('a', 10), call('b', 20), call('c', 30)], 100))).toBe(turn)
})

test('nothing opens on the Approvals page or in the background, and what is open stays', () => {
  expect(nextTurn(NOBODY, around([call('a', 10)], 100, { mayOpen: false }))).toBe(NOBODY)
  const turn = showing('a')
  expect(nextTurn(turn, around([call('a', 10)], 100, { mayOpen: false }))).toBe(turn)
})

test('a call that ended stays 5 s, then the next comes after a pause', () => {
  const gone = call('a', 10, { kind: 'withdrawn', why: 'taken back', at: 90 })
  const all = [gone, call('b', 20)]
  const ended = nextTurn(showing('a'), around(all, 100))
  expect(ended).toEqual(showing('a', 100))
  expect(nextTurn(ended, around(all, 100 + STAY_MS - 1))).toBe(ended)
  const free = nextTurn(ended, around(all, 100 + STAY_MS))
  expect(free).toEqual({ kind: 'none', freeAt: 100 + STAY_MS + PAUSE_MS })
  expect(nextTurn(free, around(all, 100 + STAY_MS + PAUSE_MS - 1))).toBe(free)
  expect(nextTurn(free, around(all, 100 + STAY_MS + PAUSE_MS))).toEqual(showing('b'))
})

test('a call put aside leaves at once and does not come back', () => {
  const all = [call('a', 10), call('b', 20)]
  const free = nextTurn(showing('a'), around(all, 100, { aside: ['a'] }))
  expect(free).toEqual({ kind: 'none', freeAt: 100 + PAUSE_MS })
  expect(nextTurn(free, around(all, 1000, { aside: ['a'] }))).toEqual(showing('b'))
  expect(nextTurn(free, around(all, 1000, { aside: ['a', 'b'] }))).toBe(free)
})
