// Opens the HTTP gateway while a client needs it, and closes it again.
import type { HubStatus } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import type { Clients } from '../clients/clients.ts'
import { problemOf } from '../error.ts'
import { HttpGateway, type HttpParts } from './http-gateway.ts'

export interface HttpDoorParts {
  gateway: HttpParts['gateway']
  clients: Pick<Clients, 'clientOf' | 'title' | 'others'>
  announcer: Announcer
  audit: HttpParts['audit']
  report: (message: string) => void
  /** A link over HTTP was opened, or closed. */
  onLink: (change: 1 | -1) => void
}

const RETRY_MS = 10_000

export class HttpDoor {
  readonly #o: HttpDoorParts
  /** Whose the tokens are that came in: looked up once, until a client changes. */
  readonly #known = new Map<string, string>()
  readonly #changed = () => {
    this.#known.clear()
    void this.#sync()
  }
  #open: HttpGateway | undefined
  #problem: string | null = null
  #retry: NodeJS.Timeout | undefined
  /** One opening or closing after the other. */
  #queue: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: HttpDoorParts) {
    this.#o = parts
  }

  /** Follows the clients from now on. */
  begin(): Promise<void> {
    this.#o.announcer.on('clients/changed', this.#changed)
    return this.#sync()
  }

  get status(): HubStatus['http'] {
    const { others } = this.#o.clients
    if (!others.needsHttp) return null
    const { port } = others
    return { port, url: `http://127.0.0.1:${port}/mcp`, problem: this.#problem }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#o.announcer.off('clients/changed', this.#changed)
    await this.#sync()
  }

  #clientOf(token: string): string | null {
    const known = this.#known.get(token) ?? this.#o.clients.clientOf(token)
    if (known !== null) this.#known.set(token, known)
    return known
  }

  #sync(): Promise<void> {
    const done = () => void this.#o.announcer.emit('links/changed')
    this.#queue = this.#queue.then(() => this.#bring()).then(done, error => this.#o.report(String(error)))
    return this.#queue
  }

  /** To where the clients say it belongs. */
  async #bring(): Promise<void> {
    const { clients, gateway, audit, onLink } = this.#o
    const { needsHttp, port } = clients.others
    const isWanted = needsHttp && !this.#isClosed
    if (this.#open && (!isWanted || this.#open.port !== port)) {
      await this.#open.close()
      this.#open = undefined
    }
    if (this.#open) return this.#open.recheck()
    this.#problem = null
    clearTimeout(this.#retry)
    if (!isWanted) return
    const clientOf = (token: string) => this.#clientOf(token)
    const title = (client: string) => clients.title(client)
    try {
      this.#open = await HttpGateway.open(port, { gateway, clientOf, title, audit, onLink })
      this.#retry = undefined
    } catch (error) {
      const { message, hint } = problemOf(error)
      this.#problem = hint ? `${message} ${hint}` : message
      if (!this.#retry) this.#o.report(this.#problem)
      // Whoever holds the port may go.
      this.#retry = setTimeout(() => this.#sync(), RETRY_MS).unref()
    }
  }
}
