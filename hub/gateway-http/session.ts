// A client of the legacy era over HTTP: one link that lasts over many requests, known by its session id.
import { randomUUID } from 'node:crypto'
import { memberAt } from '../../contract/wire.ts'
import type { ClientFrame } from '../gateway/frame.ts'
import type { Link } from '../gateway/gateway.ts'
import { HttpRefusal } from './refusal.ts'
import type { Reply } from './reply.ts'

/** Opens a link; closing it twice is not allowed. */
export type OpenLink = (
  send: (text: string, request?: string) => Promise<void> | void,
) => Pick<Link, 'receive' | 'definition' | 'close'>

export class Session {
  readonly id = randomUUID()
  readonly client: string
  readonly token: string
  readonly path: string
  /** Monotonic ms of the last request. */
  usedAtMs = performance.now()
  readonly #link: ReturnType<OpenLink>
  /** By the source text of the request's id. */
  readonly #replies = new Map<string, Reply>()
  #standing: Reply | undefined

  constructor(who: { client: string; token: string }, path: string, open: OpenLink) {
    this.client = who.client
    this.token = who.token
    this.path = path
    this.#link = open((text, request) => this.#send(text, request))
  }

  get isBusy(): boolean {
    return this.#replies.size > 0 || this.#standing !== undefined
  }

  request(frame: ClientFrame, text: string, reply: Reply, closed: (listener: () => void) => void): void {
    const id = frame.id!
    if (this.#replies.has(id)) throw new HttpRefusal(400, 'This id is still in use.', -32600)
    this.#replies.set(id, reply)
    // In this era a lost connection takes nothing back: only the client's own word does.
    closed(() => this.#replies.delete(id))
    this.#link.receive(text)
  }

  /** A notification, or an answer to a server's question. */
  tell(text: string): void {
    this.#link.receive(text)
  }

  /** The stream for what belongs to no request. */
  stand(reply: Reply, closed: (listener: () => void) => void): void {
    if (this.#standing && !this.#standing.isOver) throw new HttpRefusal(409, 'This session has its stream already.')
    this.#standing = reply
    closed(() => {
      if (this.#standing === reply) this.#standing = undefined
    })
    reply.stream()
  }

  close(why: string): void {
    this.#link.close(why)
    this.#standing?.end(200)
    for (const reply of this.#replies.values()) reply.end(404)
    this.#replies.clear()
  }

  #send(text: string, request: string | undefined): void | Promise<void> {
    const own = request === undefined ? undefined : this.#replies.get(request)
    if (own && memberAt(text, ['method']) === undefined) {
      this.#replies.delete(request!)
      own.answer(text)
      return
    }
    const where = own ?? this.#standing ?? this.#replies.values().next().value
    return where?.event(text)
  }
}
