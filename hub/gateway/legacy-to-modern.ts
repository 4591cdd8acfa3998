// A client of the legacy era before a server of the modern one: requests get an envelope, and a server that needs something
// first is given it by asking the client, as often as it takes.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { memberAt, members } from '../../contract/wire.ts'
import { HubError } from '../error.ts'
import { ENVELOPE } from '../supervisor/era.ts'
import { errorFrame, INTERNAL_ERROR, isObject, toolErrorFrame } from './frame.ts'
import { withMembers, withoutMembers } from './json-edit.ts'
import { LOG_LEVEL_KEY, withoutTasks } from './modern.ts'

export const MOST_ROUNDS = 8
/** Before a round that brings nothing new: the server said to come back later. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4_000
export const MISSING_CAPABILITY = -32021
const ONLY_MODERN = ['resultType', 'ttlMs', 'cacheScope']

/** What is said of a legacy client to a modern server. */
export interface LegacyClient {
  version: string
  capabilities: Record<string, unknown>
  clientInfo: unknown
  logLevel: string | null
}

export interface Exchange {
  id: string
  method: string
  client: LegacyClient
  send(text: string): Promise<string>
  /** Asks the client, or whoever answers in its place; settles with a whole answer frame. `text`: a request's frame. */
  ask(method: string, text: string): Promise<string>
  /** What was asked under this id is no longer wanted; its answer settles. */
  takeBack(id: string): void
  /** The client took its request back, or is gone. */
  signal: AbortSignal
  /** Policy still lets this call through: much may have changed while somebody was asked. */
  isAllowed(): boolean
}

let lastQuestion = 0

export async function askModern(text: string, exchange: Exchange): Promise<string> {
  const { id, method } = exchange
  const request = asModernRequest(text, exchange.client)
  let next = request
  for (let round = 0; round <= MOST_ROUNDS; round++) {
    const answer = await exchange.send(next)
    const result = members(answer).findLast(m => m.key === 'result')
    if (!result) return asLegacyError(answer, id, method)
    const body = answer.slice(result.start, result.end)
    const { resultType = 'complete', inputRequests } = JSON.parse(body) as {
      resultType?: unknown
      inputRequests?: unknown
    }
    if (resultType === 'complete') return legacyAnswer(answer, result, body)
    if (resultType !== 'input_required')
      return no(
        exchange,
        `It answered with ${JSON.stringify(resultType)}, which this client's version of MCP does not know.`,
      )
    const state = memberAt(body, ['requestState'])
    const asked = memberAt(body, ['inputRequests'])
    const answers = isObject(inputRequests) && asked ? await answersTo(body, asked, exchange) : '{}'
    if (answers === '{}')
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS), undefined, { signal: exchange.signal })
    if (!exchange.isAllowed()) return no(exchange, 'The policy changed while this call was under way.')
    const params = memberAt(request, ['params'])!
    next = withMembers(request, params, {
      inputResponses: answers,
      ...(state ? { requestState: body.slice(state.start, state.end) } : {}),
    })
  }
  return no(exchange, `It asked for more than ${MOST_ROUNDS} times before it answered.`)
}

function asModernRequest(text: string, { version, capabilities, clientInfo, logLevel }: LegacyClient): string {
  const envelope = {
    [ENVELOPE.version]: JSON.stringify(version),
    [ENVELOPE.clientInfo]: JSON.stringify(clientInfo ?? { name: 'unknown', version: '0' }),
    [ENVELOPE.capabilities]: JSON.stringify(modernCapabilities(capabilities)),
    ...(logLevel ? { [LOG_LEVEL_KEY]: JSON.stringify(logLevel) } : {}),
  }
  const params = memberAt(text, ['params'])
  if (!params) return withMembers(text, { start: text.indexOf('{'), end: text.length }, { params: metaOnly(envelope) })
  const meta = memberAt(text, ['_meta'], params.start)
  if (!meta) return withMembers(text, params, { _meta: fromTexts(envelope) })
  return withMembers(text, meta, envelope)
}

/** Tasks of the legacy era are another protocol than those of the modern one, which a legacy client cannot follow. */
function modernCapabilities({ tasks: _, ...capabilities }: Record<string, unknown>): Record<string, unknown> {
  const { extensions } = capabilities
  return isObject(extensions) ? { ...capabilities, extensions: withoutTasks(extensions) } : capabilities
}

/** `body`: what holds the server's inputRequests, at `asked`. */
export async function answersTo(
  body: string,
  asked: { start: number },
  exchange: Pick<Exchange, 'ask' | 'takeBack' | 'signal'>,
): Promise<string> {
  const texts: string[] = []
  // One after the other, as a person is asked.
  for (const { key, start, end } of members(body, asked.start)) {
    const request = body.slice(start, end)
    const { method, params } = JSON.parse(request) as { method?: unknown; params?: Record<string, unknown> }
    if (typeof method !== 'string')
      throw new HubError('server/bad-question', 'The server asked for something without saying what.')
    const url = method === 'elicitation/create' && params?.mode === 'url' && params.elicitationId === undefined
    const at = memberAt(request, ['params'])
    const said = at ? request.slice(at.start, at.end) : '{}'
    const given = url
      ? withMembers(said, { start: 0, end: said.length }, { elicitationId: JSON.stringify(randomUUID()) })
      : said
    const own = `"round-${++lastQuestion}"`
    const takeBack = () => exchange.takeBack(own)
    exchange.signal.addEventListener('abort', takeBack, { once: true })
    const answer = await exchange
      .ask(method, `{"jsonrpc":"2.0","id":${own},"method":${JSON.stringify(method)},"params":${given}}`)
      .finally(() => exchange.signal.removeEventListener('abort', takeBack))
    exchange.signal.throwIfAborted()
    texts.push(`${JSON.stringify(key)}:${resultOf(answer, method)}`)
  }
  return `{${texts.join(',')}}`
}

/** An elicitation that nobody answers counts as cancelled; what else is refused ends the call. */
function resultOf(answer: string, method: string): string {
  const result = memberAt(answer, ['result'])
  if (result) return answer.slice(result.start, result.end)
  if (method === 'elicitation/create') return '{"action":"cancel"}'
  const said = memberAt(answer, ['error', 'message'])
  const why: unknown = said && JSON.parse(answer.slice(said.start, said.end))
  throw new HubError(
    'client/refused',
    `The server needs ${method}, which was refused: ${typeof why === 'string' ? why : 'without a reason'}`,
  )
}

function legacyAnswer(answer: string, at: { start: number; end: number }, body: string): string {
  let result = withoutMembers(body, ONLY_MODERN)
  const content = memberAt(result, ['structuredContent'])
  // Legacy schemas know objects alone; the tool's output schema is wrapped the same way.
  if (content && result[content.start] !== '{')
    result = withMembers(
      result,
      { start: 0, end: result.length },
      { structuredContent: `{"result":${result.slice(content.start, content.end)}}` },
    )
  return result === body ? answer : answer.slice(0, at.start) + result + answer.slice(at.end)
}

function asLegacyError(answer: string, id: string, method: string): string {
  const { error } = JSON.parse(answer) as { error?: { code?: unknown; message?: unknown } }
  if (method !== 'tools/call' || error?.code !== MISSING_CAPABILITY) return answer
  return toolErrorFrame(id, `This tool needs something of the client that it does not offer: ${String(error.message)}`)
}

function no({ id, method }: Exchange, words: string): string {
  return method === 'tools/call' ? toolErrorFrame(id, words) : errorFrame(id, INTERNAL_ERROR, words)
}

function fromTexts(texts: Record<string, string>): string {
  return `{${Object.entries(texts)
    .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    .join(',')}}`
}

function metaOnly(envelope: Record<string, string>): string {
  return `{"_meta":${fromTexts(envelope)}}`
}
