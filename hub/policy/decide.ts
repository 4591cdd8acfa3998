// May this call go on? Pure: the same facts, policy and time always give the same decision, and its reasons in words.
import type { Decision, Policy, Rule } from '../../contract/policy.ts'
import type { Effect, Tool } from '../../contract/servers.ts'
import { assertNever } from '../error.ts'
import { CallArguments } from './call-arguments.ts'
import { fitsArguments } from './conditions.ts'
import { fitsName, isExactName } from './globs.ts'
import type { Guarded } from './raised.ts'
import { type Assessment, destroyingWordIn, kindOfMethod, riskOf } from './risk.ts'
import { ruleScope, ruleText, shown } from './rule-text.ts'

/** One request of a client, as the policy sees it. */
export interface CallFacts {
  client: string
  server: { id: string; name: string; trusted: boolean }
  /** `tools/call`, or the method of any other request. */
  method: string
  /** The server's own name of the tool; the method for all other requests. */
  tool: string
  definition: Tool['definition'] | null
  /** JSON text as it came; for other requests than tools/call the text of `params`. */
  argumentsText: string
  /** The same text, kept by who decides one call more than once. */
  read?: CallArguments
  /** Its definition changed and no person has seen the change. */
  held: boolean
}

/** What decides. `serversByName`: rules may name servers by name too (a fixed policy without a person). */
export type DecidingPolicy = Pick<Policy, 'preset' | 'readOnly' | 'rules'> &
  Partial<Pick<Policy, 'stopped' | 'folders' | 'protected' | 'limits'>> & { serversByName?: boolean }

const MOST_NAME = 1024

export function decide(call: CallFacts, policy: DecidingPolicy, now: number): Decision {
  const isLong = call.tool.length > MOST_NAME || call.method.length > MOST_NAME
  const given = call.read ?? new CallArguments(call.argumentsText)
  const assessed = isLong ? assess(call) : raise(assess(call), given, policy)
  const done = (effect: Effect, reasons: string[], rule: Rule | null = null): Decision => ({
    effect,
    risk: assessed.risk,
    reasons: [...reasons, ...assessed.reasons],
    rule: rule && { id: rule.id, text: ruleText(rule, () => call.server.name) },
    changes: !isRead(assessed),
    ...(assessed.typed ? { typed: assessed.typed } : {}),
    ...(assessed.readsOutside ? { outside: true } : {}),
  })
  if (isLong) return done('deny', ['Its name is longer than 1,024 characters.'])
  const rules = matching(call, given, policy, now)
  const denied = strongest(rules.filter(rule => rule.effect === 'deny'))
  if (denied) return done('deny', [ruleReason(denied, call)], denied)
  if (policy.stopped && assessed.byProtocol !== 'housekeeping') return done('deny', ['Everything is stopped.'])
  if (policy.readOnly && !isRead(assessed)) return done('deny', ['Gatehouse is read-only now.'])
  if (policy.preset === 'read-only' && !isRead(assessed)) return done('deny', ['The preset Read-only denies it.'])
  if (call.held)
    return done('deny', [
      `${call.server.name} offers ${shown(call.tool)} as nobody has seen it yet. It is held back until you have looked.`,
    ])
  const rule = strongest(rules)
  if (rule) return done(rule.effect, [ruleReason(rule, call)], rule)
  return done(...byPreset(policy.preset, assessed))
}

/** What a list shows beside a tool: rules about arguments are left out, since there are none yet. Never for a call. */
export function decideListed(call: Omit<CallFacts, 'argumentsText'>, policy: DecidingPolicy, now: number): Decision {
  const rules = policy.rules.filter(rule => !rule.arguments?.length && !rule.exactly)
  return decide({ ...call, argumentsText: '{}' }, { ...policy, rules }, now)
}

interface Assessed extends Assessment {
  /** MCP itself says that this request changes nothing. */
  byProtocol: 'read' | 'housekeeping' | undefined
  /** It only reads, but outside the folders the person named. */
  readsOutside?: boolean
  /** The protected value it names. */
  typed?: string | null
}

const NO_FOLDERS: string[] = []
const NOTHING_PROTECTED: Policy['protected'] = {}

// Its class, read or not, stays what it is: a raised read needs no record first, but a person is asked.
function raise(assessed: Assessed, given: CallArguments, guarded: Partial<Guarded>): Assessed {
  if (assessed.byProtocol === 'housekeeping') return assessed
  const { folders = NO_FOLDERS, protected: sets = NOTHING_PROTECTED } = guarded
  if (isRead(assessed)) {
    if (folders.length === 0) return assessed
    const { outside } = given.raised({ folders, protected: NOTHING_PROTECTED })
    return outside.length > 0
      ? { ...assessed, readsOutside: true, reasons: [...outside, ...assessed.reasons] }
      : assessed
  }
  const { protectedValues, outside, value } = given.raised({ folders, protected: sets })
  if (protectedValues.length + outside.length === 0) return assessed
  const found = [...new Set([...protectedValues, ...outside])]
  return { ...assessed, risk: 'destroys', byItsWord: false, typed: value, reasons: [...found, ...assessed.reasons] }
}

// Only by a trusted server's word or by the protocol; never by a name alone.
function isRead(assessed: Assessed): boolean {
  return assessed.byProtocol !== undefined || (assessed.risk === 'reads' && assessed.byItsWord)
}

function assess(call: CallFacts): Assessed {
  const kind = kindOfMethod(call.method)
  switch (kind) {
    case 'tool':
      return { ...riskOf(call.server, call.tool, call.definition), byProtocol: undefined }
    case 'read':
    case 'housekeeping':
      return { risk: 'reads', byItsWord: false, byProtocol: kind, reasons: [`MCP defines ${call.method} as a read.`] }
    case 'unknown': {
      const word = destroyingWordIn(call.method)
      const reasons = [`Gatehouse does not know the method ${shown(call.method)}.`]
      if (word) reasons.unshift(`Its name says ${word}.`)
      return { risk: word ? 'destroys' : 'unknown', byItsWord: false, byProtocol: undefined, reasons }
    }
    default:
      return assertNever(kind)
  }
}

function byPreset(preset: Policy['preset'], assessed: Assessed): [Effect, string[]] {
  if (assessed.byProtocol === 'housekeeping') return ['allow', []]
  if (assessed.readsOutside) return ['ask', []]
  switch (preset) {
    case 'careful':
    case 'read-only':
      if (isRead(assessed)) return ['allow', []]
      return ['ask', ['The preset Careful asks before anything that is not known to only read.']]
    case 'balanced':
      if (isRead(assessed) || (assessed.risk === 'writes' && assessed.byItsWord)) return ['allow', []]
      return ['ask', ['The preset Balanced asks before what may destroy, and before what is not known.']]
    case 'custom':
      return ['ask', ['No rule speaks of it, and the preset Custom asks then.']]
    default:
      return assertNever(preset)
  }
}

function matching(call: CallFacts, given: CallArguments, policy: DecidingPolicy, now: number): Rule[] {
  return policy.rules.filter(rule => {
    if (rule.until !== undefined && rule.until <= now) return false
    if (rule.server !== undefined && !isServer(rule.server, call, policy)) return false
    if (rule.client !== undefined && !fitsName(rule.client, call.client)) return false
    if (rule.tool !== undefined && !fitsTool(rule, rule.tool, call)) return false
    return (!rule.arguments?.length && !rule.exactly) || fitsArguments(rule, given.json())
  })
}

function isServer(server: string, call: CallFacts, policy: DecidingPolicy): boolean {
  return server === call.server.id || (policy.serversByName === true && server === call.server.name)
}

// A tool may be called like a method and a method like a tool; an allow means only the one its own name looks like.
function fitsTool(rule: Rule, glob: string, call: CallFacts): boolean {
  if (!fitsName(glob, call.tool)) return false
  if (rule.effect !== 'allow') return true
  if (call.method !== 'tools/call') return glob.includes('/')
  return !glob.includes('/') || kindOfMethod(call.tool) === 'unknown'
}

/** The most specific rule; of equals a deny, then an ask. Undefined when there is none. */
function strongest(rules: readonly Rule[]): Rule | undefined {
  const strictness = { deny: 2, ask: 1, allow: 0 }
  return [...rules].sort((a, b) => specificity(b) - specificity(a) || strictness[b.effect] - strictness[a.effect])[0]
}

/** Arguments weigh more than an exact tool, that more than a glob, then server, then client; each only breaks a tie above. */
export function specificity(rule: Rule): number {
  const hasTool = rule.tool !== undefined
  return (
    (rule.arguments?.length || rule.exactly ? 32 : 0) +
    (hasTool && isExactName(rule.tool!) ? 16 : hasTool ? 8 : 0) +
    (rule.server !== undefined ? 4 : 0) +
    (rule.client !== undefined ? (isExactName(rule.client) ? 2 : 1) : 0)
  )
}

function ruleReason(rule: Rule, call: CallFacts): string {
  const verb = { allow: 'allows', ask: 'asks about', deny: 'denies' }[rule.effect]
  return `Rule ${shown(rule.id)} ${verb} ${ruleScope(rule, () => call.server.name)}.`
}
