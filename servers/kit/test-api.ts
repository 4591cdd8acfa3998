// A stand-in for a cloud's HTTP API, for tests: real sockets, and it can misbehave as the real ones do.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

export interface Seen {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
}

export interface Reply {
  status?: number
  headers?: Record<string, string | string[]>
  /** Objects go as JSON. */
  body?: unknown
}

/**
 * What happens to a request instead: an answer; an answer that is cut off; silence; the connection dropped before
 * anything was done, or after the work was done and before the answer; an answer that comes late.
 */
export type Fault = Reply | 'garbage' | 'cut' | 'silence' | 'drop' | 'lose-answer' | { lateMs: number }

export interface TestApi {
  /** `http://127.0.0.1:PORT` */
  url: string
  seen: Seen[]
  /** The next requests, in order, meet these. */
  faults: Fault[]
  close(): Promise<void>
}

export async function startTestApi(answer: (request: Seen) => Reply | Promise<Reply>): Promise<TestApi> {
  const [seen, faults]: [Seen[], Fault[]] = [[], []]
  const server = createServer(async (request, response) => {
    const asked = { method: request.method ?? '', headers: request.headers, body: await textOf(request) }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand.in')
    const one = { ...asked, path: pathname, query: searchParams }
    seen.push(one)
    const fault = faults.shift()
    if (fault === 'silence') return
    if (fault === 'drop') return void request.socket.destroy()
    if (fault === 'garbage') return send(response, { body: '<html>\u0000not what you asked for' })
    if (fault === 'cut') return void cutOff(response)
    if (typeof fault === 'object' && !('lateMs' in fault)) return send(response, fault)
    const reply = await answer(one)
    if (fault === 'lose-answer') return void request.socket.destroy()
    if (typeof fault === 'object') await wait(fault.lateMs)
    send(response, reply)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    faults,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Reply): void {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const type = isRaw ? {} : { 'content-type': 'application/json' }
  response.writeHead(status, { ...type, ...headers })
  response.end(isRaw ? body : JSON.stringify(body))
}

function cutOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"half":', () => response.destroy())
}
