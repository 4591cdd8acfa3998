import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Called, type Started, startServer } from '../kit/test-client.ts'
import { AllowedAddresses } from './addresses.ts'
import { probe } from './probe.ts'

const pem = (name: string) => join(import.meta.dirname, 'fixtures', `${name}.pem`)
const opened: Server[] = []
let guarded: Started
let free: Started

beforeAll(async () => {
  guarded = await startServer('monitoring')
  free = await startServer('monitoring', { HEALTH_ALLOW: 'loopback', NODE_EXTRA_CA_CERTS: pem('good') })
})
afterAll(async () => {
  await Promise.all([guarded?.client.close(), free?.client.close()])
  for (const server of opened) server.close()
})

async function listening(server: Server, host = '127.0.0.1'): Promise<{ port: number; connections: () => number }> {
  let connections = 0
  server.on('connection', socket => {
    connections++
    socket.on('error', () => {})
  })
  opened.push(server)
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}
const web = (answer: RequestListener) => listening(createServer(answer))
const secure = (certificate: string, answer: RequestListener) =>
  listening(createSecureServer({ key: readFileSync(pem('key')), cert: readFileSync(pem(certificate)) }, answer))
const only = (called: Called) => called.data.results[0]

test('healthy, unhealthy and no answer are told apart, several at once', async () => {
  const up = await web((_, response) => response.end('secret of the inside'))
  const down = await web((_, response) => response.writeHead(503).end())
  const dead = await listening(createSocketServer())
  opened.pop()!.close()
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

test('no proxy stands between: it would reach what may not be reached', async () => {
  const proxy = await web((_, response) => response.end())
  const up = await web((_, response) => response.writeHead(204).end())
  const at = `http://127.0.0.1:${proxy.port}`
  const proxied = await startServer('monitoring', {
    ...{ HTTP_PROXY: at, http_proxy: at, HTTPS_PROXY: at, ALL_PROXY: at, NODE_USE_ENV_PROXY: '1' },
    HEALTH_ALLOW: 'loopback',
  })
  try {
    const url = `http://127.0.0.1:${up.port}/`
    expect(only(await proxied.call('check_service_health', { timeout: 20_000, url })).statusCode).toBe(204)
    expect(proxy.connections()).toBe(0)
  } finally {
    await proxied.client.close()
  }
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

test('no address of this computer or of a cloud’s inside is reached, however it is written', async () => {
  const inside = await web((_, response) => response.end())
  const { port } = inside
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    'localhost',
    '①②⑦.0.0.1',
    '127.0.0.1.',
  ]
  for (const host of hosts) {
    const { failed, data } = await guarded.call('check_service_health', {
      timeout: 20_000,
      url: `http://${host}:${port}/`,
    })
    expect([host, failed, data.error?.kind]).toEqual([host, true, 'permission_denied'])
  }
  expect(inside.connections()).toBe(0)
  const clouds = [
    '169.254.169.254',
    '0xA9FEA9FE',
    '2852039166',
    '[::ffff:169.254.169.254]',
    '169.254.170.2',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '[64:ff9b::a9fe:a9fe]',
  ]
  for (const host of clouds) {
    const { data } = await guarded.call('check_service_health', {
      timeout: 20_000,
      url: `http://${host}/latest/meta-data/`,
    })
    expect([host, data.error?.kind]).toEqual([host, 'permission_denied'])
  }
  const { data } = await guarded.call('check_service_health', { timeout: 20_000, url: 'http://169.254.169.254/' })
  expect(data.error.message).toBe('169.254.169.254 is a cloud metadata address, so it is not checked.')
  expect(data.error.suggestion).toContain('HEALTH_ALLOW')
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

test('what may be allowed: kinds and ranges; metadata only by its own address', () => {
  const table: [allow: string, address: string, refused: boolean][] = [
    ['', '8.8.8.8', false],
    ['', '2001:4860:4860::8888', false],
    ['', '64:ff9b::808:808', false],
    ['', '10.0.0.1', true],
    ['', '192.168.1.1', true],
    ['', 'fd12::1', true],
    ['', '100.64.0.1', true],
    ['', '2002:7f00:1::', true],
    ['', 'fe80::1%eth0', true],
    ['', '224.0.0.1', true],
    ['', '::7f00:1', true],
    ['private', '10.0.0.1', false],
    ['private', 'fd12::1', false],
    ['private', '::ffff:10.0.0.1', false],
    ['private', 'fd00:ec2::254', true],
    ['private', '127.0.0.1', true],
    ['private, loopback', '127.0.0.1', false],
    ['private loopback', '169.254.169.254', true],
    ['100.64.0.0/10', '100.64.0.1', false],
    ['10.1.0.0/16', '10.2.0.1', true],
    ['10.1.2.3', '::ffff:10.1.2.3', false],
    ['169.254.169.254', '169.254.169.254', false],
    ['169.254.169.254/32', '::ffff:169.254.169.254', false],
    ['169.254.0.0/16', '169.254.169.254', true],
    ['169.254.0.0/16', '169.254.169.253', false],
    ['100.64.0.0/10', '100.100.100.200', true],
    ['fd00::/8, private', 'fd00:ec2::254', true],
    ['fd00:ec2::254', 'fd00:ec2::254', false],
    ['0.0.0.0/0', '169.254.169.254', true],
  ]
  for (const [allow, address, refused] of table)
    expect([allow, address, new AllowedAddresses(allow).refuses(address) !== null]).toEqual([allow, address, refused])
  expect(AllowedAddresses.wrongIn('private, 10.0.0.0/8, everything')).toBe('everything')
})

test('a public address of this computer is this computer', () => {
  const own = () => ['93.184.216.34', '2606:2800::1', '10.0.0.5']
  const refuses = (allow: string, address: string) => new AllowedAddresses(allow, own).refuses(address)
  for (const address of ['93.184.216.34', '::ffff:93.184.216.34', '2606:2800:0:0::1'])
    expect([
      refuses('', address),
      refuses('private', address),
      refuses('loopback', address),
      refuses(address, address),
    ]).toEqual(['an address of this computer', 'an address of this computer', null, null])
  expect([refuses('', '93.184.216.35'), refuses('private', '10.0.0.5')]).toEqual([null, null])
})

test('the address that was checked is the one that is reached, also when the name means another by now', async () => {
  const inside = await web((_, response) => response.end())
  const allowed = new AllowedAddresses('127.0.0.2')
  const outside = createServer((_, response) => response.end())
  opened.push(outside)
  await new Promise<void>(resolve => outside.listen(inside.port, '127.0.0.2', resolve))
  const answers = ['127.0.0.2', '127.0.0.1']
  const resolve = async () => [{ address: answers.shift()!, family: 4 }]
  const reached = await probe(`http://rebind.test:${inside.port}/`, {
    allowed,
    signal: AbortSignal.timeout(10_000),
    resolve,
  })
  expect(reached.statusCode).toBe(200)
  expect([answers.length, inside.connections()]).toEqual([1, 0])
})

test('each redirect is checked like the first URL, by address and by scheme', async () => {
  const inside = await web((_, response) => response.end())
  const allowed = new AllowedAddresses('127.0.0.2')
  const places = [
    `http://inside.test:${inside.port}/`,
    `http://127.0.0.1:${inside.port}/`,
    'http://169.254.169.254/',
    'file:///etc/passwd',
    'http://a:b@127.0.0.2/',
    `//[::ffff:7f00:1]:${inside.port}/`,
  ]
  let location = ''
  const outside = createServer((_, response) => response.writeHead(302, { location }).end())
  const { port } = await listening(outside, '127.0.0.2')
  const resolve = async (host: string) => [
    { address: host === 'inside.test' ? '127.0.0.1' : host, family: host.includes(':') ? 6 : 4 },
  ]
  for (location of places) {
    const reaching = probe(`http://127.0.0.2:${port}/`, { allowed, signal: AbortSignal.timeout(10_000), resolve })
    await expect(reaching, location).rejects.toThrow(/so it is not checked|is not checked\.|user or password/)
  }
  expect(inside.connections()).toBe(0)
})

test('one of many addresses that is refused refuses the name', async () => {
  const resolve = async () => ['8.8.8.8', '10.0.0.1'].map(address => ({ address, family: 4 }))
  const probing = { allowed: new AllowedAddresses(''), signal: AbortSignal.timeout(10_000), resolve }
  await expect(probe('http://mixed.test/', probing)).rejects.toThrow(
    'mixed.test leads to 10.0.0.1, which is not public (private)',
  )
})

test('a setting that makes no sense is said at start', async () => {
  await expect(startServer('monitoring', { HEALTH_ALLOW: 'all' })).rejects.toThrow()
})
