import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { type Db, openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Metrics } from './metrics.ts'
import { readExposition, valueIn } from './test-exposition.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function folder(): { path: string; db: Db } {
  const path = mkdtempSync(join(tmpdir(), 'gh-metrics-'))
  const db = openState(path)
  open.push(db)
  return { path, db }
}

async function metricsOn({ path, db }: { path: string; db: Db }): Promise<Metrics> {
  const metrics = new Metrics({
    folder: path,
    sealed: new Sealed(db, () => Buffer.alloc(32, 1)),
    announcer: new Announcer(),
    servers: () => [{ id: 'a', slug: 'files', state: { kind: 'stopped' }, restarts: 0 }],
    approvals: () => [],
    status: () => ({
      version: '1',
      mode: 'person',
      startedAt: 0,
      links: [],
      vault: { kind: 'open' } as never,
      audit: { rows: 0, writable: true, anchored: true, problem: null, verifiedTo: null, signedAt: null, damage: null },
    }),
    recordLagMs: () => 0,
    lists: () => true,
  })
  open.push(metrics)
  await metrics.begin()
  return metrics
}

async function freePort(): Promise<number> {
  const server = await taken()
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function taken(): Promise<Server> {
  const server = createServer()
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function ask(
  port: number,
  headers: Record<string, string>,
  o: { path?: string; method?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: o.path ?? '/metrics', method: o.method ?? 'GET', headers }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
      .on('error', reject)
      .end()
  })
}

const EVENT = {
  kind: 'call',
  what: 'call/allowed',
  server: 'a',
  tool: 't',
  client: 'c',
  outcome: 'ok',
  durationMs: 1,
} as const

test('nothing listens, counts or lies on disk before a person wants it', async () => {
  const home = folder()
  const metrics = await metricsOn(home)
  await metrics.counted({ append: async () => {} }).append(EVENT, { durable: false })
  expect(metrics.status()).toEqual({ on: false, port: 9464, url: null, tokenFile: null, problem: null })
  expect(() => statSync(join(home.path, 'metrics-token'))).toThrow()
})

test('turned on, it answers whoever has the token, on loopback names alone, and no page', async () => {
  const port = await freePort()
  const metrics = await metricsOn(folder())
  await metrics.set(true, port)
  const { url, tokenFile } = metrics.status()
  expect(url).toBe(`http://127.0.0.1:${port}/metrics`)
  expect(statSync(tokenFile!).mode & 0o777).toBe(0o600)
  const authorization = `Bearer ${readFileSync(tokenFile!, 'utf8').trim()}`
  const host = `127.0.0.1:${port}`
  const refused = await Promise.all([
    ask(port, { host }),
    ask(port, { host, authorization: 'Bearer guess' }),
    ask(port, { host: 'evil.example', authorization }),
    ask(port, { host: `localhost.evil.example:${port}`, authorization }),
    ask(port, { host, authorization, origin: 'http://evil.example' }),
    ask(port, { host, authorization, origin: `http://${host}` }),
    ask(port, { host, authorization }, { path: '/' }),
    ask(port, { host, authorization }, { path: '//' }),
    ask(port, { host, authorization }, { method: 'POST' }),
  ])
  expect(refused.map(one => one.status)).toEqual([401, 401, 403, 403, 403, 403, 404, 404, 405])
  for (const one of refused) expect(one.text).not.toContain('gatehouse_')
  const { status, text } = await ask(port, { host: `localhost:${port}`, authorization })
  expect(status).toBe(200)
  expect(valueIn(readExposition(text), 'gatehouse_info')).toBe(1)
})

test('what passes on its way into the log is counted; what could not be written is counted as that', async () => {
  const port = await freePort()
  const metrics = await metricsOn(folder())
  await metrics.set(true, port)
  let fails = false
  const log = metrics.counted({
    append: async () => {
      if (fails) throw new Error('The disk is full.')
    },
  })
  await log.append(EVENT, { durable: true })
  await log.append(EVENT, { durable: false })
  fails = true
  await expect(log.append(EVENT, { durable: true })).rejects.toThrow('The disk is full.')
  const authorization = `Bearer ${readFileSync(metrics.status().tokenFile!, 'utf8').trim()}`
  const found = readExposition((await ask(port, { authorization })).text)
  expect(valueIn(found, 'mcp_tool_calls_total')).toBe(2)
  expect(valueIn(found, 'gatehouse_audit_write_seconds_count')).toBe(1)
  expect(valueIn(found, 'gatehouse_audit_failures_total')).toBe(1)
})

test('it stays on over a restart with the same token; turned off, port and token are gone', async () => {
  const home = folder()
  const port = await freePort()
  const first = await metricsOn(home)
  await first.set(true, port)
  const token = readFileSync(first.status().tokenFile!, 'utf8')
  await first.close()
  await expect(ask(port, {})).rejects.toThrow()
  const second = await metricsOn(home)
  expect(second.status().url).toContain(String(port))
  expect(readFileSync(second.status().tokenFile!, 'utf8')).toBe(token)
  await second.set(false)
  await expect(ask(port, {})).rejects.toThrow()
  expect(second.status()).toMatchObject({ on: false, url: null, tokenFile: null })
  expect(() => statSync(join(home.path, 'metrics-token'))).toThrow()
})

test('a taken port is said, and nothing is turned on', async () => {
  const other = await taken()
  open.push(other)
  const { port } = other.address() as AddressInfo
  const metrics = await metricsOn(folder())
  await expect(metrics.set(true, port)).rejects.toThrow(`Port ${port} for metrics is taken.`)
  expect(metrics.status()).toMatchObject({ on: false, url: null, problem: null })
})

test('a setting written into state.db by hand opens nothing, and a token file of somebody else’s making is replaced', async () => {
  const home = folder()
  const port = await freePort()
  const first = await metricsOn(home)
  await first.set(true, port)
  await first.close()
  writeFileSync(join(home.path, 'metrics-token'), 'short\n')
  const second = await metricsOn(home)
  expect(readFileSync(second.status().tokenFile!, 'utf8')).toMatch(/^[\w-]{43}\n$/)
  await second.set(false)
  await second.close()
  home.db.prepare("UPDATE sealed SET value = replace(value, 'false', 'true') WHERE kind = 'metrics'").run()
  const third = await metricsOn(home)
  expect(third.status()).toMatchObject({ on: false, url: null })
  await expect(ask(port, {})).rejects.toThrow()
})
