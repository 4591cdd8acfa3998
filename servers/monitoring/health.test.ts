import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { closeAll, listening, only, web } from './test-listening.ts'

const pem = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.pem`)
let guarded: Started
let free: Started

beforeAll(async () => {
  guarded = await startServer('monitoring')
  free = await startServer('monitoring', { HEALTH_ALLOW: 'loopback', NODE_EXTRA_CA_CERTS: pem('good') })
})
afterAll(async () => {
  await Promise.all([guarded?.client.close(), free?.client.close()])
  closeAll()
})

const secure = (certificate: string, answer: RequestListener) =>
  listening(createSecureServer({ key: readFileSync(pem('key')), cert: readFileSync(pem(certificate)) }, answer))

test('healthy, unhealthy and no answer are told apart, several at once', async () => {
  const up = await web((_, response) => response.end('secret of the inside'))
  const down = await web((_, response) => response.writeHead(503).end())
  const closed = createSocketServer()
  const dead = await listening(closed)
  closed.close()
  const urls = [up, down, dead].map(({ port }) => `http://127.0.0.1:${port}/health`)
  const called = await free.call('check_service_health', { timeout: 20_000, url: urls[0], urls })
  expect(called.data).toMatchObject({
    healthy: 1,
    total: 3,
    results: [
      { url: urls[0], status: 'healthy', statusCode: 200, responseTimeMs: expect.any(Number) },
      { url: urls[1], status: 'unhealthy', statusCode: 503 },
      { url: urls[2], status: 'error', problem: { kind: 'upstream_error', message: 'Nothing listens there.' } },
    ],
  })
  expect(JSON.stringify(called)).not.toContain('secret of the inside')
})

test.each([
  ['that never answers', () => {}, 'No answer in 300 ms.', 300],
  [
    'that closes at once',
    (socket: import('node:net').Socket) => socket.end(),
    'It closed the connection without an answer.',
    20_000,
  ],
  [
    'that is no HTTP',
    (socket: import('node:net').Socket) => socket.end('SSH-2.0-x\r\n\r\n'),
    'What it answered is not HTTP.',
    20_000,
  ],
])('a service %s is an error', async (_, behave, message, timeout) => {
  const { port } = await listening(createSocketServer(behave))
  const called = await free.call('check_service_health', { url: `http://127.0.0.1:${port}/`, timeout })
  expect(only(called)).toMatchObject({ status: 'error', problem: { message } })
})

test('how long a certificate lasts is told; one that nobody trusts is sent nothing', async () => {
  let asked = 0
  const answer: RequestListener = (_, response) => {
    asked++
    response.end()
  }
  const days = Math.floor((Date.UTC(2125, 11, 31) - Date.now()) / 86_400_000)
  const good = await secure('good', answer)
  const trusted = only(
    await free.call('check_service_health', { timeout: 20_000, url: `https://localhost:${good.port}/` }),
  )
  expect(trusted).toMatchObject({
    status: 'healthy',
    tls: { trusted: true, subject: 'localhost', issuer: 'localhost' },
  })
  expect([days, days - 1]).toContain(trusted.tls.expiresInDays)
  expect(asked).toBe(1)
  const strange = await startServer('monitoring', { HEALTH_ALLOW: '127.0.0.0/8' })
  try {
    const unknown = await strange.call('check_service_health', {
      timeout: 20_000,
      url: `https://127.0.0.1:${good.port}/?key=abc`,
    })
    expect(only(unknown)).toMatchObject({
      status: 'unhealthy',
      tls: { trusted: false, problem: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    expect(unknown.text).toContain('so nothing was asked')
  } finally {
    await strange.client.close()
  }
  const old = await secure('expired', answer)
  const expired = only(
    await free.call('check_service_health', { timeout: 20_000, url: `https://localhost:${old.port}/` }),
  )
  expect(expired).toMatchObject({ status: 'unhealthy', tls: { trusted: false, expiresInDays: expect.any(Number) } })
  expect(expired.tls.expiresInDays).toBeLessThan(-1_000)
  // Trusted, but of another name.
  const secureOptions = { key: readFileSync(pem('key')), cert: readFileSync(pem('good')) }
  const elsewhere = await listening(createSecureServer(secureOptions, answer), '127.0.0.2')
  const other = only(
    await free.call('check_service_health', { timeout: 20_000, url: `https://127.0.0.2:${elsewhere.port}/` }),
  )
  expect(other).toMatchObject({ status: 'unhealthy', tls: { problem: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
  expect(asked).toBe(1)
})

test('a certificate whose end is no time is one that nobody trusts', async () => {
  const der = Buffer.from(new X509Certificate(readFileSync(pem('good'))).raw)
  // The second time in it, in place of 21251231000000Z.
  der.write('XX', der.indexOf('21251231000000Z'), 'latin1')
  const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  const odd = await listening(
    createSecureServer({ key: readFileSync(pem('key')), cert }, (_, response) => response.end()),
  )
  const said = only(await free.call('check_service_health', { url: `https://localhost:${odd.port}/` }))
  expect(said).toMatchObject({ status: 'unhealthy', tls: { trusted: false, problem: expect.any(String) } })
  expect(said.tls.expiresAt).toBeUndefined()
  expect(only(await free.call('check_service_health', { url: `https://localhost:${odd.port}/` })).status).toBe(
    'unhealthy',
  )
})

test('where it leads is told without what stands behind the path', async () => {
  const { port } = await web((request, response) => {
    if (request.url !== '/') return response.end()
    return response.writeHead(302, { location: `/in/${'x'.repeat(400)}?key=hidden-4411#hidden-4411` }).end()
  })
  const called = await free.call('check_service_health', { timeout: 20_000, url: `http://127.0.0.1:${port}/` })
  expect(only(called)).toMatchObject({ status: 'healthy', redirects: [expect.stringMatching(/\/in\/x+$/)] })
  expect(only(called).redirects[0]).toHaveLength(300)
  expect(JSON.stringify(called)).not.toContain('hidden-4411')
})

test('redirects are followed to the end, and no further than five', async () => {
  const { port } = await web((request, response) => {
    const left = Number(request.url!.slice(1))
    if (left === 0) return response.end()
    return response.writeHead(302, { location: `/${left - 1}` }).end()
  })
  const at = (left: number) => `http://127.0.0.1:${port}/${left}`
  expect(only(await free.call('check_service_health', { timeout: 20_000, url: at(2) }))).toMatchObject({
    status: 'healthy',
    redirects: [at(1), at(0)],
  })
  expect(only(await free.call('check_service_health', { timeout: 20_000, url: at(6) }))).toMatchObject({
    status: 'error',
    problem: { message: 'It leads on more than 5 times.' },
  })
})

test.each([
  ['file:///etc/passwd', 'file: is not checked.'],
  ['gopher://127.0.0.1:6379/_FLUSHALL', 'gopher: is not checked.'],
  ['http://admin:secret@example.com/', 'The URL has a user or password in it.'],
  ['not a url', 'This is no URL.'],
])('%s is refused', async (url, message) => {
  const { data } = await guarded.call('check_service_health', { timeout: 20_000, url })
  expect(data.error).toMatchObject({ kind: 'validation_error', message })
  expect(JSON.stringify(data)).not.toContain('secret')
})

test('of several that are refused each is told; a password is said again in none', async () => {
  const urls = ['http://admin:secret@example.com/a', 'http://x:secret@127.0.0.1/', 'not a url']
  const { data } = await guarded.call('check_service_health', { urls })
  expect(data.error).toMatchObject({
    kind: 'validation_error',
    details: { refused: [{ url: 'http://example.com/a' }, { url: 'http://127.0.0.1/' }, { url: 'not a url' }] },
  })
  const mixed = await guarded.call('check_service_health', { urls: [urls[1]!, 'http://127.0.0.1/'] })
  expect(mixed.data.results.map((one: { problem: { kind: string } }) => one.problem.kind)).toEqual([
    'validation_error',
    'permission_denied',
  ])
  expect(JSON.stringify([data, mixed])).not.toContain('secret')
})
