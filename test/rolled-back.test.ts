// The whole hub on a state.db that was put back: what was taken back since does not come back, and a person decides.
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addAndAgree, fixture } from './e2e/stories.ts'
import { freshHome, hasKeychain, run, runJson, startHub, until } from './harness.ts'
import { openWindow } from './window-client.ts'

const LIMIT_MS = 30_000

test.skipIf(!hasKeychain)(
  'an allow rule and an agreement that were taken back stay so, until a window decides',
  async () => {
    const home = freshHome()
    const state = join(home.data, 'state.db')
    const kept = join(home.folder, 'kept.db')
    let hub = await startHub(home)
    let window = await openWindow(hub.web, { pin: '4711' })
    const key = window.key
    await addAndAgree(window, { idle: { command: process.execPath, args: [fixture('greets.mjs')] } }, { trust: false })
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })
    window.close()
    await hub.stop()
    copyFileSync(state, kept)

    hub = await startHub(home)
    window = await openWindow(hub.web, { key, pin: '4711' })
    const [rule] = (await window.call.policy.get()).rules
    await window.call.policy.change({ kind: 'remove-rule', id: rule!.id })
    window.close()
    await hub.stop()
    for (const end of ['-wal', '-shm']) rmSync(`${state}${end}`, { force: true })
    copyFileSync(kept, state)

    hub = await startHub(home)
    window = await openWindow(hub.web, { key, pin: '4711' })
    try {
      expect((await window.call.hub.status()).state.problem).toContain('older state.db was put back')
      expect((await run(home, ['status'])).stdout).toContain('older state.db was put back')
      expect((await window.call.policy.get()).rules).toEqual([])
      const idle = async () => (await window.call.servers.list())[0]!
      expect((await idle()).state.kind).toBe('waiting')
      await expect(run(home, ['policy', 'list', '--json'])).resolves.toMatchObject({
        stdout: expect.not.stringContaining('"allow"'),
      })
      await window.call.hub.settleState({ choice: 'believe' })
      expect((await window.call.hub.status()).state.problem).toBeNull()
      await until('the agreement counts again', async () => (await idle()).state.kind !== 'waiting', LIMIT_MS)
      // policy.json beside it was not put back: it is stricter, and that holds.
      expect((await window.call.policy.get()).rules).toEqual([])
      const rows = await runJson<{ event: { what: string } | null }[]>(home, ['audit', 'list'])
      const said = rows.flatMap(({ event }) => (event?.what.startsWith('store/') ? [event.what] : []))
      expect(said).toEqual(['store/believed', 'store/rolled-back'])
    } finally {
      window.close()
      await hub.stop()
    }
  },
  120_000,
)
