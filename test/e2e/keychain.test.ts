// A keychain that is slow, not there, or locked, as a person meets it: said in words with what to do, and tried again by a press.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import {
  chromiumPath,
  closeBrowser,
  freshHome,
  hasKeychain,
  openBrowser,
  type RunningHub,
  startHub,
  until,
} from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { takePicture } from './pictures.ts'
import { addAndAgree, fixture } from './stories.ts'

const realBus = /unix:path=([^,;]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS ?? '')?.[1]
let hub: RunningHub | undefined

afterAll(async () => {
  await closeBrowser()
  await hub?.stop()
})

async function credentials(hub: RunningHub): Promise<Page> {
  const page = await (await openBrowser()).newPage()
  await page.goto(hub.web)
  await page.getByRole('link', { name: 'Credentials' }).first().click()
  return page
}

test.skipIf(!chromiumPath || process.platform !== 'linux')(
  'one that does not answer is waited for in words, and everything else works meanwhile',
  async () => {
    const home = freshHome()
    const bus = join(home.folder, 'bus')
    const silent = createServer(() => {}).listen(bus)
    hub = await startHub(home, [], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}`, XDG_RUNTIME_DIR: '' })
    const page = await credentials(hub)
    await page.getByText('Waiting for your keychain.').first().waitFor()
    await page.getByText('Look for a question of your keychain').waitFor()
    await takePicture(page, 'keychain-waiting')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'Servers' }).first().click()
    await page.getByRole('button', { name: /Add/ }).first().waitFor()
    await hub.stop()
    silent.close()
  },
)

test.skipIf(!chromiumPath || process.platform !== 'linux')(
  'one that is not there is said with what to do; where it came meanwhile, a press finds it',
  async () => {
    const home = freshHome()
    const bus = join(home.folder, 'bus')
    hub = await startHub(home, [], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}`, XDG_RUNTIME_DIR: '' })
    const page = await credentials(hub)
    await page.getByText('There is no keychain to keep secrets in.').first().waitFor()
    await page.getByText('Install and start a secret service').waitFor()
    await takePicture(page, 'keychain-missing')
    const again = page.getByRole('button', { name: 'Try again' })
    await again.click()
    await expect.poll(() => again.isEnabled()).toBe(true)
    await page.getByText('There is no keychain to keep secrets in.').first().waitFor()
    if (!hasKeychain || !realBus) return
    symlinkSync(realBus, bus)
    await again.click()
    await page.getByText('Unlocked', { exact: true }).waitFor()
    await takePicture(page, 'keychain-open')
    rmSync(bus)
  },
)

test.skipIf(!chromiumPath || !hasKeychain)(
  'a real one that is locked: the list stays, what needs a credential waits and says so, and a press after unlocking is enough',
  async () => {
    const home = freshHome()
    const run = join(home.folder, 'run')
    mkdirSync(run, { mode: 0o700 })
    const env = {
      ...home.env,
      XDG_RUNTIME_DIR: run,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(run, 'bus')}`,
      DISPLAY: '',
    }
    const bus = spawn(
      'dbus-daemon',
      ['--session', '--nofork', '--print-address', `--address=${env.DBUS_SESSION_BUS_ADDRESS}`],
      { env, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    await once(bus.stdout, 'data')
    const keyring = (...more: string[]) =>
      execFileSync('gnome-keyring-daemon', [...more, '--unlock', '--components=secrets'], {
        env,
        input: 'test',
        stdio: ['pipe', 'ignore', 'ignore'],
      })
    const secrets = ['--session', '--dest', 'org.freedesktop.secrets', '--object-path', '/org/freedesktop/secrets']
    const lock = () =>
      execFileSync(
        'gdbus',
        [
          'call',
          ...secrets,
          '--method',
          'org.freedesktop.Secret.Service.Lock',
          "[objectpath '/org/freedesktop/secrets/collection/login']",
        ],
        { env, stdio: 'ignore' },
      )
    try {
      keyring()
      hub = await startHub(home, [], env)
      const first = await openWindow(hub.web, { pin: '4711' })
      await first.call.secrets.set({ name: 'MY_SECRET', value: 'k9-Tr0ub4dor&3-zebra' })
      const teller = { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:MY_SECRET}' } }
      await addAndAgree(first, { teller }, { secrets: ['MY_SECRET'] })
      first.close()
      await hub.stop()

      lock()
      hub = await startHub(home, [], env)
      const page = await credentials(hub)
      await page.getByText('Your keychain did not let Gatehouse in.').first().waitFor()
      await page.getByText('Unlock it, or allow Gatehouse in its question').waitFor()
      await page.getByRole('button', { name: 'MY_SECRET', exact: true }).waitFor()
      await page.getByText('locked', { exact: true }).waitFor()
      await takePicture(page, 'keychain-locked')
      await page.getByRole('link', { name: 'Servers' }).first().click()
      await page.getByText('What you agreed to is locked away with the keychain.').waitFor()
      await takePicture(page, 'keychain-locked-servers')
      await page.getByRole('link', { name: 'Home' }).first().click()
      await page.getByText('waits for the keychain').waitFor()
      await takePicture(page, 'keychain-locked-home')
      await page.getByRole('link', { name: 'Credentials' }).first().click()
      // A press while it is locked changes nothing, and says so again.
      const again = page.getByRole('button', { name: 'Try again' })
      await again.click()
      await expect.poll(() => again.isEnabled()).toBe(true)
      await page.getByText('Your keychain did not let Gatehouse in.').first().waitFor()

      keyring('--replace')
      await again.click()
      // Who paired while it was locked was asked for no PIN: it is no window now. Those paired before are again.
      await page.getByText('was paired while the keychain or the encrypted file was locked').waitFor()
      await takePicture(page, 'keychain-unlocked')
      const back = await openWindow(hub.web, { key: first.key })
      expect(back.verdict.kind).toBe('accepted')
      const [server] = await back.call.servers.list()
      await back.call.servers.start({ id: server!.id }).catch(() => {})
      await until('it runs', async () => (await back.call.servers.list())[0]!.state.kind === 'running', 30_000)
      back.close()
    } finally {
      await hub?.stop()
      bus.kill()
    }
  },
  120_000,
)
