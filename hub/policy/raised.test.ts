// What arguments raise: protected values wherever they stand, paths outside the named folders; and that guarding more never allows more.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CallFacts, decide } from './decide.ts'
import { calls, policies, rank } from './policy.arbitrary.ts'
import { CAREFUL, tightens, withFolder, withLimit, withProtected } from './policy-state.ts'
import { findProtected, fold } from './protected-values.ts'
import { raisedBy } from './raised.ts'

const sets = CAREFUL.protected
const why = (args: unknown, folders: string[] = []) => raisedBy(JSON.stringify(args), { folders, protected: sets })

test.each([
  [{ namespace: 'prod' }],
  [{ ns: ' Production ' }],
  [{ spec: { metadata: [{ namespace: 'kube-system' }] } }],
  [{ ref: 'refs/heads/main' }],
  [{ branch: 'release/1.2' }],
  [{ ref: 'origin/release/1.2' }],
  [{ uri: 's3://prod/key' }],
  [{ bucket: 'billing-prod' }],
  [{ command: 'git push origin main' }],
  [{ environments: { production: {} } }],
  [{ ns: 'ｐｒｏｄ' }],
  [{ command: 'git push origin +main' }],
  [{ command: 'kubectl delete ns prod|cat' }],
  [{ resource: 'arn:aws:s3:::prod/' }],
])('%j carries a protected value', args => {
  expect(why(args).protectedValues).not.toEqual([])
})

test.each([
  [{ namespace: 'staging' }],
  [{ path: 'src/main/java/App.java' }],
  [{ text: 'product' }],
  [{ main: 'x' }],
  [{ n: 1, ok: true, none: null }],
  [{ text: `main ${'x'.repeat(300)}` }],
])('%j carries none', args => {
  expect(why(args).protectedValues).toEqual([])
})

test.each([
  ['/home/me/code/a.txt', false],
  ['/home/me/code', false],
  ['/home/me/code/', false],
  ['/home/me/code/../secret', true],
  ['/home/me/codex/a', true],
  ['/etc/passwd', true],
  ['~/.ssh/id_rsa', true],
  ['file:///etc/passwd', true],
  ['file:///home/me/code/%2e%2e/%2e%2e/x', true],
  ['cat /etc/passwd', true],
  ['../../x', true],
  ['a/../../x', true],
  ['a/../b', false],
  ['./a', false],
  ['plain text', false],
  ['C:\\Windows\\x', true],
  ['--file=/etc/passwd', true],
  ['@/etc/passwd', true],
  ['{"path":"/etc/passwd"}', true],
  ['cat</etc/passwd', true],
  ['/home/me/code/run.sh /etc/passwd', true],
  ['/home/me/code/a b/c', false],
  ['$HOME/.ssh/id', true],
  ['${HOME}/.ssh/id', true],
  ['%USERPROFILE%\\x', true],
  ['~root/x', true],
  ['file://host/home/me/code/a', true],
  ['file:///home/me/code/a%20b', false],
  ['<b>bold</b>', false],
  ['https://example.com/a?b=c', false],
  ['$5/month', false],
])('%s outside /home/me/code: %s', (path, isOutside) => {
  expect(why({ path }, ['/home/me/code']).outside.length > 0).toBe(isOutside)
  expect(why({ path }).outside).toEqual([])
})

const write: CallFacts = {
  client: 'cursor',
  server: { id: 's', name: 'files', trusted: true },
  method: 'tools/call',
  tool: 'write_file',
  definition: { name: 'write_file', annotations: { destructiveHint: false } },
  argumentsText: '{}',
  held: false,
}
const read: CallFacts = {
  ...write,
  tool: 'read_file',
  definition: { name: 'read_file', annotations: { readOnlyHint: true } },
}

describe('in decide', () => {
  const balanced = { ...CAREFUL, preset: 'balanced' as const, folders: ['/code'] }

  test('a protected value asks where Balanced allows, and says which', () => {
    expect(decide(write, balanced, 0).effect).toBe('allow')
    const found = decide({ ...write, argumentsText: '{"ns":"prod"}' }, balanced, 0)
    expect(found).toMatchObject({ effect: 'ask', risk: 'destroys' })
    expect(found.reasons).toContain('prod is in your protected environments.')
  })

  test('a read of a protected value stays a read; outside the folders it asks and keeps its class', () => {
    expect(decide({ ...read, argumentsText: '{"ns":"prod"}' }, balanced, 0).effect).toBe('allow')
    const found = decide({ ...read, argumentsText: '{"path":"/etc/shadow"}' }, balanced, 0)
    expect(found).toMatchObject({ effect: 'ask', changes: false })
    expect(found.reasons[0]).toBe('/etc/shadow is outside the folders you named.')
    const resource = { ...read, method: 'resources/read', tool: 'resources/read', definition: null }
    expect(decide({ ...resource, argumentsText: '{"uri":"file:///etc/shadow"}' }, balanced, 0).effect).toBe('ask')
    expect(decide({ ...resource, argumentsText: '{"uri":"file:///code/a"}' }, balanced, 0).effect).toBe('allow')
  })

  test('arguments that name one thing twice raise', () => {
    expect(decide({ ...write, argumentsText: '{"ns":"a","ns":"prod"}' }, balanced, 0).effect).toBe('ask')
  })

  test('a trusted server that reaches the open world is asked about where it writes', () => {
    const open = { ...write, definition: { name: 'x', annotations: { destructiveHint: false, openWorldHint: true } } }
    const found = decide(open, balanced, 0)
    expect(found.effect).toBe('ask')
    expect(found.reasons).toContain('files, which you trust, says it reaches beyond this machine.')
  })
})

test('protecting one more value, or naming fewer folders, never allows more', () => {
  fc.assert(
    fc.property(calls, policies, fc.constantFrom('prod', 'stag*', '/a/b', 'Prod'), (one, before, value) => {
      const more = withProtected(before, { kind: 'protect', set: 'mine', value, on: true })
      expect(tightens(before, more)).toBe(true)
      expect(rank(decide(one, more, 0))).toBeGreaterThanOrEqual(rank(decide(one, before, 0)))
      const [first] = before.folders
      if (before.folders.length < 2 || first === undefined) return
      const fewer = withFolder(before, { kind: 'folder', path: first, on: false })
      expect(rank(decide(one, fewer, 0))).toBeGreaterThanOrEqual(rank(decide(one, before, 0)))
    }),
    { numRuns: 2000 },
  )
})

test('what tightens and what loosens', () => {
  const named = { ...CAREFUL, folders: ['/a'] }
  const folder = (state: typeof CAREFUL, path: string, on: boolean) =>
    tightens(state, withFolder(state, { kind: 'folder', path, on }))
  expect(folder(CAREFUL, '/a', true)).toBe(true)
  expect(folder(named, '/b', true)).toBe(false)
  expect(folder(named, '/a/b', true)).toBe(true)
  expect(folder(named, '/a/../b', true)).toBe(false)
  expect(folder(named, '/a', false)).toBe(false)
  const unprotected = withProtected(CAREFUL, { kind: 'protect', set: 'branches', value: 'main', on: false })
  expect(tightens(CAREFUL, unprotected)).toBe(false)
  const limit = (perMinute: number, on = true) =>
    tightens(CAREFUL, withLimit(CAREFUL, { kind: 'limit', limit: { perMinute }, on }))
  expect([limit(5), limit(1_000_000), limit(1, false)]).toEqual([true, false, false])
  expect(() => withFolder(CAREFUL, { kind: 'folder', path: 'a', on: true })).toThrow(/not a whole path/)
})

test('more texts than can be looked through raise, so that none hides among them', () => {
  const many = { list: Array.from({ length: 30_000 }, (_, n) => `a${n}`) }
  expect(why(many).protectedValues).toEqual([expect.stringContaining('more arguments than')])
  expect(why(many, ['/w']).outside).toEqual(why(many).protectedValues)
})

test('a glob with a slash, and a hostile text, take no time', () => {
  expect(carries(`${'a/'.repeat(100_000)}`, 'release/*')).toBe(false)
  expect(carries('x/release/2', 'release/*')).toBe(true)
})

function carries(text: string, value: string): boolean {
  const found = new Map<string, string>()
  findProtected(fold(text), { mine: [value] }, found)
  return found.size > 0
}

test.each([
  ['a name that objects have by themselves', '{"constructor":"x","spec":{"constructor":1,"ns":"prod"}}'],
  ['the first of two values under one name', '{"ns":"prod","ns":"staging"}'],
  ['escapes', '{"ns":"pr\\u006fd"}'],
  ['an escaped line break before it', '{"command":"echo \\"hi\\"\\ngit push origin main"}'],
  ['a text that ends in a backslash before it', '{"path":"C:\\\\","ns":"prod"}'],
  ['a nested name, with space before its colon', '{"spec":{"prod" \n: 1}}'],
  ['a list as the whole of it', '[{"prod":1}]'],
  ['deeper than anybody nests', `{"a":${'['.repeat(5000)}"prod"${']'.repeat(5000)}}`],
  ['other letters beside it', '{"note":"größe","ns":"PROD"}'],
])('nothing hides a protected value: %s', (_, source) => {
  expect(raisedBy(source, { folders: [], protected: sets }).protectedValues).toContain(
    source.includes('main') ? 'main is in your protected branches.' : 'prod is in your protected environments.',
  )
})

test.each(['{"a":', '{"a":"b', '{"a":"\\x"}', 'plain words', '{"a":1}}', '{"a":"…"'])(
  '%j raises: it cannot be read',
  source => {
    expect(raisedBy(source, { folders: ['/w'], protected: sets })).toEqual({
      protectedValues: [expect.stringContaining('cannot be read')],
      outside: [expect.stringContaining('cannot be read')],
      value: null,
    })
  },
)

test('finds what a plain search finds, in any JSON', () => {
  const words = fc.constantFrom(
    'prod',
    'Main',
    'x',
    'release/2',
    'a-prod',
    ' ',
    '/',
    '//',
    ':',
    '\n',
    '"',
    '\\',
    'é',
    'ｐｒｏｄ',
    '\u2028',
  )
  const text = fc.array(words, { maxLength: 6 }).map(parts => parts.join(''))
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.constantFrom(1, -2.5e-7, true, null),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(text, tree, { maxKeys: 4 }), fc.constantFrom(0, 2), (args, spaces) => {
      const found = raisedBy(JSON.stringify(args, null, spaces), { folders: [], protected: sets }).protectedValues
      const isThere = textsIn(args).some(one =>
        Object.values(sets)
          .flat()
          .some(value => plainly(one, value)),
      )
      expect(found.length > 0).toBe(isThere)
    }),
    { numRuns: 3000 },
  )
})

function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  const names = depth > 0 && !Array.isArray(value) ? Object.keys(value) : []
  return [...names, ...Object.values(value).flatMap(one => textsIn(one, depth + 1))]
}

function plainly(text: string, value: string): boolean {
  const whole = text.normalize('NFKC').trim().toLowerCase()
  const words = whole.split(/[\s,;:=@"'`()[\]{}<>|&]+/)
  const behind = words.flatMap(word => word.split('/').map((_, n, all) => all.slice(n).join('/')))
  const hosts = words.filter(word => word.startsWith('//')).map(word => word.split('/')[2]!)
  const ended = words.filter(word => word.endsWith('/')).map(word => word.slice(0, -1))
  const fits = new RegExp(`^${value.replace('*', '[^]*')}$`)
  return [whole, ...behind, ...hosts, ...ended].some(name => fits.test(name))
}
