// Subscriptions to resources over stdio: the newer era's arrive before the SDK's server sees them, the older era's at it.
import { type McpServer, ProtocolError, ProtocolErrorCode, type Transport } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { urisIn, type Watches } from './watches.ts'

type Message = Parameters<NonNullable<Transport['onmessage']>>[0]

/** Of one message. What is longer ends the connection, so it is more than any tool takes. */
const MOST_BYTES = 64 * 1024 * 1024

/** Standard input and output; what is listened for (`subscriptions/listen`) is watched before it is acknowledged. */
export class ListeningTransport extends StdioServerTransport {
  readonly #watches: Watches
  #before: Promise<void> = Promise.resolve()

  constructor(watches: Watches) {
    super(process.stdin, process.stdout, { maxBufferSize: MOST_BYTES })
    this.#watches = watches
  }

  override async start(): Promise<void> {
    const deliver = this.onmessage
    this.onmessage = message => {
      this.#before = this.#before.then(async () => deliver?.(await this.#watching(message)))
    }
    await super.start()
  }

  /** The message with those URIs alone that are watched, so that no more is promised. */
  async #watching(message: Message): Promise<Message> {
    if (!('method' in message)) return message
    const params = message.params as ListenParams | undefined
    if (message.method === 'notifications/cancelled') this.#watches.drop(nameOf(params?.requestId))
    const uris = params?.notifications?.resourceSubscriptions
    if (message.method !== 'subscriptions/listen' || !('id' in message) || !Array.isArray(uris)) return message
    const resourceSubscriptions = await this.#watches.ask(nameOf(message.id), urisIn(uris))
    return { ...message, params: { ...params, notifications: { ...params?.notifications, resourceSubscriptions } } }
  }
}

const nameOf = (id: unknown) => `listen ${JSON.stringify(id)}`

interface ListenParams {
  notifications?: { resourceSubscriptions?: unknown }
  requestId?: unknown
}

/** For one connection's server: it takes subscriptions, and its client is told of what changes. */
export function tellsOfUpdates(server: McpServer, watches: Watches): McpServer {
  const { server: inner } = server
  if (!inner.getCapabilities().resources?.subscribe) return server
  inner.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    const watched = await watches.add(inner, uri)
    if (watched.includes(uri)) return {}
    watches.drop(inner, uri)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${uri} cannot be watched. Read it to see why.`, { uri })
  })
  inner.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    watches.drop(inner, uri)
    return {}
  })
  const stop = watches.onUpdated(uri => void inner.sendResourceUpdated({ uri }).catch(() => {}))
  inner.onclose = () => {
    stop()
    watches.drop(inner)
  }
  return server
}
