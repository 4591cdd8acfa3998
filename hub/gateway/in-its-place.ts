// A modern client before a modern server: what the client cannot be asked, the server may ask the person in the window.
// Only where the server refuses the call for want of it: everything else passes by here untouched.
import { memberAt, members, splice } from '../../contract/wire.ts'
import { ENVELOPE } from '../supervisor/era.ts'
import { errorFrame, INTERNAL_ERROR, isObject, toolErrorFrame } from './frame.ts'
import { withMembers, withoutMembers } from './json-edit.ts'
import { answersTo, type Exchange, MISSING_CAPABILITY, MOST_ROUNDS } from './legacy-to-modern.ts'
import { NEEDS } from './listener.ts'
import { asModernAnswer } from './modern-to-legacy.ts'

export interface InItsPlace extends Omit<Exchange, 'client'> {
  /** What the client did not declare and the person answers, as capabilities. */
  missing: Record<string, unknown>
}

/** Of what may be offered to the server, that which the client did not declare itself. */
export function missingOf(
  offered: Record<string, unknown>,
  declared: Record<string, unknown>,
): Record<string, unknown> | null {
  const missing = Object.entries(offered).filter(([name]) => !isObject(declared[name]))
  return missing.length > 0 ? Object.fromEntries(missing) : null
}

export async function askInItsPlace(text: string, exchange: InItsPlace): Promise<string> {
  const { missing } = exchange
  const first = await exchange.send(text)
  if (!wants(missing, first)) return first
  const request = declare(text, missing)
  let next = request
  for (let round = 0; ; round++) {
    const answer = await exchange.send(next)
    const asked = memberAt(answer, ['result', 'inputRequests'])
    if (!asked || !asksFor(missing, answer, asked)) return answer
    if (round === MOST_ROUNDS) return no(exchange, `It asked for more than ${MOST_ROUNDS} times before it answered.`)
    const inputResponses = await answersTo(answer, asked, exchange)
    if (!exchange.isAllowed()) return no(exchange, 'The policy changed while this call was under way.')
    const state = memberAt(answer, ['result', 'requestState'])
    next = nextRound(request, inputResponses, state && answer.slice(state.start, state.end))
  }
}

/** It refused to begin, for nothing but what the person can give. */
function wants(missing: Record<string, unknown>, answer: string): boolean {
  if (!answer.includes(`${MISSING_CAPABILITY}`)) return false
  const { error } = JSON.parse(answer) as { error?: { code?: unknown; data?: { requiredCapabilities?: unknown } } }
  const required = error?.code === MISSING_CAPABILITY ? error.data?.requiredCapabilities : undefined
  return isObject(required) && Object.keys(required).every(name => name in missing)
}

function declare(text: string, missing: Record<string, unknown>): string {
  const declared = memberAt(text, ['params', '_meta', ENVELOPE.capabilities])
  if (!declared) return text
  const added = Object.entries(missing).map(([name, value]) => [name, JSON.stringify(value)])
  return withMembers(text, declared, Object.fromEntries(added))
}

function asksFor(missing: Record<string, unknown>, answer: string, asked: { start: number }): boolean {
  if (answer[asked.start] !== '{') return false
  return members(answer, asked.start).some(({ start, end }) => {
    const { method } = (JSON.parse(answer.slice(start, end)) ?? {}) as { method?: unknown }
    const needs = typeof method === 'string' ? NEEDS[method] : undefined
    return needs !== undefined && needs in missing
  })
}

/** The request as it was, with these answers instead of those it may have brought itself. */
function nextRound(request: string, inputResponses: string, requestState: string | undefined): string {
  const params = memberAt(request, ['params'])!
  const bare = withoutMembers(request.slice(params.start, params.end), ['inputResponses', 'requestState'])
  const given = { inputResponses, ...(requestState === undefined ? {} : { requestState }) }
  const filled = withMembers(bare, { start: 0, end: bare.length }, given)
  return splice(request, [{ ...params, text: filled }])
}

function no({ id, method }: InItsPlace, words: string): string {
  if (method !== 'tools/call') return errorFrame(id, INTERNAL_ERROR, words)
  return asModernAnswer(toolErrorFrame(id, words), method, undefined)
}
