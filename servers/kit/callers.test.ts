import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOverHttp, type TeamServer } from './test-http.ts'

const ISSUER = 'https://login.example'
const AUDIENCE = 'team-server'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-jwt-'))
let issuer: Server
let server: TeamServer
let keys: { privateKey: CryptoKey; publicKey: CryptoKey }
let how: 'up' | 'down' | 'silent' = 'up'
let asked: string[] = []
let published: object[]
/** In the set too, as some issuers have it: no key for signatures that anybody checks. */
const SHARED = new TextEncoder().encode('a secret that the issuer published by mistake')

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true })
  published = [await asPublished(keys.publicKey, 'one'), { ...(await exportJWK(SHARED)), kid: 'shared', alg: 'HS256' }]
  issuer = createServer((req, res) => {
    asked.push(req.url!)
    if (how === 'up') res.end(JSON.stringify({ keys: published }))
    if (how === 'down') res.writeHead(500).end()
  })
  issuer.listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  writeFileSync(join(folder, 'ready'), 'up')
  server = await start()
})
afterAll(async () => {
  await server.stop()
  issuer.close()
  issuer.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

async function asPublished(key: CryptoKey, kid: string) {
  return { ...(await exportJWK(key)), kid, alg: 'RS256', use: 'sig' }
}

function start(): Promise<TeamServer> {
  return startOverHttp('kit/fixtures/team.ts', {
    ...{ READY_FILE: join(folder, 'ready'), WIPED_FILE: join(folder, 'wiped') },
    ...{ JWT_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`, JWT_ISSUER: ISSUER },
    ...{ JWT_AUDIENCE: AUDIENCE, RATE_LIMIT: '1000', HTTP_DEFAULT_ROLES: '', HTTP_PUBLIC_URL: 'https://team.example' },
  })
}

const CLAIMS = { sub: 'ann@example', iss: ISSUER, aud: AUDIENCE, roles: ['reader'], groups: ['production-deployers'] }
interface How {
  exp?: string
  key?: CryptoKey | Uint8Array
  alg?: string
  head?: object
}
function signed(claims: object, { exp = '5m', key = keys.privateKey, alg = 'RS256', head = {} }: How = {}) {
  const token = new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg, kid: 'one', ...head })
  return token.setExpirationTime(exp).sign(key)
}

test('a token of the issuer lets in, with the roles and groups it has', async () => {
  const said = await server.call(await signed({}), 'look')
  const who = JSON.parse(said.json.result.structuredContent.who)
  expect(who).toEqual({ name: 'ann@example', roles: ['reader'], groups: ['production-deployers'] })
  expect((await server.call(await signed({}), 'wipe_all')).status).toBe(403)
  expect((await server.call(await signed({ roles: 'other admin' }), 'wipe_all')).status).toBe(200)
  for (const roles of [undefined, [], '', [7], { admin: true }, ['Admin'], ['*'], ['__proto__']])
    expect((await server.call(await signed({ roles }), 'look')).status).toBe(403)
})

test('forged, expired, or for another server: each is refused', async () => {
  const other = await generateKeyPair('RS256')
  const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey))
  const good = await signed({ roles: ['admin'] })
  const [head, , signature] = good.split('.')
  const unsigned = new UnsecuredJWT({ ...CLAIMS, roles: ['admin'] }).setExpirationTime('5m').encode()
  const bad: [string, string, RegExp][] = [
    ['expired', await signed({}, { exp: '-5m' }), /time is over/],
    ['of another issuer', await signed({ iss: 'https://evil.example' }), /its iss is not/],
    ['for another server', await signed({ aud: 'another' }), /its aud is not/],
    ['for nobody', await signed({ aud: undefined }), /its aud is not/],
    ['of nobody', await signed({ sub: undefined }), /its sub is not/],
    ['not yet', await signed({ nbf: Math.floor(Date.now() / 1000) + 600 }), /its nbf is not/],
    ['signed by another', await signed({}, { key: other.privateKey }), /not signed by the issuer/],
    ['unsigned', unsigned, /not signed by the issuer|not known/],
    ['signed with the public key', await signed({}, { key: secret, alg: 'HS256' }), /not signed by the issuer/],
    [
      'with other claims',
      [head, btoa(JSON.stringify({ ...CLAIMS, exp: 9e9 })).replaceAll('=', ''), signature].join('.'),
      /not signed/,
    ],
    ['cut off', good.slice(0, -20), /not signed/],
    [
      'signed with a secret that is in the set',
      await signed({}, { key: SHARED, alg: 'HS256', head: { kid: 'shared' } }),
      /not signed/,
    ],
    [
      'for ever',
      await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(keys.privateKey),
      /its exp is not/,
    ],
    [
      'with its own key',
      await signed({}, { key: other.privateKey, head: { jwk: await exportJWK(other.publicKey) } }),
      /not signed/,
    ],
    [
      'with its own place of keys',
      await signed({}, { key: other.privateKey, head: { kid: 'evil', jku: keysAt('evil'), x5u: keysAt('evil') } }),
      /not signed/,
    ],
    ['that asks for what nobody knows', withHead(good, { alg: 'RS256', kid: 'one', crit: ['x'], x: 1 }), /not signed/],
    ['of an odd key', withHead(good, { alg: 'RS256', kid: '../../one' }), /not signed/],
    ['of no algorithm', withHead(good, { alg: 'none', kid: 'one' }), /not signed/],
    [
      'of an algorithm by another spelling',
      withHead(good, { alg: 'NoNe', kid: 'one' }).replace(/[^.]*$/, ''),
      /not signed|not known/,
    ],
  ]
  for (const [what, token, why] of bad) {
    const said = await server.call(token, 'look')
    expect([what, said.status, said.json.error.message]).toEqual([what, 401, expect.stringMatching(why)])
    expect(said.headers['www-authenticate']).toContain('error="invalid_token"')
  }
  expect(asked.filter(path => path.includes('evil'))).toEqual([])
  for (const aud of [[AUDIENCE, 'another'], AUDIENCE])
    expect((await server.call(await signed({ aud }), 'look')).status).toBe(200)
})

const keysAt = (name: string) => `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/${name}`
function withHead(token: string, head: object): string {
  return [Buffer.from(JSON.stringify(head)).toString('base64url'), ...token.split('.').slice(1)].join('.')
}

test('names of keys that nobody has do not make it ask the issuer again and again', async () => {
  asked = []
  const strange = await Promise.all(Array.from({ length: 30 }, (_, n) => signed({}, { head: { kid: `strange-${n}` } })))
  const said = await Promise.all(strange.map(token => server.call(token, 'look')))
  expect(new Set(said.map(one => one.status))).toEqual(new Set([401]))
  expect(asked.length).toBeLessThan(4)
})

test('clients are told where to sign in', async () => {
  const said = await server.call(null, 'look')
  const place = 'https://team.example/.well-known/oauth-protected-resource/mcp'
  expect(said.headers['www-authenticate']).toBe(`Bearer realm="team", resource_metadata="${place}"`)
  expect((await server.ask(new URL(place).pathname)).json).toMatchObject({
    resource: 'https://team.example/mcp',
    authorization_servers: [ISSUER],
  })
})

test('an issuer that is away: nobody new is let in, nothing is said to be wrong with the token', async () => {
  how = 'down'
  const fresh = await start()
  const said = await fresh.call(await signed({}), 'look')
  expect([said.status, said.headers['retry-after'], said.json.error.message]).toEqual([
    503,
    '10',
    'The keys of the issuer cannot be read now. Try again in a while.',
  ])
  // Who knows the keys goes on.
  expect((await server.call(await signed({}), 'look')).status).toBe(200)
  how = 'up'
  await expect.poll(async () => (await fresh.call(await signed({}), 'look')).status, { timeout: 30_000 }).toBe(200)
  await fresh.stop()
})

test('an issuer that takes a call and says nothing: it is asked once for all who wait, and they are told', async () => {
  how = 'silent'
  asked = []
  const fresh = await start()
  const token = await signed({})
  const said = await Promise.all(Array.from({ length: 10 }, () => fresh.call(token, 'look')))
  expect(said.map(one => one.status)).toEqual(Array(10).fill(503))
  expect(asked).toHaveLength(1)
  how = 'up'
  await fresh.stop()
})

test('an issuer that changes its keys: the new ones are taken soon, and the old ones no more', async () => {
  const old = await signed({})
  expect((await server.call(old, 'look')).status).toBe(200)
  const next = await generateKeyPair('RS256', { extractable: true })
  published = [await asPublished(next.publicKey, 'two')]
  const fresh = await signed({}, { key: next.privateKey, head: { kid: 'two' } })
  await expect
    .poll(async () => (await server.call(fresh, 'look')).status, { timeout: 40_000, interval: 1_000 })
    .toBe(200)
  expect((await server.call(old, 'look')).status).toBe(401)
})
