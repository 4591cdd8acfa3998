// Servers of a test on this computer, which count who comes; for tests.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import type { Called } from '../kit/test-client.ts'

const opened: Server[] = []

export function closeAll(): void {
  for (const server of opened.splice(0)) server.close()
}

export async function listening(
  server: Server,
  host = '127.0.0.1',
  at = 0,
): Promise<{ port: number; connections: () => number }> {
  let connections = 0
  server.on('connection', socket => {
    connections++
    socket.on('error', () => {})
  })
  opened.push(server)
  await new Promise<void>(resolve => server.listen(at, host, resolve))
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

export const web = (answer: RequestListener) => listening(createServer(answer))
export const only = (called: Called) => called.data.results[0]
