// Where a client's request goes: which server, under which name policy knows it, and the text that server gets.
import { type Member, memberAt, members, splice } from '../../contract/wire.ts'
import { BAD_PARAMS, type ClientFrame, isObject, METHOD_NOT_FOUND, textWithout } from './frame.ts'
import type { KnownServer } from './parts.ts'
import { serversOffering } from './templates.ts'
import type { Entry, View } from './view.ts'

/** What a client is told with a JSON-RPC error. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export interface Target {
  server: KnownServer
  /** The server's own name of the tool; for other requests the method. */
  tool: string
  entry: Entry | null
  argumentsText: string
  /** The frame with names as the server has them. */
  text: string
  /** Whom to show: the tool, prompt or resource as the client calls it. */
  shown: string
  /** As which request policy decides on it, where that is not the frame's own. */
  method?: string
  /** Who allowed the call it belongs to. */
  allowedBy?: string
}

/** Whom a client has a URI from: its server's id. */
export interface Emitted {
  of(uri: string): string | undefined
}

/** `view`: what this client sees; `single`: one server without prefixes, where unknown methods pass too. */
export function route(frame: ClientFrame, view: View, single: boolean, emitted: Emitted): Target {
  switch (frame.method) {
    case 'tools/call':
      return toTool(frame, view)
    case 'prompts/get':
      return toPrompt(frame, view, stringField(frame, 'name'), frame.fields)
    case 'completion/complete':
      return toCompletion(frame, view, emitted)
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return toResource(frame, view, stringField(frame, 'uri'), single, emitted)
    default: {
      const [server] = view.servers
      // A notification with an id is neither: it is answered here, and reaches nobody's calls in flight.
      if (!single || !server || frame.method.startsWith('notifications/'))
        throw new RpcError(METHOD_NOT_FOUND, `Gatehouse does not know ${frame.method}.`)
      return plain(frame, server, frame.text, frame.method)
    }
  }
}

function toTool(frame: ClientFrame, view: View): Target {
  const name = stringField(frame, 'name')
  const entry = view.named('tools', name) ?? view.ownTool(name)
  if (!entry) throw new RpcError(BAD_PARAMS, `Unknown tool: ${name}`)
  return targetOf(frame, entry, name)
}

/** A call of this tool, whether it is offered now or not. */
export function targetOf(frame: ClientFrame, entry: Entry, name: string): Target {
  const given = frame.fields.find(m => m.key === 'arguments')
  if (given && !isObject(frame.value.arguments)) throw new RpcError(BAD_PARAMS, '"arguments" must be an object.')
  const text = renamed(frame, frame.fields, entry)
  return { server: entry.server, tool: entry.own, entry, argumentsText: argumentsOf(frame, given), text, shown: name }
}

/** Whatever else a call carries goes to the server too, so it is shown and decided on together with the arguments. */
function argumentsOf({ text, fields }: ClientFrame, given: Member | undefined): string {
  const more = withoutBookkeeping(text, fields).filter(m => m.key !== 'name')
  if (more.some(m => m.key !== 'arguments')) return objectOf(more)
  return given ? text.slice(given.start, given.end) : '{}'
}

// What clients note for themselves beside a call, other each time: a yes that had to cover it would fit no repeat.
const ENVELOPE_KEY =
  /^io\.modelcontextprotocol\/(protocolVersion|clientInfo|clientCapabilities|logLevel|subscriptionId)$/
const BOOKKEEPING = /^(progressToken|traceparent|tracestate|baggage|claudecode\/.+|vscode\..+|openai\/.+)$/
const NOTE = /^("[^"\\]{0,200}"|-?[\d.eE+-]{1,30})$/

/** The members of params as text, without such notes in _meta and without a task that says no more than how long. */
function withoutBookkeeping(text: string, fields: readonly Member[]): { key: string; text: string }[] {
  return fields.flatMap(({ key, start, end }) => {
    const own = text.slice(start, end)
    if (key === 'task' && /^\{\s*("ttl"\s*:\s*\d{1,15}\s*)?\}$/.test(own)) return []
    if (key !== '_meta') return [{ key, text: own }]
    const isNote = (m: Member) =>
      ENVELOPE_KEY.test(m.key) ||
      (BOOKKEEPING.test(m.key) && (m.key === 'progressToken' || NOTE.test(text.slice(m.start, m.end))))
    const kept = members(text, start).filter(m => !isNote(m))
    if (!own.startsWith('{')) return [{ key, text: own }]
    return kept.length === 0 ? [] : [{ key, text: textWithout(text, kept, []) }]
  })
}

function objectOf(fields: readonly { key: string; text: string }[]): string {
  return `{${fields.map(m => `${JSON.stringify(m.key)}:${m.text}`).join(',')}}`
}

function toPrompt(frame: ClientFrame, view: View, name: string, holder: readonly Member[]): Target {
  const entry = view.named('prompts', name)
  if (!entry) throw new RpcError(BAD_PARAMS, `Unknown prompt: ${name}`)
  return plain(frame, entry.server, renamed(frame, holder, entry), name)
}

function toCompletion(frame: ClientFrame, view: View, emitted: Emitted): Target {
  const ref = frame.fields.find(m => m.key === 'ref')
  const value = frame.value.ref
  if (!ref || !isObject(value)) throw new RpcError(BAD_PARAMS, '"ref" must be an object.')
  if (value.type === 'ref/prompt' && typeof value.name === 'string') {
    return toPrompt(frame, view, value.name, members(frame.text, ref.start))
  }
  if (value.type === 'ref/resource' && typeof value.uri === 'string')
    return toResource(frame, view, value.uri, false, emitted)
  throw new RpcError(BAD_PARAMS, '"ref" names neither a prompt nor a resource.')
}

export const RESOURCE_NOT_FOUND = -32002

function toResource(frame: ClientFrame, view: View, uri: string, single: boolean, emitted: Emitted): Target {
  const found = single && view.servers.length === 1 ? [...view.servers] : serversOffering(view, uri)
  // One that nobody lists is read where the client has its link from.
  const among = found.length === 0 ? [...view.servers] : found
  const server = found.length === 1 ? found[0] : among.find(one => one.id === emitted.of(uri))
  if (!server && found.length === 0) throw new RpcError(RESOURCE_NOT_FOUND, `No server offers ${uri}.`, { uri })
  if (!server) {
    const names = found.map(s => s.name).join(', ')
    throw new RpcError(
      BAD_PARAMS,
      `More than one server offers ${uri}: ${names}. Reach one alone with \`gatehouse connect --server\`.`,
    )
  }
  return plain(frame, server, frame.text, uri)
}

/** A request that is no tool's: policy knows it by its method. */
function plain(frame: ClientFrame, server: KnownServer, text: string, shown: string): Target {
  const params = memberAt(text, ['params'])
  const argumentsText = params ? objectOf(withoutBookkeeping(text, members(text, params.start))) : '{}'
  return { server, tool: frame.method, entry: null, argumentsText, text, shown }
}

function renamed(frame: ClientFrame, holder: readonly Member[], entry: Entry): string {
  const name = holder.find(m => m.key === 'name')
  if (name && JSON.parse(frame.text.slice(name.start, name.end)) === entry.own) return frame.text
  return name ? splice(frame.text, [{ ...name, text: JSON.stringify(entry.own) }]) : frame.text
}

function stringField(frame: ClientFrame, key: string): string {
  const value = frame.value[key]
  if (typeof value !== 'string') throw new RpcError(BAD_PARAMS, `"${key}" must be a string.`)
  return value
}
