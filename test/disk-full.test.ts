// A whole hub whose disk takes no more: changing calls are refused and say why, the rest goes on, and so do they once there is room.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditRow } from '../contract/audit.ts'
import type { Answer } from '../contract/policy.ts'
import { fixture } from './e2e/stories.ts'
import { isAlive, run, runJson, until } from './harness.ts'
import { enterAsBridge, type RawPeer } from './raw-peer.ts'
import { startUnattended, type Unattended, verify } from './unattended.ts'

let place: Unattended
let peer: RawPeer
let journal: string
const executed = () => readFileSync(journal, 'utf8').split('\n').filter(Boolean)
const act = async (n: string) => {
  const hubEnded = peer.closed.then(() => Promise.reject(new Error('The hub ended.')))
  const { result, error } = await Promise.race([peer.call('journal_act', { n }), hubEnded])
  return error?.message ?? (result?.isError ? result.content?.[0]?.text : 'done') ?? ''
}

beforeAll(async () => {
  place = await startUnattended({})
  journal = join(place.home.folder, 'journal')
  writeFileSync(journal, '')
  const env = Object.fromEntries([place.marked.split('=')])
  const launch = { command: process.execPath, args: [fixture('journals.mjs'), journal], env, headers: {} }
  await place.window.call.servers.add({ name: 'journal', launch })
  await until('it is listed', async () => (await place.window.call.servers.list())[0]!.tools !== null, 60_000)
  peer = await enterAsBridge(place.hub.socket)
}, 120_000)
afterAll(() => place?.close())

/** No file of the hub may grow past this; its servers were started before and are not bound by it. */
function mayWrite(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(place.hub.pid), `--fsize=${bytes}:`])
}

test.skipIf(process.platform !== 'linux')(
  'changing calls are refused with the reason, the hub lives and reads, and goes on when there is room',
  async () => {
    const { home, window } = place
    expect(await act('before')).toBe('done')
    for (let round = 0; round < 3; round++) {
      mayWrite(4096)
      let refused = ''
      // What is in the write-ahead log already may still be overwritten once.
      for (let n = 0; n < 50 && !refused; n++) {
        const said = await act(`full-${round}-${n}`)
        if (said !== 'done') refused = said
      }
      expect(refused).toMatch(/audit log cannot be written.*(full|I\/O)/i)
      const done = executed().length
      for (let n = 0; n < 5; n++) expect(await act(`refused-${round}-${n}`)).toContain('audit log cannot be written')
      expect(executed()).toHaveLength(done)
      expect(isAlive(place.hub.pid)).toBe(true)
      expect((await window.call.hub.status()).audit).toMatchObject({
        writable: false,
        problem: expect.stringContaining('cannot be written'),
      })
      expect((await run(home, ['status'])).stdout).toContain('cannot be written')
      expect((await run(home, ['doctor'])).stdout).toContain('cannot be written')
      const rows = await runJson<AuditRow[]>(home, ['audit', 'list', '--limit', '1000'])
      expect(rows.filter(({ event }) => event?.what === 'call/allowed').length).toBeGreaterThanOrEqual(done)
      expect((await peer.ask('tools/list')).result?.tools?.map(({ name }) => name)).toContain('journal_act')
      mayWrite('unlimited')
      await until('it goes on', async () => (await act(`after-${round}`)) === 'done', 30_000)
      expect((await window.call.hub.status()).audit).toMatchObject({ writable: true, problem: null })
    }
    expect(await verify(home)).toMatchObject({ intact: true, problems: [] })
    const recorded = (await runJson<AuditRow[]>(home, ['audit', 'list', '--limit', '1000'])).flatMap(({ event }) =>
      event?.what === 'call/allowed' && event.arguments ? [JSON.parse(event.arguments.text).n] : [],
    )
    expect(executed().filter(one => !recorded.includes(one))).toEqual([])
    expect(executed().filter(one => one.startsWith('refused'))).toEqual([])
  },
  120_000,
)

test.skipIf(process.platform !== 'linux')(
  'what tightens is in force at once all the same, and on record as soon as there is room; what loosens waits for that',
  async () => {
    const { home, window } = place
    await window.call.policy.change({
      kind: 'add-rule',
      rule: { effect: 'ask', arguments: [{ path: 'n', equals: 'asked about' }] },
    })
    const asked = act('asked about')
    const waiting = async () => (await window.call.approvals.list()).filter(one => one.state.kind === 'waiting')
    await until('it waits', async () => (await waiting()).length === 1)
    mayWrite(4096)
    for (let n = 0, said = 'done'; n < 50 && said === 'done'; n++) said = await act(`filling-${n}`)
    expect((await window.call.hub.status()).audit.writable).toBe(false)
    const { id: call } = (await waiting())[0]!
    const answer = (answer: Answer) => window.call.approvals.answer({ id: call, answer })
    await expect(answer({ kind: 'allow', scope: 'once' })).rejects.toThrow('cannot be written')
    await answer({ kind: 'deny', word: 'not now' })
    expect(await asked).toContain('not now')
    expect(await run(home, ['policy', 'read-only', 'on'])).toMatchObject({ code: 0 })
    expect(await act('while read-only')).toContain('read-only')
    await expect(window.call.policy.change({ kind: 'read-only', on: false })).rejects.toThrow('cannot be written')
    expect((await window.call.policy.get()).readOnly).toBe(true)
    const { id } = (await window.call.servers.list())[0]!
    await window.call.servers.setEnabled({ id, enabled: false })
    expect(await window.call.servers.get({ id })).toMatchObject({ enabled: false, state: { kind: 'stopped' } })
    expect(await run(home, ['stop', '--servers'])).toMatchObject({ code: 0 })
    expect((await window.call.policy.get()).stopped).toBe(true)
    mayWrite('unlimited')
    await until('the log goes on', async () => (await window.call.hub.status()).audit.writable, 30_000)
    const rows = await runJson<AuditRow[]>(home, ['audit', 'list', '--limit', '1000'])
    const changed = rows.flatMap(({ event }) => (event?.what === 'policy/changed' ? [event.detail ?? ''] : []))
    expect(changed.filter(words => /read-only|stopped/i.test(words))).toHaveLength(2)
  },
  120_000,
)
