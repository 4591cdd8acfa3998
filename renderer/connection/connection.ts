// Keeps this window connected: handshake, live snapshot, heartbeat, and trying again when the hub is gone.
import { createORPCClient, ORPCError } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../../contract/index.ts'
import type { Problem } from '../../contract/procedure.ts'
import { VERSION } from '../../contract/version.ts'
import { enter, type Invitation } from './handshake.ts'
import { EntryNews, listenForPorts, shell } from './shell.ts'
import { openWebSocket, PortWire, type Wire } from './socket.ts'
import { fail, merge, Watched } from './store.ts'

export type Hub = ContractRouterClient<typeof contract>

/** How this window and the hub stand. Times: epoch ms. */
export type HubState =
  | { kind: 'connecting' }
  | { kind: 'pairing-needed'; problem: Problem | null }
  | { kind: 'pin-needed'; problem: Problem | null }
  | { kind: 'live'; since: number; firstPairing: boolean }
  | {
      kind: 'gone'
      since: number
      lastHeardAt: number | null
      attempt: number
      tryAt: number | null
      problem: Problem | null
    }

const HEARTBEAT_MS = 15_000
const ANSWER_MS = 10_000
const PATIENCE_MS = 3_000
const LOCKED_WAIT_MS = 5_000
const firstWaitMs = 250
const longestWaitMs = 5_000

export const hubState = new Watched<HubState>({ kind: 'connecting' })
let link: RPCLink<Record<never, never>> | undefined
let wire: Wire | undefined
let lastHeardAt: number | null = null
let attempt = 0
let retry: ReturnType<typeof setTimeout> | undefined
let invitation: Invitation | null = takeInvitation()

/** The code comes in the fragment and leaves the address at once; it is never in history, logs or a referrer. */
function takeInvitation(): Invitation | null {
  if (typeof location === 'undefined') return null
  const code = new URLSearchParams(location.hash.slice(1)).get('pair')
  if (!code) return null
  history.replaceState(null, '', location.pathname + location.search)
  return { code }
}

/** The typed client. It stays the same over reconnects; a call made while the hub is gone says so after a short wait. */
export const hub: Hub = createORPCClient({
  call: async (path, input, options) => {
    if (!link) await Promise.race([becomesLive(), pause(PATIENCE_MS)])
    if (!link) throw new ORPCError('SERVICE_UNAVAILABLE', { message: notLive.message, data: notLive })
    return link.call(path, input, options)
  },
})

/** A page is often quicker than its connection, and a hub that was restarted is back in a moment. */
function becomesLive(): Promise<void> {
  return new Promise(resolve => {
    const stop = hubState.subscribe(() => {
      if (hubState.get().kind !== 'live') return
      stop()
      resolve()
    })
    void pause(PATIENCE_MS).then(stop)
  })
}

const notLive: Problem = {
  code: 'window/hub-gone',
  message: 'The hub is not answering, so nothing was done.',
  hint: 'The window connects again by itself. Then do it once more.',
}

/** Any thrown thing as what people are told. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof ORPCError) {
    const data: unknown = error.data
    if (typeof data === 'object' && data !== null && 'message' in data && 'code' in data) return data as Problem
    if (error.code === 'BAD_REQUEST')
      return { code: 'window/not-understood', message: inputProblem(data, error.message) }
    return { code: error.code, message: error.message }
  }
  const isCut = error instanceof Error && error.name === 'AbortError'
  if (isCut || hubState.get().kind !== 'live') return notLive
  return { code: 'window/unexpected', message: error instanceof Error ? error.message : String(error) }
}

function inputProblem(data: unknown, otherwise: string): string {
  const issues = (data as { issues?: { message: string; path?: (string | number)[] }[] } | null)?.issues
  const first = issues?.[0]
  return first ? `${first.path?.length ? `${first.path.join('.')}: ` : ''}${first.message}` : otherwise
}

/** Called once from main.tsx. */
export function connect(): void {
  if (!shell) return void attemptBrowser()
  listenForPorts((port, firstPairing) => live(new PortWire(port), firstPairing))
  shell.on('entry', told => {
    const news = EntryNews.parse(told)
    if (news.kind === 'pin-needed') hubState.set(news)
    else gone(news.problem, news.kind === 'gone' ? news.tryAt : null)
  })
  shell.call('ready')
}

/** Now, instead of when the clock says. */
export function tryNow(): void {
  if (shell) shell.call('try-now')
  else void attemptBrowser()
}

/** The PIN for the link this page came with. */
export function answerPin(pin: string): void {
  if (shell) shell.call('pin', pin)
  else if (invitation) {
    invitation = { ...invitation, pin }
    void attemptBrowser()
  }
}

/** A link pasted by hand, whole or its code alone. */
export function answerLink(text: string): void {
  const code = new URLSearchParams(text.trim().split('#')[1]).get('pair')
  invitation = { code: code ?? text.trim() }
  void attemptBrowser()
}

/** A link opened in a tab that shows this window already only changes the fragment. */
if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', () => {
    const taken = takeInvitation()
    if (!taken || hubState.get().kind === 'live') return
    invitation = taken
    void attemptBrowser()
  })
}

async function attemptBrowser(): Promise<void> {
  clearTimeout(retry)
  wire?.close()
  const socket = openWebSocket()
  wire = socket
  try {
    await opened(socket)
    const entry = await enter(socket, VERSION, invitation)
    if (wire !== socket) return
    if (entry.kind === 'accepted') {
      invitation = null
      return live(socket, entry.firstPairing)
    }
    wire = undefined
    socket.close()
    if (entry.kind === 'refused') return gone(entry.problem)
    if (entry.kind === 'pairing-needed') invitation = null
    // Unlocked elsewhere, the hub knows this window again.
    if (entry.kind === 'pairing-needed' && entry.problem?.code === 'window/locked')
      retry = setTimeout(() => void attemptBrowser(), LOCKED_WAIT_MS)
    hubState.set(entry)
  } catch (error) {
    if (wire !== socket) return
    wire = undefined
    socket.close()
    gone(hubState.get().kind === 'connecting' && attempt === 0 ? null : unexpected(error))
  }
}

const unexpected = (error: unknown): Problem | null =>
  error instanceof Event
    ? null
    : { code: 'window/handshake', message: error instanceof Error ? error.message : String(error) }

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', reject)
    socket.addEventListener('close', reject)
  })
}

function live(next: Wire, firstPairing: boolean): void {
  wire = next
  attempt = 0
  link = new RPCLink({ websocket: next })
  lastHeardAt = Date.now()
  const ended = new AbortController()
  next.addEventListener('message', () => {
    lastHeardAt = Date.now()
  })
  next.addEventListener('close', () => {
    ended.abort()
    if (wire === next) gone(null)
  })
  hubState.set({ kind: 'live', since: Date.now(), firstPairing })
  void watch(ended.signal)
  void beat(next, ended.signal)
}

/** Follows the hub's snapshot for as long as the wire lives. */
async function watch(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const part of await hub.hub.watch(undefined, { signal })) merge(part)
    } catch (error) {
      if (signal.aborted) return
      fail(problemFrom(error))
    }
    await pause(1_000)
  }
}

/** A hub that hangs keeps its sockets open: ask when nothing was heard for a while. */
async function beat(current: Wire, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(HEARTBEAT_MS)
    if (signal.aborted || Date.now() - (lastHeardAt ?? 0) < HEARTBEAT_MS) continue
    const answered = hub.hub.status().then(
      () => true,
      error => error instanceof ORPCError,
    )
    if (!(await Promise.race([answered, pause(ANSWER_MS).then(() => false)]))) {
      current.close()
      if (wire === current) gone({ code: 'window/hub-silent', message: 'The hub has not answered for 25 seconds.' })
    }
  }
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** `tryAt`: when the shell tries again, null when it does not; absent in a browser, where this window tries itself. */
function gone(problem: Problem | null, tryAt?: number | null): void {
  link = undefined
  wire = undefined
  const before = hubState.get()
  const waitMs = Math.min(firstWaitMs * 2 ** attempt, longestWaitMs)
  attempt++
  hubState.set({
    kind: 'gone',
    since: before.kind === 'gone' ? before.since : Date.now(),
    lastHeardAt,
    attempt,
    tryAt: tryAt === undefined ? Date.now() + waitMs : tryAt,
    problem,
  })
  if (!shell) retry = setTimeout(() => void attemptBrowser(), waitMs)
}
