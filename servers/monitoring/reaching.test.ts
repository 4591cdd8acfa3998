// What a health check must never reach, by whichever way it is named, led to, or looked up.
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { AllowedAddresses } from './addresses.ts'
import { probe } from './probe.ts'
import { closeAll, listening, only, web } from './test-listening.ts'

let guarded: Started
let free: Started

beforeAll(async () => {
  guarded = await startServer('monitoring')
  free = await startServer('monitoring', { HEALTH_ALLOW: 'loopback' })
})
afterAll(async () => {
  await Promise.all([guarded?.client.close(), free?.client.close()])
  closeAll()
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
  await listening(
    createServer((_, response) => response.end()),
    '127.0.0.2',
    inside.port,
  )
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
    await expect(reaching, location).rejects.toThrow(
      /^It leads (to|on).* but: .*(so it is not checked|is not checked\.|user or password)/,
    )
  }
  expect(inside.connections()).toBe(0)
  // What the service does wrong is no fault of who asks.
  location = 'http://[not an address]/'
  const called = await free.call('check_service_health', { timeout: 20_000, url: `http://127.0.0.2:${port}/` })
  expect(only(called)).toMatchObject({
    status: 'error',
    problem: { kind: 'upstream_error', message: 'It leads on, but: This is no URL.' },
  })
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
