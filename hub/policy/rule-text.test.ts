import { expect, test } from 'vitest'
import type { Rule } from '../../contract/policy.ts'
import { ruleText } from './rule-text.ts'

const names = (id: string) => {
  if (id !== 'srv_kubernetes00') throw new Error('unknown')
  return 'kubernetes'
}

test.each<[Omit<Rule, 'id'>, string]>([
  [{ effect: 'allow' }, 'Allow everything'],
  [{ effect: 'deny', tool: '*' }, 'Deny everything'],
  [{ effect: 'ask', server: 'srv_kubernetes00' }, 'Ask about everything on kubernetes'],
  [{ effect: 'ask', server: 'srv_gone00000000' }, 'Ask about everything on srv_gone00000000 (removed)'],
  [
    {
      effect: 'deny',
      server: 'srv_kubernetes00',
      tool: 'delete_pod',
      arguments: [{ path: 'namespace', equals: 'kube-system' }],
    },
    'Deny delete_pod on kubernetes where namespace is "kube-system"',
  ],
  [
    {
      effect: 'allow',
      client: 'cursor',
      tool: 'read_*',
      arguments: [
        { path: 'n', min: 1, max: 5 },
        { path: 'items.*.path', glob: '/data/**' },
      ],
    },
    'Allow tools like read_* for cursor where n is at least 1 and is at most 5 and items.*.path is like /data/**',
  ],
  [
    {
      effect: 'allow',
      client: 'claude-*',
      arguments: [{ path: 'q', pattern: '^select' }, { path: 'x' }],
      exactly: true,
    },
    'Allow everything for clients like claude-* where q matches /^select/ and x is given with no other arguments',
  ],
  [
    { effect: 'ask', arguments: [{ path: 'ns', in: ['a', 1, null, 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }] },
    'Ask about everything where ns is one of "a", 1, null, "b", "c", "d", "e", "f" and 2 more',
  ],
  [{ effect: 'allow', until: new Date(2026, 10, 3, 9, 5).getTime() }, 'Allow everything until 2026-11-03 09:05'],
])('%j reads: %s', (rule, text) => {
  expect(ruleText({ id: '1', ...rule }, names)).toBe(text)
})

test('hidden characters of a tool cannot turn the sentence around', () => {
  const text = ruleText({ id: '1', effect: 'allow', tool: 'read\u202e\u200b\n\u{e0041}' }, names)
  expect(text).toBe('Allow read\\u{202e}\\u{200b}\\u{a}\\u{e0041}')
  expect(ruleText({ id: '1', effect: 'allow', tool: 'x'.repeat(200) }, names).length).toBeLessThan(140)
})
