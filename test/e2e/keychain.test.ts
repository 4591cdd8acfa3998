// A keychain that is slow, or not there, as a person meets it: said in words with what to do, and tried again by a press.
import { rmSync, symlinkSync } from 'node:fs'
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
} from '../harness.ts'

const pictures = process.env.GATEHOUSE_PICTURES
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

async function take(page: Page, name: string): Promise<void> {
  if (!pictures) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(pictures, `keychain-${name}-${colorScheme}.png`), animations: 'disabled' })
  }
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
    await take(page, 'waiting')
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
    await take(page, 'missing')
    const again = page.getByRole('button', { name: 'Try again' })
    await again.click()
    await expect.poll(() => again.isEnabled()).toBe(true)
    await page.getByText('There is no keychain to keep secrets in.').first().waitFor()
    if (!hasKeychain || !realBus) return
    symlinkSync(realBus, bus)
    await again.click()
    await page.getByText('Unlocked', { exact: true }).waitFor()
    await take(page, 'open')
    rmSync(bus)
  },
)
