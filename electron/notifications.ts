// A native notification for each question that waits, with Show and Deny; it goes when the question does.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../contract/index.ts'
import type { Approval } from '../contract/policy.ts'
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
  let proposals = 0
  try {
    for await (const part of await hub.hub.watch(undefined, { signal: ended.signal })) {
      if (part.proposals) proposals = part.proposals.length
      if (part.approvals) {
        const waiting = part.approvals.filter(one => one.state.kind === 'waiting')
        calls = waiting.length
        for (const [id, bubble] of shown) if (!waiting.some(one => one.id === id)) bubble.close()
        for (const one of waiting) if (!asked.has(one.id)) tell(one)
        for (const id of asked) if (!part.approvals.some(one => one.id === id)) asked.delete(id)
      }
      screen.count(calls + proposals)
    }
  } catch {
    // The line ended; whoever gave it to us tries again.
  } finally {
    for (const bubble of shown.values()) bubble.close()
    screen.count(0)
  }

  function tell(one: Approval): void {
    asked.add(one.id)
    if (screen.isInFront()) return
    const bubble = screen.bubble({
      title: 'A call waits for you',
      body: `${plain(one.client.title)} wants to run ${plain(one.tool)} on ${plain(one.server.name)}.`,
      actions: [
        { type: 'button', text: 'Show' },
        { type: 'button', text: 'Deny' },
      ],
    })
    shown.set(one.id, bubble)
    const show = () => screen.showWindow()
    bubble.on('click', show)
    bubble.on('action', ({ actionIndex }) => {
      if (actionIndex === 0) show()
      // Denying is safe from anywhere; a question that is over by now stays as it was answered.
      else hub.approvals.answer({ id: one.id, answer: { kind: 'deny' } }).catch(() => show())
    })
    bubble.on('close', () => void shown.delete(one.id))
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
