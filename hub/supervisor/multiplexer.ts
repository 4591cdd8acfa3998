// Many askers, one server: ids and progress tokens are exchanged by splicing, so every other byte arrives as it was sent.
import { isToken, memberAt, members, splice } from '../../contract/wire.ts'
import { HubError } from '../error.ts'
import { cancelledFrame, errorFrame, idAt, lastMember, textOf, watchedBy } from './frame-text.ts'
import type { TooLong } from './lines.ts'
import type { Era, RequestOptions, Upstream } from './upstream.ts'

/** What may wait for a server that does not read. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024
const REMEMBERED_IDS = 1_000
const SUBSCRIPTION = ['params', '_meta', 'io.modelcontextprotocol/subscriptionId']

interface Pending {
  id: string
  token: string | undefined
  method: string
  /** What is watched from now on, or no longer. */
  watches: string | undefined
  options: RequestOptions
  resolve(text: string): void
  reject(error: Error): void
  /** No longer listens to the asker's signal. */
  forget(): void
}

export interface MultiplexerOptions {
  scope: string
  name: string
  send(frame: string): void
  queuedBytes(): number
  log(text: string): void
}

export class Multiplexer implements Upstream {
  readonly scope: string
  era: Era = 'legacy'
  envelope: Record<string, unknown> = {}
  initialize = '{}'
  protocolVersion = ''
  readonly closed: Promise<HubError>
  /** Monotonic ms of the last answer to anything, and of the last request or answer of an asker. */
  answeredAtMs = Number.NEGATIVE_INFINITY
  usedAtMs = performance.now()
  /** Resources that somebody watches: it is to stay up for them. */
  readonly watched = new Set<string>()
  readonly #o: MultiplexerOptions
  #lastId = 0
  readonly #pending = new Map<number, Pending>()
  readonly #abandoned = new Set<number>()
  readonly #listeners = new Set<(text: string) => void | Promise<void>>()
  #answer: ((text: string, owners: unknown[]) => Promise<string>) | undefined
  #end: HubError | undefined
  #resolveClosed!: (error: HubError) => void

  constructor(options: MultiplexerOptions) {
    this.#o = options
    this.scope = options.scope
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
  }

  /** Requests of others than Gatehouse itself without an answer yet. */
  get inFlight(): number {
    let count = 0
    for (const { options } of this.#pending.values()) if (!options.isOurs) count++
    return count
  }

  /** It has not ended. */
  get isOpen(): boolean {
    return this.#end === undefined
  }

  /** It never answered anything. */
  get isSilent(): boolean {
    return this.answeredAtMs === Number.NEGATIVE_INFINITY
  }

  request(text: string, options: RequestOptions = {}): Promise<string> {
    if (this.#end) return Promise.reject(this.#end)
    if (options.signal?.aborted) return Promise.reject(cancelled(this.#o.name))
    if (this.#o.queuedBytes() > MAX_QUEUED_BYTES) {
      return Promise.reject(new HubError('server/not-reading', `${this.#o.name} does not read what it is sent.`))
    }
    const top = members(text)
    const id = top.findLast(m => m.key === 'id')
    const method = top.findLast(m => m.key === 'method')
    if (!id || !method)
      return Promise.reject(new HubError('server/not-a-request', 'A request needs an id and a method.'))
    const params = top.findLast(m => m.key === 'params')
    const said = params ? memberAt(text, ['_meta', 'progressToken'], params.start) : undefined
    const token = said && isToken(text, said) ? said : undefined
    const ours = ++this.#lastId
    if (!options.isOurs) this.usedAtMs = performance.now()
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        id: textOf(text, id),
        token: token && textOf(text, token),
        method: JSON.parse(textOf(text, method)) as string,
        watches: params && watchedBy(text, textOf(text, method), params),
        options,
        resolve,
        reject,
        forget: () => options.signal?.removeEventListener('abort', cancel),
      }
      const cancel = () => this.#cancel(ours, options.signal)
      this.#pending.set(ours, pending)
      options.signal?.addEventListener('abort', cancel, { once: true })
      this.#o.send(
        splice(
          text,
          [id, ...(token ? [token] : [])].map(m => ({ ...m, text: String(ours) })),
        ),
      )
    })
  }

  notify(text: string): void {
    if (this.#end || this.#o.queuedBytes() > MAX_QUEUED_BYTES) return
    this.#o.send(text)
  }

  onRequest(answer: (text: string, owners: unknown[]) => Promise<string>): () => void {
    this.#answer = answer
    return () => {
      if (this.#answer === answer) this.#answer = undefined
    }
  }

  onNotification(listener: (text: string) => void | Promise<void>): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** One frame of the server. False: it is no JSON-RPC message of one object. */
  receive(text: string): boolean | Promise<void> {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      return false
    }
    if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return false
    const { id, method } = frame as { id?: unknown; method?: unknown }
    if (typeof method === 'string') {
      if (id === undefined) return this.#notified(text, method) ?? true
      void this.#requested(text, method)
      return true
    }
    if (!('result' in frame) && !('error' in frame)) return false
    this.#answered(text, id, 'result' in frame)
    return true
  }

  /** An answer that was too long to keep: the one who asked is told. Its id stands at one of its ends, as every SDK writes it. */
  tooLong({ head, tail, bytes }: TooLong): void {
    const ours =
      /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*,/.exec(head.toString('latin1'))?.[1] ??
      /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail.toString('latin1'))?.[1]
    const found = ours === undefined ? this.#pending.keys().next().value : Number(ours)
    if (found === undefined) return
    const what = `${this.#o.name} sent an answer of ${Math.round(bytes / 1_048_576)} MB, which is over the limit of 64 MB.`
    this.#take(found)?.reject(new HubError('server/answer-too-long', what, { hint: 'Ask it for less at a time.' }))
  }

  /** A frame did not get there: if it was a request, the one who asked is told. */
  undelivered(frame: string, error: Error): void {
    const id = lastMember(frame, 'id')
    const pending = id && this.#take(Number(textOf(frame, id)))
    const { code, hint } = error instanceof HubError ? error : { code: 'server/unreachable', hint: undefined }
    const message = `${this.#o.name} cannot be reached: ${error.message}`
    pending?.reject(new HubError(code, message, { cause: error, ...(hint ? { hint } : {}) }))
  }

  /** The server is gone: everybody who waits is told why. */
  end(error: HubError): void {
    if (this.#end) return
    this.#end = error
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error)
    this.#resolveClosed(error)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.forget()
    return pending
  }

  #cancel(ours: number, signal: AbortSignal | undefined): void {
    const pending = this.#take(ours)
    if (!pending) return
    this.#abandoned.add(ours)
    if (this.#abandoned.size > REMEMBERED_IDS) this.#abandoned.delete(this.#abandoned.values().next().value!)
    // The spec forbids cancelling initialize.
    if (pending.method !== 'initialize' && pending.method !== 'server/discover') {
      const said = pending.options.cancellation?.()
      const id = said === undefined ? undefined : memberAt(said, ['params', 'requestId'])
      this.notify(said && id ? splice(said, [{ ...id, text: String(ours) }]) : cancelledFrame(ours, signal?.reason))
    }
    pending.reject(cancelled(this.#o.name))
  }

  #answered(text: string, id: unknown, isResult: boolean): void {
    this.answeredAtMs = performance.now()
    const pending = typeof id === 'number' ? this.#take(id) : undefined
    if (!pending) {
      if (typeof id === 'number' && this.#abandoned.delete(id)) return
      this.#o.log(`An answer to nothing that was asked (id ${JSON.stringify(id)}) was ignored.`)
      return
    }
    if (!pending.options.isOurs) this.usedAtMs = this.answeredAtMs
    if (pending.watches !== undefined && isResult) this.#watch(pending.method, pending.watches)
    if (isResult) pending.options.onResult?.()
    pending.resolve(splice(text, [{ ...idAt(text, id as number), text: pending.id }]))
  }

  #watch(method: string, uri: string): void {
    if (method === 'resources/subscribe') this.watched.add(uri)
    else this.watched.delete(uri)
  }

  #notified(text: string, method: string): Promise<void> | undefined {
    if (method === 'notifications/progress') {
      const token = memberAt(text, ['params', 'progressToken'])
      const pending = token && this.#pending.get(Number(textOf(text, token)))
      if (!pending?.token) return
      return settled([pending.options.onProgress?.(splice(text, [{ ...token!, text: pending.token }]))])
    }
    const subscription = text.includes('subscriptionId') ? memberAt(text, SUBSCRIPTION) : undefined
    const subscribed = subscription && this.#pending.get(Number(textOf(text, subscription)))
    if (subscribed?.options.onNotification)
      return settled([subscribed.options.onNotification(splice(text, [{ ...subscription!, text: subscribed.id }]))])
    if (method === 'notifications/cancelled' && this.#endSubscription(text)) return
    return settled([...this.#listeners].map(listener => listener(text)))
  }

  /** A server may end a subscription by taking it back: to the one who asked it is answered. */
  #endSubscription(text: string): boolean {
    const at = memberAt(text, ['params', 'requestId'])
    const ours = at ? Number(textOf(text, at)) : undefined
    if (ours === undefined || this.#pending.get(ours)?.method !== 'subscriptions/listen') return false
    const { id, resolve } = this.#take(ours)!
    const result = `{"resultType":"complete","_meta":{${JSON.stringify(SUBSCRIPTION.at(-1))}:${id}}}`
    resolve(`{"jsonrpc":"2.0","id":${id},"result":${result}}`)
    return true
  }

  async #requested(text: string, method: string): Promise<void> {
    const id = textOf(text, lastMember(text, 'id')!)
    if (method === 'ping') return this.notify(`{"jsonrpc":"2.0","id":${id},"result":{}}`)
    const owners = [...new Set([...this.#pending.values()].map(p => p.options.owner).filter(o => o !== undefined))]
    try {
      if (!this.#answer) return this.notify(errorFrame(id, -32601, `Nobody here answers ${method}.`))
      const answer = await this.#answer(text, owners)
      const at = lastMember(answer, 'id')
      this.notify(at ? splice(answer, [{ ...at, text: id }]) : errorFrame(id, -32603, 'The answer had no id.'))
    } catch (error) {
      this.notify(errorFrame(id, -32603, error instanceof Error ? error.message : String(error)))
    }
  }
}

function cancelled(name: string): HubError {
  return new HubError('server/cancelled', `The request to ${name} was cancelled.`)
}

/** One promise for those of several that are promises; undefined when none is. A listener's failure is not the server's. */
function settled(results: (void | Promise<void> | undefined)[]): Promise<void> | undefined {
  const waiting = results.filter(r => r instanceof Promise)
  return waiting.length > 0 ? Promise.allSettled(waiting).then(() => undefined) : undefined
}
