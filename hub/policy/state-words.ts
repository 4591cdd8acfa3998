// What differs between two policies, line by line, in words a person can decide by.
import type { Rule } from '../../contract/policy.ts'
import { type PolicyState, ruleKey } from './policy-state.ts'
import { limitText, ruleText, shown } from './rule-text.ts'

const PRESETS = { careful: 'Careful', balanced: 'Balanced', 'read-only': 'Read-only', custom: 'Custom' } as const

/** What goes and what comes, one fact a line; null when nothing does. */
export function difference(
  before: PolicyState,
  after: PolicyState,
  serverName: (id: string) => string,
): { before: string; after: string } | null {
  const goes: string[] = []
  const comes: string[] = []
  if (before.preset !== after.preset) {
    goes.push(`Preset ${PRESETS[before.preset]}`)
    comes.push(`Preset ${PRESETS[after.preset]}`)
  }
  if (before.readOnly !== after.readOnly) {
    goes.push(`Read-only ${before.readOnly ? 'on' : 'off'}`)
    comes.push(`Read-only ${after.readOnly ? 'on' : 'off'}`)
  }
  if (before.stopped !== after.stopped) {
    goes.push(before.stopped ? 'Everything stopped' : 'Servers run')
    comes.push(after.stopped ? 'Everything stopped' : 'Servers run')
  }
  const [was, is] = [guardLines(before, serverName), guardLines(after, serverName)]
  goes.push(...was.filter(line => !is.includes(line)))
  comes.push(...is.filter(line => !was.includes(line)))
  goes.push(...only(before.rules, after.rules).map(rule => `Rule ${rule.id}: ${ruleText(rule, serverName)}`))
  comes.push(...only(after.rules, before.rules).map(rule => `Rule ${rule.id}: ${ruleText(rule, serverName)}`))
  if (goes.length === 0 && comes.length === 0) return null
  return { before: goes.join('\n'), after: comes.join('\n') || 'Nothing in their place' }
}

/** For a record: what went is as much of it as what came. */
export function inOneLine({ before, after }: { before: string | null; after: string }): string {
  return [before && `${before} →`, after].filter(Boolean).join(' ').replaceAll('\n', '; ')
}

function guardLines({ folders, protected: sets, limits }: PolicyState, serverName: (id: string) => string): string[] {
  const named = folders.map(folder => `Work in ${shown(folder)}`)
  return [
    ...(named.length > 0 ? named : ['Work anywhere']),
    ...Object.entries(sets).flatMap(([name, values]) => values.map(v => `Protected ${shown(name)}: ${shown(v)}`)),
    ...limits.map(limit => limitText(limit, serverName)),
  ]
}

function only(rules: readonly Rule[], others: readonly Rule[]): Rule[] {
  const known = new Set(others.map(ruleKey))
  return rules.filter(rule => !known.has(ruleKey(rule)))
}
