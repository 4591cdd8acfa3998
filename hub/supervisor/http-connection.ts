// A remote server over Streamable HTTP. The SDK's transport speaks HTTP; frames pass through it as parsed JSON.
import { setTimeout as wait } from 'node:timers/promises'
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
  let version: string | undefined
  transport.onmessage = message => {
    events.onBytes()
    // What was agreed on in the answer to initialize goes into a header of all that follows.
    const { result } = message as { result?: { protocolVersion?: unknown } }
    if (version === undefined && typeof result?.protocolVersion === 'string') {
      version = result.protocolVersion
      transport.setProtocolVersion(version)
    }
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
      const message = JSON.parse(frame, asWritten) as JSONRPCMessage
      transport.send(message).catch(error => {
        // Our own answers have an id too, and nobody waits for what becomes of them.
        if ('method' in message) events.onUndelivered(frame, fail(error))
      })
    },
    close: async graceMs => {
      // A server that is not there any more must not hold up a stop.
      await Promise.race([transport.terminateSession().catch(() => {}), wait(graceMs, undefined, { ref: false })])
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

const { rawJSON } = JSON as unknown as { rawJSON(source: string): unknown }

// The SDK writes the message anew: a number that JavaScript would round, or spell otherwise, goes out as its sender wrote
// it, since that is what a person was shown.
function asWritten(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value
}
