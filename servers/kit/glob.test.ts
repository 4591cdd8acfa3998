import { expect, test } from 'vitest'
import { globTest } from './glob.ts'

test.each([
  ['*.ts', ['a.ts', 'b/c.ts', '.ts', 'b/.hidden.ts'], ['a.tsx', 'a.ts/b']],
  ['**/*.ts', ['a.ts', 'b/c.ts', 'b/c/d.ts'], ['a.md']],
  ['src/**', ['src', 'src/a', 'src/a/b'], ['srca', 'x/src/a']],
  ['src/*', ['src/a', 'src/.a'], ['src/a/b', 'src']],
  ['src/**/x.ts', ['src/x.ts', 'src/a/b/x.ts'], ['src/a/yx.ts', 'x.ts']],
  ['**', ['a', 'a/b', '.a/b'], []],
  ['*', ['a', 'a/b'], []],
  ['./a?c', ['abc', 'aöc', 'a😀c'], ['ac', 'abbc']],
  ['**/*.{md,t{x,s}t}', ['a.md', 'b/a.txt', 'a.tst'], ['a.ts', 'a.md,']],
  ['{a,b}/**/*.c', ['a/x.c', 'b/d/x.c'], ['c/x.c']],
  ['[a-c][!0-9].x', ['ab.x', 'c_.x'], ['a1.x', 'd_.x']],
  ['[]].x', ['].x'], ['[.x']],
  ['\\*.x', ['*.x'], ['a.x']],
  ['a+b(c)$.x|^', ['a+b(c)$.x|^'], ['aab', 'a']],
  ['a,b}', ['a,b}'], ['a']],
  ['!*.ts', ['a.md'], ['a.ts', 'b/c.ts']],
  ['naïve 東京*', ['naïve 東京', 'x/naïve 東京都.md'], ['東京']],
] as [string, string[], string[]][])('%s', (pattern, fit, others) => {
  const fits = globTest(pattern)
  expect([...fit, ...others].filter(fits)).toEqual(fit)
})

test('what is no such pattern is said', () => {
  for (const pattern of ['{a,b', '+(a|b)', '!(x)*', '@(a)', '[z-a]'])
    expect(() => globTest(pattern), pattern).toThrow('cannot be read')
})

test('a pattern of many stars is answered at once', () => {
  for (const pattern of [`${'*a'.repeat(200)}*b`, `${'**/*a'.repeat(60)}b`, `{${'a*,'.repeat(100)}b}`.repeat(3)])
    expect(globTest(pattern)(`${'a'.repeat(250)}/`.repeat(8))).toBe(false)
})
