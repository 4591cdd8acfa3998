// A server that was started with --http as its users start it, and plain requests to it; for tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'

export interface Said {
  status: number
  headers: IncomingHttpHeaders
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON it answered, read by the test that asked
  json: any
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface TeamServer {
  port: number
  child: ChildProcess
  /** Its audit, and what else it wrote to stdout. */
  lines: () => Record<string, unknown>[]
  log: () => string
  ask(path: string, ask?: Ask): Promise<Said>
  /** A message as a client of the older revisions sends it. */
  rpc(token: string | null, method: string, params?: object, headers?: Record<string, string>): Promise<Said>
  call(token: string | null, tool: string, args?: object, headers?: Record<string, string>): Promise<Said>
  stop(): Promise<number | null>
}

/** `file`: under servers/. On a port that is free. */
export async function startOverHttp(
  file: string,
  env: Record<string, string>,
  args: string[] = [],
  at = ':0',
): Promise<TeamServer> {
  const child = spawnServer(file, ['--http', at, ...args], env)
  let log = ''
  let out = ''
  child.stderr!.on('data', chunk => (log += chunk))
  child.stdout!.on('data', chunk => (out += chunk))
  const ended = once(child, 'close')
  for (let tries = 0; !/"port":\d+/.test(log); tries++) {
    if (tries === 600 || child.exitCode !== null) throw new Error(`It does not listen: ${log}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const port = Number(/"port":(\d+)/.exec(log)![1])
  const ask = (path: string, o: Ask = {}) => askAt(port, path, o)
  const rpc: TeamServer['rpc'] = (token, method, params = {}, headers = {}) => {
    const auth = token === null ? {} : { authorization: `Bearer ${token}` }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    return ask('/mcp', { method: 'POST', headers: { ...JSON_BODY, ...auth, ...headers }, body })
  }
  return {
    port,
    child,
    log: () => log,
    lines: () =>
      out
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line)),
    ask,
    rpc,
    call: (token, name, args = {}, headers = {}) => rpc(token, 'tools/call', { name, arguments: args }, headers),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}

export const JSON_BODY = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

export function spawnServer(
  file: string,
  args: string[],
  env: Record<string, string>,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const path = join(import.meta.dirname, '..', file)
  const quick = { PATH: process.env.PATH ?? '', HTTP_DRAIN_MS: '0', ...env }
  return spawn(process.execPath, [path, ...args], { env: quick, stdio: [stdin, 'pipe', 'pipe'] })
}

function askAt(port: number, path: string, { method = 'GET', headers = {}, body }: Ask): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', chunk => (text += chunk))
      answer.on('end', () => {
        // One JSON, or the last event of a stream.
        const data = /^data: (.*)$/gm
        const last = [...text.matchAll(data)].at(-1)?.[1] ?? text
        let json: unknown
        try {
          json = JSON.parse(last)
        } catch {}
        resolve({ status: answer.statusCode!, headers: answer.headers, text, json })
      })
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
