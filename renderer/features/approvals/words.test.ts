import { expect, test } from 'vitest'
import { namable, narrowingOf } from './rule-draft.ts'
import { inOneLine } from './tell.ts'
import { clock, conditionText, covers, ending, gist, scopesOf, spoken, unquoted } from './words.ts'

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

test('what a notification says of a tool is short, on one line, and hides nothing', () => {
  expect(inOneLine('read\u202e_eteled\n\tnow')).toBe('readU+202E_eteled now')
  expect(inOneLine('x'.repeat(99))).toBe(`${'x'.repeat(59)}…`)
})

test('what destroys is covered only with the same arguments, for a time too', () => {
  const of = (risk: 'writes' | 'destroys') =>
    covers('minutes', { risk, client: { id: 'c', title: 'Cursor', says: null } }).includes(
      'the same call with the same arguments',
    )
  expect([of('destroys'), of('writes')]).toEqual([true, false])
})

const compared = [
  { name: 'path', now: '"/srv/a.txt"', before: null, changed: true },
  { name: 'n', now: '3', before: null, changed: true },
  { name: 'list', now: '[1]', before: null, changed: true },
  { name: 'left.out', now: '"x"', before: null, changed: true },
  { name: 'gone', now: '', before: '2', changed: true },
]

test('only plain arguments of now can be named in a condition', () => {
  expect(namable({ compared }).map(one => one.path)).toEqual(['path', 'n'])
})

test('what was typed becomes a condition of the argument’s own kind', () => {
  const drafts = [
    { key: 1, path: 'path', how: 'equals', value: '3' },
    { key: 2, path: 'n', how: 'equals', value: '3' },
    { key: 3, path: 'n', how: 'max', value: '5' },
  ] as const
  expect(narrowingOf({ compared }, { drafts, hours: 1 }, 1000)).toEqual({
    where: [
      { path: 'path', equals: '3' },
      { path: 'n', equals: 3 },
      { path: 'n', max: 5 },
    ],
    until: 3_601_000,
  })
  expect(narrowingOf({ compared }, { drafts: [], hours: 0 }, 1000)).toBeUndefined()
})

test('a rule that ends or is narrower says so', () => {
  const call = { risk: 'writes', client: { id: 'c', title: 'Cursor', says: null } } as const
  const drafts = [{ key: 1, path: 'path', how: 'glob', value: '/srv/*' }] as const
  expect(covers('tool', call)).toContain('whatever its arguments, protected values too, until you remove the rule')
  expect(covers('tool', call, { drafts, hours: 8 })).toContain('that fit do not wait for you any more')
  expect(conditionText({ path: 'path', glob: '/srv/*' })).toBe('path fits /srv/*')
})
