// Requests of Gatehouse's own to a server: initialize, listings, ping.

import { VERSION } from '../../contract/version.ts'
import { members } from '../../contract/wire.ts'
import { HubError } from '../error.ts'
import type { Upstream } from './upstream.ts'

/** What the protocol lets a server answer to initialize, newest first. */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07']

export type Capabilities = Record<string, unknown>

/** What a server is told of who speaks to it. `clientInfo`: Gatehouse, unless it serves one client alone. */
export interface Hello {
  capabilities: Capabilities
  clientInfo?: unknown
}

export const OURS = { name: 'gatehouse', title: 'Gatehouse', version: VERSION }

/** An error that the server itself answered. */
export class AnswerError extends HubError {
  readonly answer: number

  constructor(method: string, code: number, message: string) {
    super('server/answered-error', `${method} was answered with an error: ${message} (${code})`)
    this.answer = code
  }
}

/** The result's text as the server wrote it. A server of the modern era is told who asks. Rejects with AnswerError. */
export async function ask(upstream: Upstream, method: string, params: object, signal?: AbortSignal): Promise<string> {
  const said = upstream.era === 'modern' ? { _meta: upstream.envelope, ...params } : params
  const frame = JSON.stringify({ jsonrpc: '2.0', id: 0, method, params: said })
  const text = await upstream.request(frame, { isOurs: true, ...(signal ? { signal } : {}) })
  const top = members(text)
  const error = top.findLast(m => m.key === 'error')
  if (error) {
    const { code, message } = JSON.parse(text.slice(error.start, error.end)) as { code?: unknown; message?: unknown }
    throw new AnswerError(method, Number(code), String(message))
  }
  const result = top.findLast(m => m.key === 'result')
  return result ? text.slice(result.start, result.end) : '{}'
}

/** The legacy handshake. Resolves with the result's text and the version agreed on. */
export async function initialize(
  upstream: Upstream,
  { capabilities, clientInfo = OURS }: Hello,
  signal: AbortSignal,
): Promise<{ initialize: string; protocolVersion: string }> {
  const result = await ask(upstream, 'initialize', { protocolVersion: VERSIONS[0], capabilities, clientInfo }, signal)
  const { protocolVersion } = JSON.parse(result) as { protocolVersion?: unknown }
  if (typeof protocolVersion !== 'string' || !VERSIONS.includes(protocolVersion)) {
    throw new HubError(
      'server/version',
      `It speaks version ${JSON.stringify(protocolVersion)} of MCP, which Gatehouse does not.`,
      {
        hint: `Gatehouse speaks ${VERSIONS.join(', ')}. Look for another version of the server, or update Gatehouse.`,
      },
    )
  }
  upstream.notify('{"jsonrpc":"2.0","method":"notifications/initialized"}')
  return { initialize: result, protocolVersion }
}
