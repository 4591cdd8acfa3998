// A secret's new value: set in the window, refused from the command line, and in the server's hands after its restart.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Secret } from '../contract/secrets.ts'
import { addAndAgree, fixture } from './e2e/stories.ts'
import { freshHome, type Home, hasKeychain, type RunningHub, root, run, runJson, startHub, until } from './harness.ts'
import { openWindow, type WindowClient } from './window-client.ts'

const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-such-bus')}`, XDG_RUNTIME_DIR: '' }
const [OLD, NEW, NEWER] = ['old-Tr0ub4dor-zebra', 'new-Tr0ub4dor-giraffe', 'newer-Tr0ub4dor-okapi'] as const

let hub: RunningHub | undefined
let window: WindowClient | undefined
afterEach(async () => {
  window?.close()
  await hub?.stop()
})

/** A hub whose server `teller` runs with OLD. Where there is no keychain, the encrypted file keeps it. */
async function stage(): Promise<{ home: Home; window: WindowClient; id: string }> {
  const home = freshHome()
  hub = await startHub(home, [], hasKeychain ? {} : NO_BUS)
  window = await openWindow(hub.web, { pin: '4711' })
  if (!hasKeychain) await window.call.secrets.createFile({ passphrase: 'orbit lemon granite fox' })
  await window.call.secrets.set({ name: 'MY_SECRET', value: OLD })
  const [server] = await addAndAgree(
    window,
    { teller: { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:MY_SECRET}' } } },
    { secrets: ['MY_SECRET'] },
  )
  await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'tell' } })
  return { home, window, id: server!.id }
}

const hashed = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 16)

async function holds(by: WindowClient, value: string): Promise<boolean> {
  const { result } = await by.call.calls.call({ server: 'teller', tool: 'tell', arguments: '{}' })
  return result?.includes(hashed(value)) ?? false
}

test('replaced, the answer names who runs with the old value; asked to, it restarts them with the new one', async () => {
  const { window, id } = await stage()
  expect(await holds(window, OLD)).toBe(true)
  const kept = await window.call.secrets.set({ name: 'MY_SECRET', value: NEW })
  expect(kept).toMatchObject({ running: [{ server: id, name: 'teller' }], restarting: false })
  expect(await holds(window, OLD)).toBe(true)
  const turned = await window.call.secrets.set({ name: 'MY_SECRET', value: NEWER, restart: true })
  expect(turned).toMatchObject({ running: [{ server: id, name: 'teller' }], restarting: true })
  const usedAt = async () => (await window.call.secrets.list()).find(one => one.name === 'MY_SECRET')!
  const before = (await usedAt()).setAt!
  await until('the child has the new value', () => holds(window, NEWER), 30_000)
  // Used by the start with the new value, not by the one before.
  expect(await usedAt()).toMatchObject({
    usedAt: expect.toSatisfy(at => at >= before),
    usedBy: [{ server: id, granted: true }],
  })
  const other = await window.call.secrets.set({ name: 'OTHER', value: NEW, restart: true })
  expect(other).toMatchObject({ running: [], restarting: false })
})

test('from the command line nothing is replaced: not at once, not as a proposal, not by removing it first', async () => {
  const { home, window, id } = await stage()
  const replaced = await run(home, ['secrets', 'set', 'MY_SECRET'], { stdin: NEW })
  expect([replaced.code, replaced.stderr]).toEqual([1, expect.stringContaining('Replace it in the window')])
  expect(await window.call.proposals.list()).toEqual([])
  expect(await holds(window, OLD)).toBe(true)
  const rows = await window.call.audit.list({ kinds: ['refused'], limit: 100 })
  expect(rows.map(({ event }) => [event?.what, event?.detail])).toContainEqual(['secret/replace', 'MY_SECRET'])
  expect((await run(home, ['secrets', 'remove', 'MY_SECRET'])).code).toBe(0)
  expect((await run(home, ['secrets', 'set', 'MY_SECRET'], { stdin: NEW })).code).toBe(0)
  // It is another secret now, and given to nobody.
  expect((await window.call.servers.start({ id })).kind).toBe('waiting')
  const [secret] = await runJson<Secret[]>(home, ['secrets', 'list'])
  expect(secret?.usedBy).toEqual([{ server: id, name: 'teller', granted: false }])
})

test('the list says when each was last used and by whom, and where new ones go', async () => {
  const { home, id } = await stage()
  const set = await run(home, ['secrets', 'set', 'SPARE'], { stdin: NEW })
  expect(set.stdout).toContain(hasKeychain ? 'stored in the keychain' : 'stored in the encrypted file')
  const list = await runJson<Secret[]>(home, ['secrets', 'list'])
  expect(list.map(one => [one.name, one.usedAt !== null, one.usedBy])).toEqual([
    ['MY_SECRET', true, [{ server: id, name: 'teller', granted: true }]],
    ['SPARE', false, []],
  ])
  const { stdout } = await run(home, ['secrets', 'list'])
  expect(stdout).toMatch(/LAST USED +USED BY\n/)
  expect(stdout).toMatch(/MY_SECRET +stored +19 characters +\d\d:\d\d:\d\d +teller\n/)
  expect(stdout).toMatch(/SPARE +stored +21 characters +never\n/)
})
