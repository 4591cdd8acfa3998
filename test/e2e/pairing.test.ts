// Ways around the PIN that need only our own files and commands: none of them pairs a window.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { freshHome, hasKeychain, type RunningHub, startHub, until } from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'

const realBus = /unix:path=([^,;]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS ?? '')?.[1]
let hub: RunningHub | undefined
let window: WindowClient | undefined
afterEach(async () => {
  window?.close()
  await hub?.stop()
})

test.skipIf(!hasKeychain)(
  'a state database that is removed, or a folder made with this one’s id, still asks for the PIN',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    window.close()
    await hub.stop()
    for (const tail of ['', '-wal', '-shm']) rmSync(join(home.data, `state.db${tail}`), { force: true })
    const copy = { ...home, data: join(home.folder, 'copy') }
    mkdirSync(copy.data, { mode: 0o700 })
    copyFileSync(join(home.data, 'id'), join(copy.data, 'id'))
    for (const each of [home, { ...copy, env: { ...home.env, GATEHOUSE_HOME: copy.data } }]) {
      hub = await startHub(each)
      expect((await openWindow(hub.web)).verdict.kind).toBe('pin-needed')
      expect((await openWindow(hub.web, { pin: '0000' })).verdict.kind).toBe('pin-wrong')
      expect((await openWindow(hub.web, { pin: '4711' })).verdict.kind).toBe('accepted')
      await hub.stop()
    }
  },
)

test.skipIf(!hasKeychain || !realBus)(
  'a window paired while the keychain was kept away is none once it is there',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'drop_*' } })
    window.close()
    await hub.stop()
    const bus = join(mkdtempSync(join(tmpdir(), 'gh-bus-')), 'bus')
    hub = await startHub(home, [], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}` })
    const evil = await openWindow(hub.web, { pin: '1111' })
    expect(evil.verdict.kind).toBe('accepted')
    await evil.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })
    symlinkSync(realBus!, bus)
    const link = (await evil.call.windows.newLink()).url
    await until(
      'the window is let in no more',
      () =>
        evil.call.hub.status().then(
          () => false,
          () => true,
        ),
      20_000,
    )
    expect((await openWindow(link, { pin: '1111' })).verdict.kind).toBe('pin-wrong')
    window = await openWindow(link, { pin: '4711' })
    expect(window.verdict.kind).toBe('accepted')
    expect((await window.call.policy.get()).rules.map(rule => `${rule.effect} ${rule.tool}`)).toEqual(['deny drop_*'])
  },
)

test.skipIf(!hasKeychain || !realBus)(
  'a person’s folder made to say that it is nobody’s ends once the keychain says whose it is',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    await hub.stop()
    const db = new DatabaseSync(join(home.data, 'state.db'))
    db.prepare("UPDATE kv SET value = 'unattended' WHERE key = 'mode'").run()
    db.close()
    const policy = join(home.folder, 'all.json')
    writeFileSync(policy, '{"rules":[{"effect":"allow"}]}')
    const bus = join(mkdtempSync(join(tmpdir(), 'gh-bus-')), 'bus')
    hub = await startHub(home, ['--policy', policy], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}` })
    symlinkSync(realBus!, bus)
    const { process: child } = hub
    await until('the hub ends', () => child.exitCode !== null, 25_000)
  },
)
