// policy.json: the mirror of the policy that people may edit. Comments stay; what cannot be read is never overwritten.
import { createHash } from 'node:crypto'
import {
  applyEdits,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { z } from 'zod'
import { ArgumentCondition, Policy, type ProtectedValues, RateLimit, Rule } from '../../contract/policy.ts'
import { HubError } from '../error.ts'
import { isNoPolicy } from './file-on-disk.ts'
import { CAREFUL, checkRule, isNarrower, isStricterPreset, type PolicyState, ruleKey } from './policy-state.ts'

// Strict at every depth: a mistyped condition must not make a rule wider than its writer meant.
export const FileRule = z.strictObject({
  ...Rule.shape,
  id: Rule.shape.id.optional(),
  arguments: z.array(z.strictObject(ArgumentCondition.shape)).max(20).optional(),
})
const PolicyFile = z.strictObject({
  $schema: z.string().optional(),
  preset: Policy.shape.preset.optional(),
  readOnly: z.boolean().optional(),
  rules: z.array(FileRule).max(1000),
  folders: Policy.shape.folders.optional(),
  protected: Policy.shape.protected.optional(),
  limits: z.array(z.strictObject(RateLimit.shape)).max(1000).optional(),
})
type PolicyFile = z.infer<typeof PolicyFile>

export type FileReading = { kind: 'read'; file: PolicyFile; sha256: string } | { kind: 'unreadable'; problem: string }

/** What the file says, or why it cannot be read, with line and column where there is one. */
export function readPolicyFile(text: string): FileReading {
  if (isNoPolicy(text)) return unreadable(text)
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error) return unreadable(`${place(text, error.offset)}: ${printParseErrorCode(error.error)}`)
  const twice = saidTwice(parseTree(text, [], { allowTrailingComma: true }))
  if (twice) return unreadable(`${place(text, twice.offset)}: ${JSON.stringify(twice.value)} stands here twice`)
  const parsed = PolicyFile.safeParse(value)
  if (!parsed.success) return unreadable(z.prettifyError(parsed.error).replaceAll('\n', ' '))
  try {
    for (const rule of parsed.data.rules) checkRule(rule as Rule)
  } catch (wrong) {
    return unreadable(wrong instanceof HubError ? wrong.message : String(wrong))
  }
  return { kind: 'read', file: parsed.data, sha256: sha256(text) }
}

/** The first name that is repeated in its object: of two equal names an editor may show one and we would take the other. */
export function saidTwice(node: Node | undefined): Node | undefined {
  const seen = new Set<unknown>()
  for (const child of node?.children ?? []) {
    const [key, value] = node!.type === 'object' ? child.children! : [undefined, child]
    if (key && seen.has(key.value)) return key
    seen.add(key?.value)
    const inner = saidTwice(value)
    if (inner) return inner
  }
  return undefined
}

function unreadable(why: string): FileReading {
  return { kind: 'unreadable', problem: `policy.json cannot be read: ${why}. The last good state stays in force.` }
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The state that the file describes whole. Rules in force keep their numbers, new ones get theirs. */
export function stateOfFile(state: PolicyState, file: PolicyFile): PolicyState {
  return numbered(
    {
      ...state,
      preset: file.preset ?? state.preset,
      readOnly: file.readOnly ?? state.readOnly,
      folders: file.folders ?? state.folders,
      protected: file.protected ?? state.protected,
      limits: (file.limits as RateLimit[] | undefined) ?? state.limits,
    },
    file.rules,
  )
}

/** The state with only what the file makes stricter: denies and asks it adds, allows it leaves out. */
export function tightenedByFile(state: PolicyState, file: PolicyFile): PolicyState {
  const inFile = new Set(file.rules.map(rule => ruleKey(rule as Rule)))
  const inForce = new Set(state.rules.map(ruleKey))
  const kept = state.rules.filter(rule => rule.effect !== 'allow' || inFile.has(ruleKey(rule)))
  const added = file.rules.filter(rule => rule.effect !== 'allow' && !inForce.has(ruleKey(rule as Rule)))
  const isStricter = file.preset !== undefined && isStricterPreset(state.preset, file.preset)
  const preset = isStricter ? file.preset! : state.preset
  const tighter = {
    ...state,
    preset,
    readOnly: state.readOnly || file.readOnly === true,
    folders: file.folders && isNarrower(state.folders, file.folders) ? file.folders : state.folders,
    protected: bothProtected(state.protected, file.protected ?? {}),
    limits: bothLimits(state.limits, (file.limits ?? []) as RateLimit[]),
  }
  return numbered(tighter, [...kept, ...added])
}

/** The accepted state with what was made stricter before it could be read. */
export function withTighter(stored: PolicyState, before: PolicyState): PolicyState {
  const strict = before.rules.filter(rule => rule.effect !== 'allow')
  const { readOnly, stopped, folders } = before
  const own = Object.entries(before.protected).map(([name, values]) => [
    name,
    values.filter(value => !CAREFUL.protected[name]?.includes(value)),
  ])
  const added = Object.fromEntries(own.filter(([, values]) => values!.length > 0))
  const limits = before.limits.filter(limit => !CAREFUL.limits.includes(limit))
  const none = !readOnly && !stopped && strict.length + folders.length + limits.length + Object.keys(added).length === 0
  if (none) return stored
  const rules = [...stored.rules, ...strict]
  const stillStopped = { ...stored, stopped: stored.stopped || stopped }
  return tightenedByFile(stillStopped, {
    rules,
    readOnly,
    protected: added,
    limits,
    ...(folders.length > 0 ? { folders } : {}),
  })
}

function bothProtected(inForce: ProtectedValues, inFile: ProtectedValues): ProtectedValues {
  const sets = { ...inForce }
  for (const [name, values] of Object.entries(inFile)) {
    const added = values.filter(value => !sets[name]?.includes(value))
    if (added.length > 0) sets[name] = [...(sets[name] ?? []), ...added]
  }
  return sets
}

// Of two limits for the same the lower one counts.
function bothLimits(inForce: readonly RateLimit[], inFile: readonly RateLimit[]): RateLimit[] {
  const nameOf = ({ client, server, tool }: RateLimit) => JSON.stringify([client, server, tool])
  const limits = new Map(inForce.map(limit => [nameOf(limit), limit]))
  for (const limit of inFile) {
    const known = limits.get(nameOf(limit))
    if (!known || limit.perMinute < known.perMinute) limits.set(nameOf(limit), limit)
  }
  return [...limits.values()]
}

function numbered(state: PolicyState, given: readonly PolicyFile['rules'][number][]): PolicyState {
  const rules = new Map<string, Rule>()
  const ids = new Set(state.rules.map(rule => rule.id))
  let { lastRule } = state
  for (const rule of given) {
    const key = ruleKey(rule as Rule)
    const known = state.rules.find(one => ruleKey(one) === key)
    if (rules.has(key)) continue
    let id = known?.id ?? rule.id
    if (!known && (id === undefined || id === '' || ids.has(id))) {
      do lastRule++
      while (ids.has(String(lastRule)))
      id = String(lastRule)
    }
    ids.add(id!)
    rules.set(key, known ?? ({ ...rule, id: id! } as Rule))
  }
  return { ...state, rules: [...rules.values()], lastRule }
}

/** The file's text after a change of the state, touching only what changed. `text` null: there is no file. */
export function editedFile(text: string | null, before: PolicyState, after: PolicyState): string {
  if (text === null) return fresh(after)
  const keys = (state: PolicyState) => new Set(state.rules.map(ruleKey))
  const [old, now] = [keys(before), keys(after)]
  let edited = text
  const set = (path: JSONPath, value: unknown, isNew = false) => {
    const formattingOptions = { insertSpaces: true, tabSize: 2, eol: text.includes('\r\n') ? '\r\n' : '\n' }
    edited = applyEdits(edited, modify(edited, path, value, { formattingOptions, isArrayInsertion: isNew }))
  }
  const inFile = rulesIn(text)
  for (let n = inFile.length - 1; n >= 0; n--) {
    const key = inFile[n]!
    if (old.has(key) && !now.has(key)) set(['rules', n], undefined)
  }
  for (const rule of after.rules) {
    const key = ruleKey(rule)
    if (!old.has(key) && !inFile.includes(key)) set(['rules', rulesIn(edited).length], rule, true)
  }
  if (before.preset !== after.preset) set(['preset'], after.preset)
  if (before.readOnly !== after.readOnly) set(['readOnly'], after.readOnly)
  for (const name of ['folders', 'protected', 'limits'] as const)
    if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) set([name], after[name])
  return readPolicyFile(edited).kind === 'read' ? edited : fresh(after)
}

function rulesIn(text: string): string[] {
  const reading = readPolicyFile(text)
  return reading.kind === 'read' ? reading.file.rules.map(rule => ruleKey(rule as Rule)) : []
}

// The sets a person never touched are not written: a later Gatehouse may protect more from the start.
function fresh({ preset, readOnly, rules, ...state }: PolicyState): string {
  const own = (['folders', 'protected', 'limits'] as const).filter(
    name => JSON.stringify(state[name]) !== JSON.stringify(CAREFUL[name]),
  )
  const set = Object.fromEntries(own.map(name => [name, state[name]]))
  return `${JSON.stringify({ preset, readOnly, rules, ...set }, null, 2)}\n`
}
