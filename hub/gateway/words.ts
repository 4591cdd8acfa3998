// What a model is told when its call was not run: plain sentences it can act on. Every one says that nothing was run.
import type { Decision } from '../../contract/policy.ts'

export const WAITING =
  'This call waits for a person in Gatehouse and was not run yet. Repeat exactly the same call to get its result once ' +
  'it is allowed. Where no Gatehouse window is open, `gatehouse open` opens one.'

export const EXPIRED =
  'Nobody answered in Gatehouse in time, so this call was denied. Nothing was run. A repeat asks the person again.'

export const CHANGED =
  'This tool changed on its server while the call waited. Nothing was run. List the tools again before you repeat it.'

const READ_ONLY = 'Gatehouse is read-only now. Nothing was run; tools that only read still work.'

const STOPPED =
  'Everything in Gatehouse is stopped, and nothing was run. Only the person can start it again, in the Gatehouse window.'

export function deniedByPerson(word: string | null): string {
  const wrote = word ? ` and wrote: ${JSON.stringify(word)}` : ''
  return `The person denied this call in Gatehouse${wrote}. Nothing was run. Do not repeat it unless they ask for it.`
}

export function deniedByPolicy(decision: Decision, policy: { readOnly: boolean; stopped?: boolean }): string {
  if (decision.rule) return `A rule in Gatehouse denies this call: ${ended(decision.rule.text)} Nothing was run.`
  if (policy.stopped) return STOPPED
  if (policy.readOnly) return READ_ONLY
  return `Gatehouse denies this call. ${decision.reasons.map(ended).join(' ')} Nothing was run.`
}

export function overLimit(perMinute: number, retryInMs: number): string {
  const seconds = Math.max(1, Math.ceil(retryInMs / 1000))
  return `This tool may be called ${perMinute.toLocaleString('en')} times a minute, and was. Nothing was run. Try again in ${seconds} s.`
}

export function withdrawn(why: string): string {
  return `This call was not allowed in time: ${ended(why)} Nothing was run.`
}

export function hiddenFrom(client: string, what: string): string {
  return `${what} is hidden from ${client} by its profile in Gatehouse. Nothing was run. The person can show it, in the Gatehouse window under Clients.`
}

export function leftOutFor(client: string, tool: string, most: number): string {
  return `${tool} is left out for ${client}, which takes at most ${most} tools. Nothing was run. The person can hide other tools from it in the Gatehouse window, under Clients.`
}

export function notStarted(server: string, why: string, hint: string | undefined): string {
  return `${server} cannot be reached: ${ended(why)} Nothing was run.${hint ? ` ${ended(hint)}` : ''}`
}

export function notRecorded(why: string, hint: string | undefined): string {
  return `This call was refused because it cannot be recorded: ${ended(why)} Nothing was run.${hint ? ` ${ended(hint)}` : ''}`
}

function ended(sentence: string): string {
  const text = sentence.trim()
  return /[.!?]$/.test(text) ? text : `${text}.`
}
