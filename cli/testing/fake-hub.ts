// A hub that misbehaves on demand: a real socket and hub.json, and an answer for each line that the test decides.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FakeHub {
  data: string
  /** Each line of each connection after its hello, in order. */
  lines: string[]
  hellos: Record<string, unknown>[]
  /** Starts listening (again). */
  start(): Promise<void>
  /** As if killed: connections drop, nobody listens. hub.json stays, as it does then. */
  kill(): Promise<void>
  remove(): Promise<void>
}

type Answer = (line: string, socket: Socket) => void

/** `welcome`: what its first line says instead of the usual; null: it never says anything. */
export function fakeHub(
  answer: Answer,
  welcome: object | null = { protocol: 1, version: '9.9.9', instance: 'fake' },
): FakeHub {
  const data = mkdtempSync(join(tmpdir(), 'gh-fake-'))
  const path = join(data, 'hub.sock')
  const sockets = new Set<Socket>()
  let server: Server | null = null
  const hub: FakeHub = {
    data,
    lines: [],
    hellos: [],
    async start() {
      server = createServer(socket => {
        sockets.add(socket)
        let rest = ''
        let greeted = false
        socket.on('error', () => {}).on('close', () => sockets.delete(socket))
        socket.setEncoding('utf8').on('data', (text: string) => {
          const lines = (rest + text).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) {
            if (greeted) {
              hub.lines.push(line)
              answer(line, socket)
            } else {
              greeted = true
              hub.hellos.push(JSON.parse(line))
              if (welcome) socket.write(`${JSON.stringify(welcome)}\n`)
            }
          }
        })
      })
      await new Promise<void>(resolve => server?.listen(path, resolve))
      const file = { pid: process.pid, socket: path, token: 'cli-token', version: '9.9.9', startedAt: 1 }
      writeFileSync(join(data, 'hub.json'), JSON.stringify(file), { mode: 0o600 })
    },
    async kill() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => (server ? server.close(() => resolve()) : resolve()))
      server = null
    },
    async remove() {
      await hub.kill()
      rmSync(data, { recursive: true, force: true })
    },
  }
  return hub
}
