// A remote server over Streamable HTTP. The SDK's transport speaks HTTP; frames pass through it as parsed JSON.
import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { HubError } from '../error.ts'
import type { Connection, ConnectionEvents, Ending } from './connection.ts'

/** Resolves once the address is usable; whether anybody answers there, the handshake finds out. */
export async function openHttp(
  remote: { url: string; headers: Record<string, string> },
  events: ConnectionEvents,
  redact: (text: string) => string,
): Promise<Connection> {
  const url = addressOf(remote.url)
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers: remote.headers } })
  let end!: (ending: Ending) => void
  const ended = new Promise<Ending>(resolve => {
    end = resolve
  })
  const fail = (error: unknown) => {
    const message = redact(error instanceof Error ? error.message : String(error))
    events.onLog('gatehouse', message)
    return new Error(message)
  }
  transport.onmessage = message => {
    events.onBytes()
    void events.onFrame(JSON.stringify(message))
  }
  transport.onerror = error => void fail(error)
  transport.onclose = () => end({ exitCode: null, signal: null, error: null })
  await transport.start()
  return {
    pid: null,
    ended,
    queuedBytes: () => 0,
    send: frame => {
      const message = JSON.parse(frame) as JSONRPCMessage & { id?: unknown; method?: string }
      transport.send(message).then(
        () => {
          if (message.method === 'notifications/initialized') transport.setProtocolVersion?.('2025-11-25')
        },
        error => {
          const { message: text } = fail(error)
          // A request that did not get there is answered here, so that nobody waits for it.
          if (message.id === undefined || message.method === undefined) return
          void events.onFrame(
            JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32_000, message: text } }),
          )
        },
      )
    },
    close: async () => {
      await transport.terminateSession().catch(() => {})
      await transport.close()
    },
  }
}

function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  // The address may hold a secret, so it is not repeated.
  throw new HubError('server/bad-url', 'Its url is not an http or https address.', {
    hint: 'Correct it in its settings.',
  })
}
