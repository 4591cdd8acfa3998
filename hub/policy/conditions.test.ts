import { homedir } from 'node:os'
import { expect, test } from 'vitest'
import type { ArgumentCondition } from '../../contract/policy.ts'
import { fitOf, fitsArguments } from './conditions.ts'
import { readJson } from './json-value.ts'

type Test = Omit<ArgumentCondition, 'path'>
const fitsAs = (path: string, condition: Test, text: string) => fitOf({ path, ...condition }, readJson(text))

test.each<[string, Test, string, string]>([
  // equals, by value
  ['ns', { equals: 'prod' }, '{"ns":"prod"}', 'yes'],
  ['ns', { equals: 'prod' }, '{"ns":"staging"}', 'no'],
  ['n', { equals: 1 }, '{"n":1.0}', 'yes'],
  ['n', { equals: 9007199254740992 }, '{"n":9007199254740993}', 'no'],
  ['o', { equals: { a: [1, { b: null }] } }, '{"o":{"a":[1e0,{"b":null}]}}', 'yes'],
  ['o', { equals: { a: 1 } }, '{"o":{"a":1,"b":2}}', 'no'],
  // what a server may take for the same is unclear
  ['n', { equals: 5 }, '{"n":"5"}', 'unclear'],
  ['n', { equals: 5 }, '{"n":"5.0"}', 'unclear'],
  ['ns', { equals: 'prod' }, '{"ns":["prod"]}', 'unclear'],
  ['ns', { equals: 'prod' }, '{"ns":"Prod "}', 'unclear'],
  ['ns', { equals: 'prod' }, '{"ns":"ｐｒｏｄ"}', 'unclear'],
  ['ns', { equals: 'prod' }, '{"ns":null}', 'unclear'],
  ['ns', { equals: null }, '{"ns":null}', 'yes'],
  ['b', { equals: true }, '{"b":"true"}', 'unclear'],
  // what servers turn into the wanted kind: 1 and "yes" into true, other writings into a number, also inside of a list
  ['force', { equals: true }, '{"force":1}', 'unclear'],
  ['force', { equals: true }, '{"force":"yes"}', 'unclear'],
  ['force', { equals: true }, '{"force":false}', 'no'],
  ['force', { equals: 'true' }, '{"force":true}', 'unclear'],
  ['force', { equals: 'yes' }, '{"force":true}', 'unclear'],
  ['n', { equals: 5 }, '{"n":"0x5"}', 'unclear'],
  ['n', { equals: 5 }, '{"n":" +5.0 "}', 'unclear'],
  ['n', { equals: 0 }, '{"n":""}', 'unclear'],
  ['n', { equals: 5 }, '{"n":"6"}', 'no'],
  ['o', { equals: [5, { force: true }] }, '{"o":["5",{"force":1}]}', 'unclear'],
  ['o', { equals: [5, { force: true }] }, '{"o":["5",{"force":1}],"p":1}', 'unclear'],
  ['o', { equals: [5] }, '{"o":[6]}', 'no'],
  ['o', { equals: [5] }, '{"o":{"0":5}}', 'no'],
  // missing
  ['ns', { equals: 'prod' }, '{}', 'unclear'],
  ['ns', { equals: 'prod' }, '[]', 'unclear'],
  ['a.b', { equals: 1 }, '{"a":1}', 'unclear'],
  ['toString', {}, '{}', 'unclear'],
  ['__proto__', {}, '{}', 'unclear'],
  ['length', { equals: 0 }, '[]', 'unclear'],
  ['ns', {}, '{"ns":false}', 'yes'],
  // a twin in another letter case, at any depth
  ['spec.replicas', { max: 3 }, '{"spec":{"replicas":1,"Replicas":100}}', 'unclear'],
  ['spec.replicas', { min: 10 }, '{"spec":{"replicas":1,"REPLICAS":100}}', 'unclear'],
  ['spec.replicas', { max: 3 }, '{"spec":{"replicas":1},"Spec":{"replicas":100}}', 'unclear'],
  ['items.*.kind', { equals: 'pod' }, '{"items":[{"kind":"pod","\u212aind":"node"}]}', 'unclear'],
  ['spec.replicas', { max: 3 }, '{"spec":{"replicas":1,"image":"a"}}', 'yes'],
  // in
  ['ns', { in: ['a', 'b'] }, '{"ns":"b"}', 'yes'],
  ['ns', { in: ['a', 'b'] }, '{"ns":"c"}', 'no'],
  ['ns', { in: ['a', 'b'] }, '{"ns":"B"}', 'unclear'],
  ['ns', { in: [] }, '{"ns":"a"}', 'no'],
  // ranges
  ['n', { min: 1, max: 5 }, '{"n":5}', 'yes'],
  ['n', { min: 1, max: 5 }, '{"n":5.0000000000000000001}', 'no'],
  ['n', { max: 5 }, '{"n":1e400}', 'no'],
  ['n', { max: 5 }, '{"n":-1e400}', 'yes'],
  ['n', { max: 5 }, '{"n":"3"}', 'unclear'],
  // paths
  ['spec.replicas', { equals: 3 }, '{"spec":{"replicas":3}}', 'yes'],
  ['spec.replicas', { equals: 3 }, '{"spec.replicas":3}', 'yes'],
  ['spec.replicas', { equals: 3 }, '{"spec.replicas":3,"spec":{"replicas":4}}', 'unclear'],
  ['items.*.name', { equals: 'a' }, '{"items":[{"name":"a"},{"name":"a"}]}', 'yes'],
  ['items.*.name', { equals: 'a' }, '{"items":[{"name":"a"},{"name":"b"}]}', 'unclear'],
  ['items.*.name', { equals: 'a' }, '{"items":[{"name":"b"},{"name":"c"}]}', 'no'],
  ['items.*.name', { equals: 'a' }, '{"items":[{"name":"b"},{}]}', 'unclear'],
  ['items.*.name', { equals: 'a' }, '{"items":[]}', 'unclear'],
  ['items.*', { equals: 'a' }, '{"items":{"x":"a","y":"a"}}', 'yes'],
  ['items.1', { equals: 'b' }, '{"items":["a","b"]}', 'yes'],
  ['items.7', { equals: 'b' }, '{"items":["a","b"]}', 'unclear'],
  ['*', { equals: 1 }, '{"a":1,"b":1}', 'yes'],
  // globs
  ['path', { glob: '/data/*' }, '{"path":"/data/a.txt"}', 'yes'],
  ['path', { glob: '/data/*' }, '{"path":"/data/sub/a.txt"}', 'unclear'],
  ['path', { glob: '/data/**' }, '{"path":"/data/sub/a.txt"}', 'yes'],
  ['path', { glob: '/data/**/x' }, '{"path":"/data/x"}', 'yes'],
  ['path', { glob: '/data/**' }, '{"path":"/data/../etc/passwd"}', 'unclear'],
  ['path', { glob: '/data/**' }, '{"path":"/data/%2e%2e/etc/passwd"}', 'unclear'],
  ['path', { glob: '/data/**' }, '{"path":"/data/..\\\\etc"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"/data/../etc/passwd"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"//etc//passwd"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"/ETC/passwd"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"/home/etc/passwd"}', 'no'],
  ['path', { glob: '/data/*' }, '{"path":7}', 'unclear'],
  // the folder itself, and other writings of one path
  ['path', { glob: '/etc/**' }, '{"path":"/etc"}', 'unclear'],
  ['path', { glob: '/etc/*' }, '{"path":"/etc/"}', 'yes'],
  ['path', { glob: '/etc/**' }, '{"path":"file:///etc/pa%73swd"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"FILE://localhost/etc/passwd"}', 'unclear'],
  ['path', { glob: '/etc/**' }, '{"path":"../../../etc/passwd"}', 'unclear'],
  ['path', { glob: 'etc/**' }, '{"path":"../../../lib/x"}', 'no'],
  ['path', { glob: '~/.ssh/**' }, `{"path":"${homedir()}/.ssh/id"}`, 'unclear'],
  ['path', { glob: `${homedir()}/.ssh/**` }, '{"path":"~/.ssh/id"}', 'unclear'],
  ['path', { glob: '~/.ssh/**' }, '{"path":"~/.ssh/id"}', 'yes'],
  ['path', { glob: 'C:\\Users\\**' }, '{"path":"c:/users/me"}', 'unclear'],
  ['path', { glob: 'C:/Users/**' }, '{"path":"C:\\\\Users\\\\me"}', 'unclear'],
  ['path', { glob: '/data/a+(b).{c,d}[e]' }, '{"path":"/data/a+(b).{c,d}[e]"}', 'yes'],
  ['ns', { glob: 'prod-?' }, '{"ns":"prod-1"}', 'yes'],
  ['ns', { glob: 'prod-*' }, '{"ns":"my-prod-1"}', 'no'],
  ['url', { glob: 'https://ok.example/*' }, '{"url":"https://ok.example/a"}', 'yes'],
  ['url', { glob: 'https://ok.example/*' }, '{"url":"https://ok.example.evil.test/a"}', 'no'],
  // patterns
  ['q', { pattern: '^select ' }, '{"q":"select 1"}', 'yes'],
  ['q', { pattern: '^select ' }, '{"q":"drop table"}', 'no'],
  ['q', { pattern: '(?i)drop' }, `{"q":"${'x'.repeat(5000)}drop"}`, 'unclear'],
  ['q', { pattern: '.' }, '{"q":["drop"]}', 'unclear'],
  // several tests hold together
  ['n', { min: 1, in: [1, 9] }, '{"n":9}', 'yes'],
  ['n', { min: 1, in: [1, 9] }, '{"n":4}', 'no'],
])('%s %j on %s: %s', (path, condition, text, expected) => {
  expect(fitsAs(path, condition, text)).toBe(expected)
})

test('what is unclear fits every deny and ask, and no allow', () => {
  const rule = { id: '1', arguments: [{ path: 'ns', equals: 'prod' }] }
  const fits = (effect: 'allow' | 'ask' | 'deny', text: string) => fitsArguments({ ...rule, effect }, readJson(text))
  expect((['allow', 'ask', 'deny'] as const).map(effect => fits(effect, '{}'))).toEqual([false, true, true])
  expect((['allow', 'ask', 'deny'] as const).map(effect => fits(effect, 'no json'))).toEqual([false, true, true])
  expect((['allow', 'ask', 'deny'] as const).map(effect => fits(effect, '{"ns":"x"}'))).toEqual([false, false, false])
})

test('an exact rule covers no call with one argument more', () => {
  const rule = { id: '1', effect: 'allow' as const, exactly: true, arguments: [{ path: 'path', equals: '/a' }] }
  expect(fitsArguments(rule, readJson('{"path":"/a"}'))).toBe(true)
  expect(fitsArguments(rule, readJson('{"path":"/a","recursive":true}'))).toBe(false)
  expect(fitsArguments(rule, readJson('["/a"]'))).toBe(false)
})

test('no value makes a glob or pattern slow', () => {
  const hostile = JSON.stringify({ v: 'a'.repeat(4000) })
  const from = performance.now()
  expect(fitsAs('v', { glob: '*a*a*a*a*a*a*a*a*b' }, hostile)).toBe('no')
  expect(fitsAs('v', { pattern: '(a|aa)+(a*)*$b' }, hostile)).toBe('no')
  expect(performance.now() - from).toBeLessThan(30_000)
})
