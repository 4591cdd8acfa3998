// One line from a client, parsed once and checked: what a person is shown must be what the server reads, so a text that
// two parsers could read differently is refused here. Everything else passes untouched.
import { inOneLine, isToken, type Member, members, type Trouble, trouble } from '../../contract/wire.ts'

export { LineReader } from './line-reader.ts'

/** A checked line. `id` and `token` are source text, so that big numbers and odd escapes come back as they were. */
export interface ClientFrame {
  kind: 'request' | 'notification' | 'response'
  text: string
  id: string | null
  method: string
  params: Member | undefined
  /** The members of params, where params is there. */
  fields: Member[]
  token: string | null
  /** `params` as JSON.parse reads it; for looking, never for sending. */
  value: Record<string, unknown>
}

/** Why a line is refused, as JSON-RPC says it. */
export interface Refusal {
  kind: 'refused'
  id: string | null
  code: number
  message: string
}

export const PARSE_ERROR = -32700
export const NOT_A_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const BAD_PARAMS = -32602
export const INTERNAL_ERROR = -32603
/** For what policy denies where a result cannot say it. */
export const DENIED = -32000

const EXACT = new Set([
  'id',
  'jsonrpc',
  'method',
  'params',
  'name',
  'arguments',
  'uri',
  'result',
  'error',
  'ref',
  '_meta',
])

/** Reads one line of a client. */
export function readFrame(line: string): ClientFrame | Refusal {
  const text = inOneLine(line)
  let message: unknown
  let found: Trouble | undefined
  try {
    // Before it is parsed, since a parser makes much of a deep text.
    found = trouble(text)
    if (found?.kind === 'too-deep') return refused(idOf(text), NOT_A_REQUEST, 'This message is nested too deeply.')
    // As it came: a line end inside a string is no JSON, and must not become one by having been made a space.
    message = JSON.parse(line)
  } catch {
    return refused(null, PARSE_ERROR, 'This line is not JSON.')
  }
  if (Array.isArray(message)) return refused(null, NOT_A_REQUEST, 'Gatehouse takes one message a line, not a batch.')
  if (!isObject(message)) return refused(null, NOT_A_REQUEST, 'A message is one JSON object.')
  const envelope = members(text)
  const idMember = envelope.find(m => m.key === 'id')
  const usable = typeof message.id === 'string' || typeof message.id === 'number'
  const id = idMember && usable ? text.slice(idMember.start, idMember.end) : null
  const no = (why: string, code = NOT_A_REQUEST) => refused(id, code, why)

  if (found) return no(`The name "${found.path}" stands there twice; servers would read it differently.`)
  const params = envelope.find(m => m.key === 'params')
  const fields = params ? members(text, params.start) : []
  const odd = oddCase(envelope) ?? oddCase(fields) ?? oddArguments(text, fields)
  if (odd) return no(odd)
  if (message.jsonrpc !== '2.0') return no('"jsonrpc" must be "2.0".')
  if (idMember && id === null) return no('"id" must be a string or a number.')
  const value = message.params ?? {}
  if (params && !isObject(value)) return no('"params" must be an object.', BAD_PARAMS)

  const { method } = message
  const frame = { text, id, params, fields, token: tokenOf(text, fields), value: value as Record<string, unknown> }
  const answers = Number('result' in message) + Number('error' in message)
  if (typeof method === 'string') {
    if (answers > 0) return no('A message is a request or an answer, not both.')
    return { ...frame, kind: id === null ? 'notification' : 'request', method }
  }
  if (method === undefined && id !== null && answers === 1) return { ...frame, kind: 'response', method: '' }
  return no('This is neither a request, a notification nor an answer.')
}

/** Two ids are the same when this is, however they were written. */
export function idKey(source: string): string {
  return source.startsWith('"') ? JSON.stringify(JSON.parse(source)) : source
}

/** The text of an object without some of its members. */
export function textWithout(text: string, fields: readonly Member[], without: readonly string[]): string {
  const kept = fields.filter(m => !without.includes(m.key))
  return `{${kept.map(m => `${JSON.stringify(m.key)}:${text.slice(m.start, m.end)}`).join(',')}}`
}

export function errorFrame(id: string | null, code: number, message: string, data?: unknown): string {
  const more = data === undefined ? '' : `,"data":${JSON.stringify(data)}`
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":{"code":${code},"message":${JSON.stringify(message)}${more}}}`
}

/** `result`: JSON text. */
export function resultFrame(id: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`
}

/** A tool's result that a model reads as a failure. */
export function toolErrorFrame(id: string, words: string): string {
  return resultFrame(id, `{"content":[{"type":"text","text":${JSON.stringify(words)}}],"isError":true}`)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The id of a text that is not parsed as a whole, as written. */
function idOf(text: string): string | null {
  const id = members(text).find(m => m.key === 'id')
  const source = id ? text.slice(id.start, Math.min(id.end, id.start + 200)) : 'null'
  return ['string', 'number'].includes(typeof JSON.parse(source)) ? source : null
}

function refused(id: string | null, code: number, message: string): Refusal {
  return { kind: 'refused', id, code, message }
}

// As Go's encoding/json compares names: without case, the long s and the Kelvin sign included.
function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function oddCase(fields: readonly Member[]): string | undefined {
  const odd = fields.find(m => !EXACT.has(m.key) && EXACT.has(fold(m.key)))
  return (
    odd &&
    `"${odd.key}" is written in another letter case than MCP's "${fold(odd.key)}"; servers would read it differently.`
  )
}

/** A tool may well call its arguments `URI` or `Id`; but two that differ by case alone are one to some servers. */
function oddArguments(text: string, fields: readonly Member[]): string | undefined {
  for (const holder of fields) {
    if (holder.key === 'ref') {
      const odd = oddCase(members(text, holder.start))
      if (odd) return odd
    }
    if (holder.key !== 'arguments') continue
    const seen = new Set<string>()
    for (const { key } of members(text, holder.start)) {
      if (seen.has(fold(key)))
        return `Two arguments are called "${key}" but for the letter case; servers would read them differently.`
      seen.add(fold(key))
    }
  }
  return undefined
}

function tokenOf(text: string, fields: readonly Member[]): string | null {
  const meta = fields.find(m => m.key === '_meta')
  const token = meta && members(text, meta.start).find(m => m.key === 'progressToken')
  return token && isToken(text, token) ? text.slice(token.start, token.end) : null
}
