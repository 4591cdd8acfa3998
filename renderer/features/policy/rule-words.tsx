// A rule as a sentence: who runs what, where which argument is so.
import type { ArgumentCondition, Preset, Rule } from '../../../contract/policy.ts'
import type { Effect } from '../../../contract/servers.ts'
import { Foreign } from '../../ui/index.ts'
import type { Names } from '../use-names.ts'
import css from './policy.module.css'

type Named = Pick<Rule, 'client' | 'server' | 'tool' | 'arguments' | 'exactly'>

export function RuleWords({ rule, names }: { rule: Named; names: Names }) {
  return (
    <span className={css.when}>
      <b>{rule.client ? <Foreign text={names.client(rule.client)} max={100} /> : 'anyone'}</b> runs{' '}
      <code>
        {rule.server ? <Foreign text={names.server(rule.server)} max={100} /> : 'any server'} ›{' '}
        {rule.tool ? <Foreign text={rule.tool} max={200} /> : 'any tool'}
      </code>
      {rule.arguments?.map((condition, at) => (
        <span key={condition.path}>
          {at === 0 ? ' where ' : ' and '}
          <code>
            <Foreign text={condition.path} max={200} />
          </code>{' '}
          <ConditionWords condition={condition} />
        </span>
      ))}
      {rule.exactly && ' and nothing else is given'}
    </span>
  )
}

function ConditionWords({ condition }: { condition: ArgumentCondition }) {
  const parts: [words: string, values: string[]][] = []
  if (condition.equals !== undefined) parts.push(['is', [asWritten(condition.equals)]])
  if (condition.in !== undefined) parts.push(['is one of', condition.in.map(asWritten)])
  if (condition.min !== undefined) parts.push(['is at least', [String(condition.min)]])
  if (condition.max !== undefined) parts.push(['is at most', [String(condition.max)]])
  if (condition.glob !== undefined) parts.push(['fits', [condition.glob]])
  if (condition.pattern !== undefined) parts.push(['matches', [`/${condition.pattern}/`]])
  if (parts.length === 0) return 'is given'
  return parts.map(([words, values], at) => (
    <span key={words}>
      {at > 0 && ' and '}
      {words}{' '}
      {values.map((value, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a value is its place
        <span key={nth}>
          {nth > 0 && ', '}
          <code>
            <Foreign text={value} max={120} />
          </code>
        </span>
      ))}
    </span>
  ))
}

/** A text bare where it cannot be taken for something else; everything else as JSON. */
function asWritten(value: unknown): string {
  const plain = typeof value === 'string' && /^[^\s",]+$/.test(value) && !/^(true|false|null|-?[\d.]+)$/.test(value)
  return plain ? value : JSON.stringify(value)
}

/** What each preset does where no rule fits. */
export const presets: Record<Preset, { name: string; rows: { effect: Effect; what: string }[] }> = {
  careful: {
    name: 'Careful',
    rows: [
      { effect: 'allow', what: 'tools that only read, on servers you trust' },
      { effect: 'ask', what: 'tools that write' },
      { effect: 'ask', what: 'tools that destroy, or whose risk is unknown' },
      { effect: 'ask', what: 'anything that reads or writes outside the folders you named' },
    ],
  },
  balanced: {
    name: 'Balanced',
    rows: [
      { effect: 'allow', what: 'tools that only read, on servers you trust' },
      { effect: 'allow', what: 'tools that write and say that they destroy nothing, on servers you trust' },
      { effect: 'ask', what: 'tools that destroy, whose risk is unknown, or that reach beyond this machine' },
      { effect: 'ask', what: 'changes that name a protected value, and anything outside the folders you named' },
    ],
  },
  'read-only': {
    name: 'Read-only',
    rows: [
      { effect: 'allow', what: 'tools that only read, on servers you trust' },
      { effect: 'deny', what: 'everything else' },
    ],
  },
  custom: { name: 'Custom', rows: [{ effect: 'ask', what: 'every tool that no rule of yours names' }] },
}

const rank = (rule: Rule): number =>
  (rule.arguments?.length || rule.exactly ? 32 : 0) +
  (rule.tool ? (/[*?]/.test(rule.tool) ? 8 : 16) : 0) +
  (rule.server ? 4 : 0) +
  (rule.client ? (/[*?]/.test(rule.client) ? 1 : 2) : 0)

/** The most specific first, as it is decided; the order in the file means nothing. */
export const bySpecificity = (rules: readonly Rule[]): Rule[] =>
  [...rules].sort((a, b) => rank(b) - rank(a) || a.id.localeCompare(b.id))
