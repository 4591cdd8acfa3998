// Random calls, rules and policies over few names, so that rules meet calls and each other. For tests.
import fc from 'fast-check'
import type { ArgumentCondition, Decision, Rule } from '../../contract/policy.ts'
import type { CallFacts } from './decide.ts'
import type { PolicyState } from './policy-state.ts'

const SERVERS = ['srv_a', 'srv_b']
const TOOLS = ['read_file', 'write_file', 'delete_file', 'resources/read', 'vendor/x']
const VALUES = ['prod', 'Prod', 'staging', '/a/b', '/a/../b', 1, 1.5, true, null, ['prod']]

/** How strict a decision is: allow 0, ask 1, deny 2. */
export function rank({ effect }: Decision): number {
  return { allow: 0, ask: 1, deny: 2 }[effect]
}

const given = fc.dictionary(fc.constantFrom('ns', 'n', 'path'), fc.constantFrom(...VALUES), { maxKeys: 3 })

export const calls: fc.Arbitrary<CallFacts> = fc
  .record({
    client: fc.constantFrom('cursor', 'claude'),
    server: fc.constantFrom(...SERVERS),
    trusted: fc.boolean(),
    method: fc.constantFrom('tools/call', 'tools/call', 'tools/call', 'resources/read', 'vendor/x', 'ping'),
    tool: fc.constantFrom(...TOOLS),
    annotations: fc.constantFrom(
      undefined,
      { readOnlyHint: true },
      { destructiveHint: false },
      { destructiveHint: true },
    ),
    isListed: fc.boolean(),
    args: given,
    held: fc.boolean(),
  })
  .map(({ server, trusted, method, tool, annotations, isListed, args, ...rest }) => {
    const name = method === 'tools/call' ? tool : method
    const definition = isListed && method === 'tools/call' ? { name, annotations } : null
    return {
      ...rest,
      server: { id: server, name: server, trusted },
      method,
      tool: name,
      definition,
      argumentsText: JSON.stringify(args),
    }
  })

const conditions: fc.Arbitrary<ArgumentCondition> = fc
  .tuple(
    fc.constantFrom('ns', 'n', 'path'),
    fc.constantFrom<Omit<ArgumentCondition, 'path'>>(
      { equals: 'prod' },
      { in: ['prod', 'staging'] },
      { min: 1 },
      { max: 1 },
      { glob: '/a/**' },
      { glob: 'prod*' },
      { pattern: '^s' },
      {},
    ),
  )
  .map(([path, test]) => ({ path, ...test }))

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

export const rules: fc.Arbitrary<Rule> = fc
  .record({
    effect: fc.constantFrom<Rule['effect']>('allow', 'ask', 'deny'),
    client: maybe(fc.constantFrom('cursor', 'c*', '*')),
    server: maybe(fc.constantFrom(...SERVERS)),
    tool: maybe(fc.constantFrom(...TOOLS, '*', '*_file', 'resources/*')),
    arguments: maybe(fc.array(conditions, { minLength: 1, maxLength: 2 })),
    exactly: maybe(fc.boolean()),
    until: maybe(fc.integer({ min: 1, max: 40 })),
  })
  .map(
    rule => Object.fromEntries(Object.entries({ id: 'r', ...rule }).filter(([, value]) => value !== undefined)) as Rule,
  )

export const policies: fc.Arbitrary<PolicyState> = fc
  .record({
    preset: fc.constantFrom<PolicyState['preset']>('careful', 'balanced', 'read-only', 'custom'),
    readOnly: fc.boolean(),
    stopped: fc.constantFrom(false, false, false, true),
    rules: fc.array(rules, { maxLength: 5 }),
    folders: fc.subarray(['/a', '/a/b', '/c']),
    protected: fc.constantFrom<PolicyState['protected']>(
      {},
      { ns: ['prod'] },
      { ns: ['prod', 'stag*'], more: ['/a/*'] },
    ),
    limits: fc.constant<PolicyState['limits']>([]),
  })
  .map(({ rules: some, ...rest }) => ({
    ...rest,
    rules: some.map((rule, n) => ({ ...rule, id: String(n + 1) })),
    lastRule: some.length,
  }))
