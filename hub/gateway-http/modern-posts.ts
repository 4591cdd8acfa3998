// Requests of the modern era over HTTP: each POST stands for itself, and all of one client share a link, on which their ids
// are exchanged for ones that do not meet.
import { memberAt, splice } from '../../contract/wire.ts'
import type { ClientFrame } from '../gateway/frame.ts'
import { SUBSCRIPTION_KEY } from '../gateway/modern.ts'
import type { Reply } from './reply.ts'
import type { OpenLink } from './session.ts'

interface Open {
  id: string
  reply: Reply
}

export class ModernPosts {
  readonly #link: ReturnType<OpenLink>
  readonly #open = new Map<string, Open>()
  /** Monotonic ms of the last request. */
  usedAtMs = performance.now()
  #last = 0

  constructor(open: OpenLink) {
    this.#link = open((text, request) => this.#send(text, request))
  }

  get isBusy(): boolean {
    return this.#open.size > 0
  }

  get size(): number {
    return this.#open.size
  }

  definition(name: string): Record<string, unknown> | null {
    return this.#link.definition(name)
  }

  request(frame: ClientFrame, reply: Reply, closed: (listener: () => void) => void): void {
    const ours = `"h${++this.#last}"`
    this.#open.set(ours, { id: frame.id!, reply })
    // Who closes its connection takes its request back.
    closed(() => {
      if (!this.#open.delete(ours)) return
      this.#link.receive(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${ours}}}`)
    })
    this.#link.receive(splice(frame.text, [{ ...memberAt(frame.text, ['id'])!, text: ours }]))
  }

  tell(text: string): void {
    this.#link.receive(text)
  }

  close(why: string): void {
    this.#link.close(why)
    for (const { reply } of this.#open.values()) reply.end(503)
    this.#open.clear()
  }

  #send(text: string, request: string | undefined): void | Promise<void> {
    const open = request === undefined ? undefined : this.#open.get(request)
    if (!open) return
    if (memberAt(text, ['method']) === undefined) {
      this.#open.delete(request!)
      open.reply.answer(splice(text, [{ ...memberAt(text, ['id'])!, text: open.id }]))
      return
    }
    const stream = memberAt(text, ['params', '_meta', SUBSCRIPTION_KEY])
    return open.reply.event(stream ? splice(text, [{ ...stream, text: open.id }]) : text)
  }
}
