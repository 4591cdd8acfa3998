// What a person allowed goes on over the rounds of one call: a server that needs something first is called again with the
// same arguments, and the person is not asked twice for it.
import { hash } from 'node:crypto'
import { members } from '../../contract/wire.ts'
import { type ClientFrame, isObject } from './frame.ts'
import { requestDigest } from './request-state.ts'

const MOST = 100
const LIFE_MS = 10 * 60_000

export class ApprovedFlows {
  readonly #open = new Map<string, { by: string; untilMs: number }>()

  /** An answer that asks for another round. */
  note(frame: ClientFrame, answer: string, by: string): void {
    if (!answer.includes('input_required') || answer.length > 1_000_000) return
    const { result } = JSON.parse(answer) as { result?: unknown }
    if (!isObject(result) || result.resultType !== 'input_required') return
    this.#open.set(keyOf(frame, result.requestState), { by, untilMs: performance.now() + LIFE_MS })
    if (this.#open.size > MOST) this.#open.delete(this.#open.keys().next().value!)
  }

  /** Who allowed the call whose next round this is; once. The server's state must come back as it was given. */
  take(frame: ClientFrame): string | undefined {
    if (this.#open.size === 0 || !isNextRound(frame)) return undefined
    const key = keyOf(frame, frame.value.requestState)
    const flow = this.#open.get(key)
    this.#open.delete(key)
    return flow && performance.now() < flow.untilMs ? flow.by : undefined
  }
}

const ROUND = ['inputResponses', 'requestState']
const KNOWN = [...ROUND, '_meta', 'name', 'arguments', 'uri']

function isNextRound({ fields }: ClientFrame): boolean {
  return fields.some(m => ROUND.includes(m.key))
}

/** Everything but the round's own members and the bookkeeping in _meta must be the same. */
function keyOf(frame: ClientFrame, state: unknown): string {
  const { text, fields } = frame
  const more = fields.filter(m => !KNOWN.includes(m.key))
  const meta = fields.find(m => m.key === '_meta')
  const isNote = (key: string) => key.startsWith('io.modelcontextprotocol/') || key === 'progressToken'
  const notes = meta ? members(text, meta.start).filter(m => !isNote(m.key)) : []
  const rest = [...more, ...notes].map(m => [m.key, text.slice(m.start, m.end)])
  return hash('sha256', JSON.stringify([requestDigest(frame), typeof state === 'string' ? state : null, rest]))
}
