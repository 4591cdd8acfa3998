// The log on the command line, from real calls: listed by each filter, followed, exported, proven, offline too, and erased.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditHead, AuditRow, Verification } from '../contract/audit.ts'
import { verifyExport } from '../hub/audit/verify-export.ts'
import { fixture } from './e2e/stories.ts'
import { cli, run, runJson, until } from './harness.ts'
import { enterAsBridge, type RawPeer } from './raw-peer.ts'
import { startUnattended, type Unattended } from './unattended.ts'

const RULES = [{ effect: 'deny', arguments: [{ path: 'n', equals: 'never' }] }, { effect: 'allow' }]
let place: Unattended
let peer: RawPeer
let journal: string

beforeAll(async () => {
  place = await startUnattended({}, RULES)
  journal = join(place.home.folder, 'journal')
  writeFileSync(journal, '')
  const env = Object.fromEntries([place.marked.split('=')])
  const launch = { command: process.execPath, args: [fixture('journals.mjs'), journal], env, headers: {} }
  await place.window.call.servers.add({ name: 'journal', launch })
  await until('it is listed', async () => (await place.window.call.servers.list())[0]!.tools !== null, 60_000)
  peer = await enterAsBridge(place.hub.socket)
  for (const n of ['kingfisher', 'heron', 'never']) await peer.call('journal_act', { n })
}, 120_000)
afterAll(async () => {
  await place?.close()
  if (place) rmSync(place.home.folder, { recursive: true, force: true })
})

const list = (...words: string[]) => runJson<AuditRow[]>(place.home, ['audit', 'list', ...words])
const whats = (rows: AuditRow[]) => rows.map(({ event }) => event?.what)

test('each filter narrows the list, alone and together', async () => {
  const all = await list()
  const at = (what: string) => all.find(row => row.event?.what === what)!
  const calls = await list('--tool', 'act', '--kind', 'call')
  expect(calls.map(({ event }) => event?.decision?.effect)).toEqual(['deny', 'allow', 'allow'])
  expect(await list('--server', 'journal', '--kind', 'call')).toEqual(calls)
  expect(await list('--decision', 'deny')).toHaveLength(1)
  expect(whats(await list('--outcome', 'ok', '--min-ms', '0'))).toEqual(['call/ended', 'call/ended'])
  expect(await list('--min-ms', '3600000')).toEqual([])
  expect(await list('--max-ms', '3600000')).toHaveLength(2)
  expect(await list('--since', '1h')).toEqual(all)
  expect(await list('--until', '1h')).toEqual([])
  expect(await list('--client', at('call/ended').event!.client!, '--text', 'kingfisher')).toHaveLength(1)
  const [, second, third] = all
  expect(await list('--before', String(second!.seq), '--limit', '1')).toEqual([third])
  expect(await list('--after', String(second!.seq))).toEqual([all[0]])
  const found = await run(place.home, ['audit', 'search', 'king*', '--tool', 'act'])
  expect(found.stdout.trim().split('\n')).toHaveLength(2)
  expect((await run(place.home, ['audit', 'search', '***'])).stderr).toContain('no word to look for')
}, 120_000)

test('one call is shown with its decision, its times and what it was asked', async () => {
  const [row] = await list('--text', 'heron')
  const { stdout } = await run(place.home, ['audit', 'show', String(row!.seq)])
  for (const part of ['call/allowed', 'call/ended', 'Rule:', 'ok after', '{"n":"heron"}'])
    expect(stdout).toContain(part)
  expect((await run(place.home, ['audit', 'show', '999999'])).stderr).toContain('There is no row 999999')
}, 120_000)

test('new rows are followed as they are written, each once and in order, also when many come', async () => {
  const child = spawn(
    process.execPath,
    [cli, 'audit', 'follow', '--kind', 'call', '--tool', 'act', '--limit', '1', '--json'],
    {
      env: place.home.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const seqs = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map(line => (JSON.parse(line) as AuditRow).seq)
  await until('the last one before is shown', () => seqs().length === 1, 60_000)
  const COUNT = 1500
  for (let n = 0; n < COUNT; n += 100)
    await Promise.all(Array.from({ length: 100 }, (_, i) => peer.call('journal_act', { n: `many-${n + i}` })))
  await until('all are shown', () => seqs().length === COUNT + 1, 60_000)
  child.kill('SIGTERM')
  await once(child, 'close')
  const newest = (await list('--kind', 'call', '--tool', 'act', '--limit', '1000')).map(({ seq }) => seq).reverse()
  expect(seqs().slice(-1000)).toEqual(newest)
  expect(seqs()).toEqual(seqs().toSorted((a, b) => a - b))
}, 240_000)

test('an export proves itself without hub, folder or keychain, and each change to it is named', async () => {
  const away = join(place.home.folder, 'away')
  mkdirSync(away)
  const kept = join(away, 'head.json')
  const head = await run(place.home, ['audit', 'head', '--json'])
  writeFileSync(kept, head.stdout)
  const bundle = (await run(place.home, ['audit', 'export', '--format', 'bundle'])).stdout
  const jsonl = (await run(place.home, ['audit', 'export', '--format', 'jsonl'])).stdout
  expect(bundle.startsWith(jsonl)).toBe(true)
  expect((await run(place.home, ['audit', 'export', '--format', 'csv'])).stdout.split('\n')[0]).toContain(
    'seq,time,kind',
  )
  // Another machine: no folder of ours, no session bus.
  const env = {
    PATH: process.env.PATH,
    HOME: away,
    GATEHOUSE_HOME: join(away, 'none'),
    DBUS_SESSION_BUS_ADDRESS: 'none:',
  }
  const path = join(away, 'export')
  const proven = async (lines: string[], ...also: string[]) => {
    writeFileSync(path, `${lines.join('\n')}\n`)
    const ran = await run({ ...place.home, env }, ['audit', 'verify', '--file', path, '--json', ...also])
    const { problems } = JSON.parse(ran.stdout) as Verification
    expect(ran.code).toBe(problems.length === 0 ? 0 : 1)
    if (problems[0]) expect(ran.stderr).toContain(problems[0].kind)
    return problems.map(({ kind, seq }) => `${kind} ${seq}`)
  }
  const named = async (lines: string[]) => {
    writeFileSync(path, `${lines.join('\n')}\n`)
    return (await verifyExport(path)).problems.map(({ kind, seq }) => `${kind} ${seq}`)
  }
  const lines = bundle.trimEnd().split('\n')
  const end = lines.pop()!
  const last = lines.length
  const at = lines.findIndex(line => line.includes('kingfisher'))
  const seq = at + 1
  const forged = lines[at]!.replace('"prev":"', '"prev":"f')
  expect(await proven([...lines, end], '--head', kept)).toEqual([])
  expect(await proven([...lines.with(at, lines[at]!.replaceAll('kingfisher', 'sparrow')), end])).toEqual([
    `edited ${seq}`,
  ])
  expect(await named([...lines.toSpliced(at, 0, forged), end])).toContain(`inserted ${seq}`)
  expect(await named([...lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!), end])).toContain(`reordered ${seq}`)
  expect(await named([...lines.toSpliced(at, 1), end])).toEqual([`removed ${seq}`])
  expect(await named([...lines.slice(0, -2), end])).toEqual([`cut-off ${last - 1}`])
  // What ends with no signed head is held against the head kept elsewhere.
  expect(await named(lines.slice(0, -2))).toEqual([])
  expect(await proven(lines.slice(0, -2), '--head', kept)).toEqual([`rolled-back ${last - 1}`])
  writeFileSync(kept, JSON.stringify({ ...(JSON.parse(head.stdout) as AuditHead), hash: 'a'.repeat(64) }))
  expect(await proven([...lines, end], '--head', kept)).toEqual([expect.stringMatching(/^edited /)])
  for (const words of [
    ['--file', join(away, 'nothing')],
    ['--file', path, '--head', path],
  ])
    expect((await run({ ...place.home, env }, ['audit', 'verify', ...words])).stderr).toMatch(
      /cannot be read|holds no head/,
    )
}, 240_000)

test('what a row held is erased once a person says so, and how long records are kept is shown and set', async () => {
  const [row] = await list('--text', 'kingfisher', '--limit', '1')
  const asked = await run(place.home, ['audit', 'erase', String(row!.seq), '--why', 'a secret slipped in'])
  expect(asked.stdout).toContain('Proposed')
  expect(await list('--text', 'kingfisher')).not.toEqual([])
  const [proposal] = await place.window.call.proposals.list()
  await place.window.call.proposals.accept({ id: proposal!.id })
  expect((await list('--before', String(row!.seq + 1), '--limit', '1'))[0]).toMatchObject({
    seq: row!.seq,
    event: null,
  })
  expect(whats(await list('--kind', 'erased'))).toEqual(['rows/erased'])
  const proof = await runJson<Verification>(place.home, ['audit', 'verify'])
  expect(proof).toMatchObject({ intact: true, erased: 1 })
  expect((await run(place.home, ['audit', 'retention'])).stdout).toContain('Content is kept for 90 days')
  expect((await run(place.home, ['audit', 'retention', '--days', 'forever'])).stdout).toContain('Done.')
  expect((await run(place.home, ['audit', 'retention', '--days', '1'])).stdout).toContain('Proposed')
  expect((await run(place.home, ['audit', 'retention'])).stdout).toContain('Content is kept for ever')
}, 120_000)

test('the folder itself: put back, edited or unreadable, it is named, hub running or not', async () => {
  const { home } = place
  const copy = join(home.folder, 'copy')
  const kept = join(home.folder, 'head.json')
  await place.close()
  cpSync(home.data, copy, { recursive: true })
  const hub = await place.again()
  await (await enterAsBridge(hub.hub.socket)).call('journal_act', { n: 'later' })
  writeFileSync(kept, (await run(home, ['audit', 'head', '--json'])).stdout)
  const verify = async (data: string, ...also: string[]) =>
    JSON.parse((await run(home, ['audit', 'verify', '--json', '--data', data, ...also])).stdout) as Verification
  expect(await verify(home.data, '--head', kept)).toMatchObject({ intact: true })
  const back = await verify(copy, '--head', kept)
  expect(back.problems).toEqual([expect.objectContaining({ kind: 'rolled-back' })])
  const db = new Database(join(copy, 'audit.db'))
  db.exec("UPDATE audit SET content = replace(content, 'heron', 'raven')")
  db.close()
  // Where there is a keychain its anchor tells of the rollback too.
  expect((await verify(copy)).problems).toContainEqual(expect.objectContaining({ kind: 'edited' }))
  for (const name of readdirSync(copy)) if (/-(wal|shm)$/.test(name)) rmSync(join(copy, name))
  const bytes = readFileSync(join(copy, 'audit.db'))
  writeFileSync(join(copy, 'audit.db'), bytes.fill(0x5a, 0, 100))
  expect((await verify(copy)).problems).toContainEqual(expect.objectContaining({ kind: 'unreadable' }))
  await hub.close()
  expect((await verify(home.data, '--head', kept)).intact).toBe(true)
}, 240_000)
