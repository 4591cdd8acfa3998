// A native notification for each call and question that waits, with Show and a no; it goes when the question does.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../contract/index.ts'
import type { Approval } from '../contract/policy.ts'
import type { PersonQuestion } from '../contract/questions.ts'
import type { Line } from './line.ts'

export type Hub = ContractRouterClient<typeof contract>

/** What is used of Electron's Notification. */
export interface Bubble {
  show(): void
  close(): void
  on(event: 'click' | 'close', listener: () => void): unknown
  on(event: 'action', listener: (event: { actionIndex: number }) => void): unknown
}

interface Screen {
  /** Whether a person looks at the window now: then its own dialog is enough. */
  isInFront(): boolean
  /** Its own dialog is there when the window comes forward. */
  showWindow(): void
  bubble(words: { title: string; body: string; actions: { type: 'button'; text: string }[] }): Bubble
  /** Decisions that wait, for tray and dock. */
  count(waiting: number): void
}

/** The hub's procedures over a line that was entered. */
export function callsOver(line: Line): Hub {
  return createORPCClient(new RPCLink({ websocket: asWebSocket(line) }))
}

/** Follows what waits until the line closes. */
export async function notify(hub: Hub, line: Line, screen: Screen): Promise<void> {
  const shown = new Map<string, Bubble>()
  const asked = new Set<string>()
  const ended = new AbortController()
  void line.closed.then(() => ended.abort())
  let calls = 0
  let questions = 0
  let proposals = 0
  try {
    for await (const part of await hub.hub.watch(undefined, { signal: ended.signal })) {
      if (part.proposals) proposals = part.proposals.length
      if (part.approvals) calls = follow('call', part.approvals, tellOfCall)
      if (part.questions) questions = follow('question', part.questions, tellOfQuestion)
      screen.count(calls + questions + proposals)
    }
  } catch {
    // The line ended; whoever gave it to us tries again.
  } finally {
    for (const bubble of shown.values()) bubble.close()
    screen.count(0)
  }

  /** Tells of those that are new, takes down what is over; answers how many wait. */
  function follow<T extends { id: string; state: { kind: string } }>(kind: string, all: T[], tell: (one: T) => void) {
    const waiting = all.filter(one => one.state.kind === 'waiting')
    const isOver = (key: string, some: T[]) =>
      key.startsWith(`${kind} `) && !some.some(one => key.endsWith(` ${one.id}`))
    for (const [key, bubble] of shown) if (isOver(key, waiting)) bubble.close()
    for (const one of waiting) {
      if (asked.has(`${kind} ${one.id}`)) continue
      asked.add(`${kind} ${one.id}`)
      tell(one)
    }
    for (const key of asked) if (isOver(key, all)) asked.delete(key)
    return waiting.length
  }

  function tellOfCall(one: Approval): void {
    const body = `${plain(one.client.title)} wants to run ${plain(one.tool)} on ${plain(one.server.name)}.`
    const deny = () => hub.approvals.answer({ id: one.id, answer: { kind: 'deny' } })
    raise(`call ${one.id}`, { title: 'A call waits for you', body, no: 'Deny' }, deny)
  }

  /** None of the server's own words: they could pass for ours here. */
  function tellOfQuestion(one: PersonQuestion): void {
    const body = `${plain(one.server.name)} asks you something, for a call of ${plain(one.clients[0]!.title)}.`
    const decline = () => hub.questions.answer({ id: one.id, answer: { action: 'decline' } })
    raise(`question ${one.id}`, { title: 'A server asks you something', body, no: 'Decline' }, decline)
  }

  function raise(
    key: string,
    { title, body, no }: Record<'title' | 'body' | 'no', string>,
    say: () => Promise<unknown>,
  ) {
    if (screen.isInFront()) return
    const actions = ['Show', no].map(text => ({ type: 'button' as const, text }))
    const bubble = screen.bubble({ title, body, actions })
    shown.set(key, bubble)
    const show = () => screen.showWindow()
    bubble.on('click', show)
    bubble.on('action', ({ actionIndex }) => {
      if (actionIndex === 0) show()
      // A no is safe from anywhere; a question that is over by now stays as it was answered.
      else say().catch(() => show())
    })
    bubble.on('close', () => void shown.delete(key))
    bubble.show()
  }
}

/** Foreign words: short, on one line, without what turns or hides text. */
function plain(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return clean.length > 60 ? `${clean.slice(0, 59)}…` : clean
}

type Listener = (event: { data: string }) => void

function asWebSocket(line: Line): Pick<WebSocket, 'addEventListener' | 'removeEventListener' | 'send' | 'readyState'> {
  const listeners: Record<string, Set<Listener>> = { message: new Set(), close: new Set(), open: new Set() }
  line.listen(data => {
    for (const listener of listeners.message!) listener({ data })
  })
  void line.closed.then(() => {
    for (const listener of listeners.close!) listener({ data: '' })
  })
  const like = {
    get readyState() {
      return line.isOpen ? 1 : 3
    },
    addEventListener: (kind: string, listener: Listener) => void listeners[kind]?.add(listener),
    removeEventListener: (kind: string, listener: Listener) => void listeners[kind]?.delete(listener),
    send: (data: string) => line.send(data),
  }
  return like as unknown as WebSocket
}
