// One connection from its first frame on: hello, role, proof; then a bridge's MCP frames or the contract's calls.

import { timingSafeEqual } from 'node:crypto'
import { RPCHandler } from '@orpc/server/websocket'
import { baseOf } from '../../contract/clients.ts'
import { Hello, PROTOCOL, Proof } from '../../contract/hello.ts'
import type { Problem } from '../../contract/procedure.ts'
import { VERSION } from '../../contract/version.ts'
import type { Announcer } from '../announce.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clients } from '../clients/clients.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Caller, CallerContext } from './caller.ts'
import { asWebSocket, type Channel } from './channel.ts'
import type { HubRouter } from './router.ts'
import type { Windows } from './windows.ts'

/** What a connection may reach. */
export interface Doors {
  windows: Windows
  clients: Clients
  gateway: Gateway
  audit: Pick<Audit, 'append'>
  announcer: Announcer
  router: HubRouter
  /** The data folder's id, part of what windows sign. */
  instance: string
  /** The command line's token, in hub.json. */
  token: string
  /** The command line and bridges that are connected, for the idle end. */
  onBusy: (change: 1 | -1) => void
}

/** `socket`: the local socket. `web`: the browser listener, where only windows may come in. */
export interface Origin {
  kind: 'socket' | 'web'
  address: string
  /** Not through a forwarded port. */
  direct: boolean
}

const HELLO_DEADLINE_MS = 60_000
/** Proofs on one connection. */
const MOST_TRIES = 10

/** Takes a fresh connection through its hello and serves it until it closes. */
export function serveConnection(channel: Channel, origin: Origin, doors: Doors): void {
  const late = setTimeout(() => channel.close(), HELLO_DEADLINE_MS)
  channel.onClose(() => clearTimeout(late))
  channel.listen(text => {
    channel.listen(() => {})
    const hello = Hello.safeParse(parse(text))
    if (!hello.success)
      return refuse(channel, doors, 'hello/unreadable', 'The first frame is not a hello of Gatehouse.')
    if (hello.data.protocol !== PROTOCOL) {
      return refuse(
        channel,
        doors,
        'hello/version',
        `This hub is Gatehouse ${VERSION}; the other side is ${hello.data.version}. They do not understand each other.`,
        'Stop the hub (`gatehouse stop`) and start it again with the newer one.',
      )
    }
    if (origin.kind === 'web' && hello.data.role !== 'window')
      return refuse(channel, doors, 'hello/role', 'Only windows connect here.')
    const enter = { window: enterWindow, cli: enterCli, bridge: enterBridge }[hello.data.role]
    enter(channel, hello.data, origin, doors, () => clearTimeout(late))
  })
}

type Enter = (channel: Channel, hello: Hello, origin: Origin, doors: Doors, entered: () => void) => void

const enterCli: Enter = (channel, hello, _origin, doors, entered) => {
  if (!sameToken(hello.token, doors.token)) {
    return refuse(
      channel,
      doors,
      'hello/token',
      'The token is not this hub’s.',
      'Read it from hub.json in the data folder.',
    )
  }
  entered()
  welcome(channel, doors)
  serveCalls(channel, { role: 'cli', window: null }, doors)
}

const enterBridge: Enter = (channel, hello, _origin, doors, entered) => {
  const place = hello.token ? doors.clients.placeOf(hello.token) : 'unknown'
  if (!place) {
    return refuse(
      channel,
      doors,
      'hello/token',
      `The token in ${hello.client ?? 'this client'}’s entry is not one Gatehouse gave out, or was replaced.`,
      `Connect ${hello.client ?? 'the client'} again in Gatehouse.`,
    )
  }
  entered()
  welcome(channel, doors)
  const title =
    place === 'unknown'
      ? `Unknown client${hello.client ? ` (says it is ${hello.client})` : ''}`
      : doors.clients.title(place)
  try {
    const link = doors.gateway.link({
      client: baseOf(place),
      place,
      title,
      send: text => channel.send(text),
      kind: 'bridge',
      ...(hello.server ? { server: hello.server } : {}),
    })
    busy(channel, doors)
    doors.clients.linked(place)
    channel.onClose(() => link.close('the client disconnected'))
    if (hello.token) endWithToken(channel, place, hello.token, doors)
    channel.listen(text => link.receive(text))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    channel.listen(text => answerRefused(channel, text, message))
  }
}

/** A yes of its session, and what it asked, end with it; its bridge is told why when it comes again. */
function endWithToken(channel: Channel, place: string, token: string, { announcer, clients }: Doors): void {
  const look = (ended: string) => {
    if (ended === place && clients.placeOf(token) !== place) channel.close()
  }
  announcer.on('clients/token-ended', look)
  channel.onClose(() => announcer.off('clients/token-ended', look))
}

const enterWindow: Enter = (channel, _hello, origin, doors, entered) => {
  welcome(channel, doors)
  let tries = 0
  const ask = () => {
    if (++tries > MOST_TRIES) return channel.close()
    const challenge = doors.windows.challenge(doors.instance, origin.address)
    channel.listen(text => {
      channel.listen(() => {})
      void prove(text, challenge)
    })
    void channel.send(JSON.stringify(challenge))
  }
  const prove = async (text: string, challenge: ReturnType<Windows['challenge']>) => {
    const proof = Proof.safeParse(parse(text))
    if (!proof.success) return refuse(channel, doors, 'window/unreadable', 'The window’s proof cannot be read.')
    const verdict = await doors.windows.check(proof.data, challenge, origin.direct).catch(cause => ({
      kind: 'refused' as const,
      problem: { code: 'window/refused', message: String(cause?.message ?? cause) },
    }))
    await channel.send(JSON.stringify(verdict))
    if (verdict.kind === 'accepted') {
      // Revoked while it was told that it may come in.
      if (!doors.windows.isPaired(verdict.window)) return channel.close()
      entered()
      const closed = doors.windows.opened(verdict.window, () => channel.close())
      channel.onClose(closed)
      serveCalls(channel, { role: 'window', window: verdict.window }, doors)
    } else if (verdict.kind === 'pin-needed' || verdict.kind === 'pin-wrong' || verdict.kind === 'unknown-key') ask()
    else channel.close()
  }
  ask()
}

function serveCalls(channel: Channel, caller: Caller, doors: Doors): void {
  busy(channel, doors)
  const handler = new RPCHandler<CallerContext>(doors.router)
  const gone = new AbortController()
  channel.onClose(() => gone.abort())
  const line = asWebSocket(channel)
  channel.listen(text => {
    // What oRPC cannot read it rejects. Nobody else would catch that, and the hub would end of it.
    handler.message(line, text, { context: { caller, gone: gone.signal } }).catch(() => channel.close())
  })
  channel.onClose(() => handler.close(line))
}

function busy(channel: Channel, doors: Doors): void {
  doors.onBusy(1)
  channel.onClose(() => doors.onBusy(-1))
}

function welcome(channel: Channel, doors: Doors): void {
  void channel.send(JSON.stringify({ protocol: PROTOCOL, version: VERSION, instance: doors.instance }))
}

function refuse(channel: Channel, doors: Doors, code: string, message: string, hint?: string): void {
  const problem: Problem = { code, message, ...(hint ? { hint } : {}) }
  void doors.audit.append({ kind: 'refused', what: code, detail: message }, { durable: false })
  void channel.send(JSON.stringify({ protocol: PROTOCOL, version: VERSION, problem })).then(() => channel.close())
}

function answerRefused(channel: Channel, text: string, message: string): void {
  const frame = parse(text)
  if (typeof frame !== 'object' || frame === null || !('id' in frame)) return
  void channel.send(JSON.stringify({ jsonrpc: '2.0', id: frame.id, error: { code: -32000, message } }))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sameToken(given: string | undefined, wanted: string): boolean {
  if (!given) return false
  const a = Buffer.from(given)
  const b = Buffer.from(wanted)
  return a.length === b.length && timingSafeEqual(a, b)
}
