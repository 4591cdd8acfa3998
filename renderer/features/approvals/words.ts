// What approvals say: buttons, rules as sentences, clocks, and how a question ended.
import type { Approval, ArgumentCondition, Scope } from '../../../contract/policy.ts'
import { type RuleDraft, UNCHANGED } from './rule-draft.ts'

/** What each scope is called, and the button that uses it. */
export const SCOPES: Record<Scope, { label: string; allow: string }> = {
  once: { label: 'Only this call', allow: 'Allow once' },
  minutes: { label: '15 minutes', allow: 'Allow for 15 minutes' },
  session: { label: 'This session', allow: 'Allow for this session' },
  arguments: { label: 'These arguments', allow: 'Allow and write rule' },
  tool: { label: 'Any call of this tool', allow: 'Allow and write rule' },
}

/** Scopes in the order they widen, only those the hub offers; `once` is always there and first. */
export function scopesOf(approval: Pick<Approval, 'scopes'>): Scope[] {
  const order: Scope[] = ['once', 'minutes', 'session', 'arguments', 'tool']
  return order.filter(scope => scope === 'once' || approval.scopes.includes(scope))
}

/** `0:36`, `9:05`, `1:02:03`; never below zero. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** A condition of the rule that would be written: `path fits /srv/*`. */
export function conditionText({ path, equals, glob, min, max }: ArgumentCondition): string {
  const parts = [
    equals === undefined ? '' : `= ${typeof equals === 'string' ? equals : JSON.stringify(equals)}`,
    glob === undefined ? '' : `fits ${glob}`,
    min === undefined ? '' : `at least ${min}`,
    max === undefined ? '' : `at most ${max}`,
  ]
  return [path, ...parts.filter(Boolean)].join(' ')
}

/** What a wider yes covers, in our words. Time and session are narrow for what destroys or what a rule asks about. */
export function covers(
  scope: Scope,
  { client, risk }: Pick<Approval, 'client' | 'risk'>,
  { drafts, hours }: RuleDraft = UNCHANGED,
): string {
  const until = scope === 'minutes' ? 'For 15 minutes' : `Until ${client.title} disconnects, at most 8 hours`
  const end = hours > 0 ? 'until then' : 'until you remove the rule in Policy'
  switch (scope) {
    case 'once':
      return ''
    case 'minutes':
    case 'session':
      return risk === 'destroys'
        ? `${until}, the same call with the same arguments does not wait for you.`
        : `${until}, calls of this tool do not wait for you. Where a rule of yours asks, or a path lies outside your folders, only the same arguments pass.`
    case 'arguments':
      return `Calls with exactly these arguments and no others do not wait for you any more, ${end}.`
    case 'tool':
      return drafts.length > 0
        ? `Calls of this tool by ${client.title} that fit do not wait for you any more, whatever their other arguments, protected values too, ${end}.`
        : `No call of this tool by ${client.title} waits for you any more, whatever its arguments, protected values too, ${end}.`
  }
}

/** How a question ended, for the list: "Allowed once", "Denied: “keep it until Friday”". */
export function ending(state: Approval['state']): string {
  switch (state.kind) {
    case 'waiting':
      return 'Waits for you'
    case 'expired':
      return 'No answer in time, denied'
    case 'withdrawn':
      return /nothing was run/i.test(state.why) ? state.why : `${state.why} Nothing was run.`
    case 'answered': {
      if (!state.allowed) return state.word ? `Denied: “${state.word}”` : 'Denied'
      const how = {
        once: 'once',
        minutes: 'for 15 minutes',
        session: 'for this session',
        arguments: 'and wrote a rule',
        tool: 'and wrote a rule',
      }
      return `Allowed ${state.scope ? how[state.scope] : 'once'}`
    }
  }
}

/** How the question in a dialog ended, which closes by itself when it is answered there. */
export const endedElsewhere = (state: Approval['state']): string =>
  state.kind === 'answered'
    ? `${ending(state)}, in another window.${state.allowed ? '' : ' Nothing was run.'}`
    : ending(state)

/** What a call is about, in one line: its first short arguments, the client's words. */
export function gist(approval: Pick<Approval, 'compared'>): string {
  return approval.compared
    .map(c => unquoted(c.now))
    .filter(text => text !== '' && text.length <= 120 && !/^[[{]/.test(text))
    .slice(0, 3)
    .join(' · ')
}

/** A JSON string without its quotes, everything else as written. */
export function unquoted(json: string): string {
  if (!json.startsWith('"')) return json
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : json
  } catch {
    return json
  }
}

/** When a countdown speaks: at 30, 10 and 0 seconds, once each. */
export function spoken(secondsLeft: number): string | null {
  if (secondsLeft === 30 || secondsLeft === 10) return `${secondsLeft} seconds left`
  return secondsLeft === 0 ? 'The client stopped waiting' : null
}
