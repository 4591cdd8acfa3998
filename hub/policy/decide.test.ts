import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rule } from '../../contract/policy.ts'
import { type CallFacts, type DecidingPolicy, decide, decideListed } from './decide.ts'
import { calls, policies, rank, rules } from './policy.arbitrary.ts'

const base: CallFacts = {
  client: 'cursor',
  server: { id: 'srv_files0000000', name: 'files', trusted: true },
  method: 'tools/call',
  tool: 'write_file',
  definition: { name: 'write_file', annotations: { readOnlyHint: false } },
  argumentsText: '{"path":"/a"}',
  held: false,
}
const call = (change: Partial<CallFacts> = {}): CallFacts => ({ ...base, ...change })
const tool = (name: string, annotations?: unknown, trusted = true): CallFacts =>
  call({ tool: name, definition: { name, annotations }, server: { ...base.server, trusted } })
const policy = (change: Partial<DecidingPolicy> = {}): DecidingPolicy => ({
  preset: 'careful',
  readOnly: false,
  rules: [],
  ...change,
})
const effect = (one: CallFacts, change: Partial<DecidingPolicy> = {}) => decide(one, policy(change), 1000).effect
const rule = (effect: Rule['effect'], rest: Partial<Rule> = {}): Rule => ({
  id: `${effect}-${JSON.stringify(rest).length}`,
  effect,
  ...rest,
})

const read = tool('list_files', { readOnlyHint: true })
const untrustedRead = tool('list_files', { readOnlyHint: true }, false)
const write = tool('write_file', { readOnlyHint: false, destructiveHint: false })
const destroy = tool('delete_file', { readOnlyHint: true })
const unlisted = call({ tool: 'ghost', definition: null })
const resource = call({
  method: 'resources/read',
  tool: 'resources/read',
  definition: null,
  server: { ...base.server, trusted: false },
})
const ping = call({ method: 'ping', tool: 'ping', definition: null })
const vendor = call({ method: 'vendor/thing', tool: 'vendor/thing', definition: null })

test('the record is durable for all but what is known to only read', () => {
  const changes = [read, untrustedRead, write, destroy, unlisted, resource, ping, vendor].map(
    one => decide(one, policy(), 0).changes,
  )
  expect(changes).toEqual([false, true, true, true, true, false, false, true])
  const allowed = policy({ rules: [rule('allow')] })
  expect(decide(destroy, allowed, 0)).toMatchObject({ effect: 'allow', changes: true })
})

test.each<[string, Rule[], string]>([
  [
    'a deny against the most specific allow',
    [
      rule('deny'),
      rule('allow', {
        client: 'cursor',
        server: base.server.id,
        tool: 'write_file',
        arguments: [{ path: 'path', equals: '/a' }],
      }),
    ],
    'deny',
  ],
  [
    'arguments over an exact tool',
    [rule('ask', { tool: 'write_file' }), rule('allow', { arguments: [{ path: 'path', equals: '/a' }] })],
    'allow',
  ],
  ['an exact tool over a glob', [rule('ask', { tool: 'write_*' }), rule('allow', { tool: 'write_file' })], 'allow'],
  ['a glob over a server', [rule('allow', { server: base.server.id }), rule('ask', { tool: 'w*' })], 'ask'],
  ['a server over a client', [rule('ask', { client: 'cursor' }), rule('allow', { server: base.server.id })], 'allow'],
  ['a client over any', [rule('ask'), rule('allow', { client: 'cursor' })], 'allow'],
  [
    'client, server and tool over the tool',
    [
      rule('ask', { tool: 'write_file' }),
      rule('allow', { client: 'cursor', server: base.server.id, tool: 'write_file' }),
    ],
    'allow',
  ],
  ['a tie', [rule('allow', { tool: 'write_file' }), rule('ask', { tool: 'write_file' })], 'ask'],
  [
    'a tie of arguments',
    [
      rule('allow', { arguments: [{ path: 'path', equals: '/a' }] }),
      rule('ask', { arguments: [{ path: 'path', glob: '/**' }] }),
    ],
    'ask',
  ],
  ['another server', [rule('allow', { server: 'srv_other0000000' })], 'ask'],
  ['a server by name, where ids count', [rule('allow', { server: 'files' })], 'ask'],
  ['another client', [rule('allow', { client: 'claude-*' })], 'ask'],
  ['an allow that is over', [rule('allow', { until: 1000 })], 'ask'],
  ['an allow that is not over', [rule('allow', { until: 1001 })], 'allow'],
  ['a missing path in an allow', [rule('allow', { arguments: [{ path: 'other', glob: '**' }] })], 'ask'],
  ['a missing path in a deny', [rule('deny', { arguments: [{ path: 'namespace', equals: 'kube-system' }] })], 'deny'],
])('%s: %j → %s', (_, given, expected) => {
  expect(effect(call(), { rules: given })).toBe(expected)
  expect(effect(call(), { rules: [...given].reverse() })).toBe(expected)
})

test('a server goes by its name only where the policy is fixed', () => {
  expect(effect(call(), { rules: [rule('allow', { server: 'files' })], serversByName: true })).toBe('allow')
})

test('read-only denies all but reads, whatever rules allow', () => {
  const all = [read, untrustedRead, write, destroy, unlisted, resource, ping, vendor]
  const effects = all.map(one => effect(one, { readOnly: true, preset: 'balanced', rules: [rule('allow')] }))
  expect(effects).toEqual(['allow', 'deny', 'deny', 'deny', 'deny', 'allow', 'allow', 'deny'])
})

test('a held tool is denied, also under the most specific allow', () => {
  const rules = [rule('allow', { tool: 'list_files', server: base.server.id, client: 'cursor' })]
  expect(effect({ ...read, held: true }, { rules })).toBe('deny')
})

test('rules by method hold for reads of MCP, and an allow for a tool is none for a method', () => {
  expect(effect(resource, { rules: [rule('deny', { tool: 'resources/*' })] })).toBe('deny')
  expect(effect(resource, { rules: [rule('ask', { tool: 'resources/read' })] })).toBe('ask')
  expect(effect(resource, { preset: 'custom', rules: [rule('allow', { tool: 'resources/read' })] })).toBe('allow')
  const method = call({ method: 'write_file', tool: 'write_file', definition: null })
  expect(effect(method, { rules: [rule('allow', { tool: 'write_file' })] })).toBe('ask')
  expect(effect(vendor, { rules: [rule('allow', { tool: '*' })] })).toBe('ask')
  expect(effect(tool('resources/read'), { rules: [rule('allow', { tool: 'resources/*' })] })).toBe('ask')
})

test('arguments that cannot be read fit no allow and every deny', () => {
  const twice = call({ argumentsText: '{"path":"/a","path":"/etc"}' })
  const condition = { arguments: [{ path: 'path', glob: '/a' }] }
  expect(effect(twice, { rules: [rule('allow', condition)] })).toBe('ask')
  expect(effect(twice, { rules: [rule('deny', condition)] })).toBe('deny')
})

test('reasons: the rule first, then the risk', () => {
  const rules: Rule[] = [
    { id: '2', effect: 'ask', server: base.server.id, arguments: [{ path: 'namespace', in: ['prod', 'payments'] }] },
  ]
  const decision = decide(
    { ...tool('delete_pod', { destructiveHint: true }), argumentsText: '{"namespace":"prod"}' },
    policy({ rules }),
    0,
  )
  expect(decision).toEqual({
    effect: 'ask',
    risk: 'destroys',
    changes: true,
    rule: { id: '2', text: 'Ask about everything on files where namespace is one of "prod", "payments"' },
    reasons: [
      'Rule 2 asks about everything on files where namespace is one of "prod", "payments".',
      'files, which you trust, marks this tool as destructive.',
      'Its name says delete.',
    ],
  })
})

test('a list leaves out rules about arguments, a call never does', () => {
  const rules = [rule('deny', { tool: 'list_files', arguments: [{ path: 'dir', equals: '/etc' }] })]
  expect(decideListed(read, policy({ rules }), 0).effect).toBe('allow')
  expect(decide({ ...read, argumentsText: '{}' }, policy({ rules }), 0).effect).toBe('deny')
})

test('a name of ten million characters is denied at once', () => {
  const from = performance.now()
  expect(effect(call({ tool: 'a'.repeat(10_000_000) }), { rules: [rule('allow', { tool: '*a*a*a*b' })] })).toBe('deny')
  expect(performance.now() - from).toBeLessThan(30_000)
})

const RUNS = { numRuns: 2000 }

test('adding a deny or an ask never allows more', () => {
  fc.assert(
    fc.property(calls, policies, rules, fc.integer({ min: 0, max: 40 }), (one, before, added, now) => {
      fc.pre(added.effect !== 'allow')
      const after = { ...before, rules: [...before.rules, added] }
      expect(rank(decide(one, after, now))).toBeGreaterThanOrEqual(rank(decide(one, before, now)))
    }),
    RUNS,
  )
})

test('removing an allow never allows more', () => {
  fc.assert(
    fc.property(calls, policies, fc.nat(), fc.integer({ min: 0, max: 40 }), (one, before, pick, now) => {
      const allows = before.rules.filter(({ effect }) => effect === 'allow')
      fc.pre(allows.length > 0)
      const gone = allows[pick % allows.length]
      const after = { ...before, rules: before.rules.filter(kept => kept !== gone) }
      expect(rank(decide(one, after, now))).toBeGreaterThanOrEqual(rank(decide(one, before, now)))
    }),
    RUNS,
  )
})

test('read-only on, or a definition held back, never allows more', () => {
  fc.assert(
    fc.property(calls, policies, (one, before) => {
      const effectBefore = rank(decide(one, before, 0))
      expect(rank(decide(one, { ...before, readOnly: true }, 0))).toBeGreaterThanOrEqual(effectBefore)
      expect(rank(decide({ ...one, held: true }, before, 0))).toBeGreaterThanOrEqual(effectBefore)
    }),
    RUNS,
  )
})

test('the order of rules never matters', () => {
  fc.assert(
    fc.property(calls, policies, (one, before) => {
      const reversed = { ...before, rules: [...before.rules].reverse() }
      expect(decide(one, reversed, 0).effect).toBe(decide(one, before, 0).effect)
    }),
    RUNS,
  )
})

test('an untrusted server gains nothing by its hints', () => {
  fc.assert(
    fc.property(calls, policies, fc.boolean(), fc.boolean(), (one, before, readOnlyHint, destructiveHint) => {
      const untrusted = { ...one, server: { ...one.server, trusted: false } }
      const silent = { ...untrusted, definition: { name: one.tool } }
      const hinting = { ...untrusted, definition: { name: one.tool, annotations: { readOnlyHint, destructiveHint } } }
      expect(rank(decide(hinting, before, 0))).toBeGreaterThanOrEqual(rank(decide(silent, before, 0)))
    }),
    RUNS,
  )
})
