import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { ConnectionEvents } from './connection.ts'
import { openHttp } from './http-connection.ts'

test('numbers reach a remote server as their sender wrote them', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method !== 'POST') return void response.writeHead(405).end()
    bodies.push(body)
    response.writeHead(202).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const events = {
    onFrame: () => {},
    onBytes: () => {},
    onLog: () => {},
    onUndelivered: () => {},
  } as unknown as ConnectionEvents
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const connection = await openHttp(
    { url, headers: {}, launch: { args: [], env: {}, headers: {}, url } },
    events,
    text => text,
  )
  connection.send(
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"id":9007199254740993,"x":[1.0,1e400,-0,2]}}}',
  )
  await expect.poll(() => bodies.length).toBe(1)
  expect(bodies[0]).toContain('{"id":9007199254740993,"x":[1.0,1e400,-0,2]}')
  expect(JSON.parse(bodies[0]!).id).toBe(7)
  await connection.close(50)
  server.closeAllConnections()
  server.close()
})
