import { expect, test } from 'vitest'
import { clock, conditionsOf, covers, ending, gist, scopesOf, spoken, unquoted } from './words.ts'

test.each([
  [36_000, '0:36'],
  [35_001, '0:36'],
  [545_000, '9:05'],
  [3_723_000, '1:02:03'],
  [-5, '0:00'],
])('%d ms read %s', (ms, text) => {
  expect(clock(ms)).toBe(text)
})

test('only this call is always offered and first; the rest as the hub says', () => {
  expect(scopesOf({ scopes: ['tool', 'session'] })).toEqual(['once', 'session', 'tool'])
  expect(scopesOf({ scopes: [] })).toEqual(['once'])
})

test.each([
  [
    { kind: 'answered', allowed: true, scope: 'session', by: 'window:a', word: null, at: 1 },
    'Allowed for this session',
  ],
  [{ kind: 'answered', allowed: false, scope: null, by: 'window:a', word: 'not today', at: 1 }, 'Denied: “not today”'],
  [{ kind: 'expired', at: 1 }, 'No answer in time, denied'],
  [
    { kind: 'withdrawn', why: 'Claude Code took this call back.', at: 1 },
    'Claude Code took this call back. Nothing was run.',
  ],
] as const)('%o reads %s', (state, text) => {
  expect(ending(state)).toBe(text)
})

test('the gist is short values, not lists or objects', () => {
  const now = (value: string) => ({ name: 'n', now: value, before: null, changed: false })
  expect(gist({ compared: [now('"a.txt"'), now('{"x":1}'), now('true')] })).toBe('a.txt · true')
  expect(unquoted('"broken')).toBe('"broken')
})

test('a countdown speaks three times', () => {
  expect([31, 30, 29, 10, 1, 0].map(spoken)).toEqual([
    null,
    '30 seconds left',
    null,
    '10 seconds left',
    null,
    'The client stopped waiting',
  ])
})

test('what destroys is covered only with the same arguments, for a time too', () => {
  const of = (risk: 'writes' | 'destroys') =>
    covers('minutes', { risk, client: { id: 'c', title: 'Cursor', says: null } }).includes(
      'the same call with the same arguments',
    )
  expect([of('destroys'), of('writes')]).toEqual([true, false])
})

test('a rule names the arguments of now, not those left out since', () => {
  const compared = [
    { name: 'a', now: '1', before: null, changed: true },
    { name: 'b', now: '', before: '2', changed: true },
  ]
  expect(conditionsOf({ compared })).toEqual([{ name: 'a', value: '1' }])
})
