// The same raw client over loopback HTTP: one session, connections that are kept, and nothing else.
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { Result } from './peer.ts'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export class HttpPeer {
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  #lastId = 0

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url
    this.#headers = { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  }

  async greet(): Promise<void> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } }
    const { headers } = await this.#post({ id: ++this.#lastId, method: 'initialize', params })
    this.#headers['mcp-session-id'] = String(headers['mcp-session-id'])
    await this.#post({ method: 'notifications/initialized' })
  }

  /** Rejects when the answer is an error or a failed tool. */
  async request(method: string, params: unknown = {}): Promise<Result> {
    const { status, text } = await this.#post({ id: ++this.#lastId, method, params })
    if (status !== 200) throw new Error(`${method}: HTTP ${status} ${text.slice(0, 300)}`)
    const { result, error } = JSON.parse(text) as { result?: Result; error?: { message: string } }
    if (error || result?.isError) throw new Error(`${method}: ${text.slice(0, 500)}`)
    return result ?? {}
  }

  async close(): Promise<void> {
    this.#agent.destroy()
  }

  #post(message: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: '2.0', ...message })
      const headers = { ...this.#headers, 'content-length': Buffer.byteLength(body) }
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers }, response => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}
