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
let isUp = true

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  issuer = createServer((_, res) => (isUp ? res.end(JSON.stringify({ keys: [jwk] })) : res.writeHead(500).end()))
  issuer.listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  writeFileSync(join(folder, 'ready'), 'up')
  server = await start()
})
afterAll(async () => {
  await server.stop()
  issuer.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(): Promise<TeamServer> {
  return startOverHttp('kit/fixtures/team.ts', {
    ...{ READY_FILE: join(folder, 'ready'), WIPED_FILE: join(folder, 'wiped') },
    ...{ JWT_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`, JWT_ISSUER: ISSUER },
    ...{ JWT_AUDIENCE: AUDIENCE, HTTP_DEFAULT_ROLES: '', HTTP_PUBLIC_URL: 'https://team.example' },
  })
}

const CLAIMS = { sub: 'ann@example', iss: ISSUER, aud: AUDIENCE, roles: ['reader'], groups: ['production-deployers'] }
function signed(claims: object, { exp = '5m', key = keys.privateKey as CryptoKey | Uint8Array, alg = 'RS256' } = {}) {
  return new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ alg, kid: 'one' }).setExpirationTime(exp).sign(key)
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
  ]
  for (const [what, token, why] of bad) {
    const said = await server.call(token, 'look')
    expect([what, said.status, said.json.error.message]).toEqual([what, 401, expect.stringMatching(why)])
    expect(said.headers['www-authenticate']).toContain('error="invalid_token"')
  }
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
  isUp = false
  const fresh = await start()
  const said = await fresh.call(await signed({}), 'look')
  expect([said.status, said.headers['retry-after'], said.json.error.message]).toEqual([
    503,
    '10',
    'The keys of the issuer cannot be read now. Try again in a while.',
  ])
  // Who knows the keys goes on.
  expect((await server.call(await signed({}), 'look')).status).toBe(200)
  isUp = true
  await expect.poll(async () => (await fresh.call(await signed({}), 'look')).status, { timeout: 30_000 }).toBe(200)
  await fresh.stop()
})
