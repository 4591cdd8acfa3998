// Without a keychain: the encrypted file is made in the window, locked at the next start, and opened there again.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import {
  choosePin,
  chromiumPath,
  closeBrowser,
  freshHome,
  openBrowser,
  root,
  run,
  startHub,
  until,
} from '../harness.ts'

const PASSPHRASE = 'orbit lemon granite fox'
const VALUE = 'k9-Tr0ub4dor-zebra'
const pictures = process.env.GATEHOUSE_PICTURES
const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-such-bus')}`, XDG_RUNTIME_DIR: '' }

afterAll(closeBrowser)

test.skipIf(!chromiumPath || process.platform !== 'linux')(
  'made, used, locked over a restart, opened by the passphrase alone; it stands in no file and no output',
  async () => {
    const home = freshHome()
    const browser = await openBrowser()
    const page = await browser.newPage()
    const take = async (name: string) => {
      if (!pictures) return
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) })
      }
    }
    const credentials = () => page.getByRole('link', { name: 'Credentials' }).first().click()
    let hub = await startHub(home, [], NO_BUS)
    try {
      await page.goto(hub.web)
      await choosePin(page)
      await credentials()
      await page.getByRole('button', { name: 'Use an encrypted file…' }).click()
      await page.getByLabel('New passphrase').fill(PASSPHRASE)
      await page.getByLabel('The same again').fill(`${PASSPHRASE}?`)
      expect(await page.getByRole('button', { name: 'Make the file' }).isDisabled()).toBe(true)
      await page.getByLabel('The same again').fill(PASSPHRASE)
      await take('make')
      await page.getByRole('button', { name: 'Make the file' }).click()
      await page.getByText('kept in the encrypted file').waitFor()
      expect((await run(home, ['secrets', 'set', 'TOKEN'], { stdin: VALUE })).code).toBe(0)
      await page.getByText('TOKEN').first().waitFor()
      await take('open')
      await hub.stop()

      hub = await startHub(home, [], NO_BUS)
      expect((await run(home, ['vault', 'status'])).stdout).toContain('The encrypted file is locked.')
      const piped = await run(home, ['vault', 'unlock'], { stdin: PASSPHRASE })
      expect([piped.code, piped.stderr]).toEqual([1, expect.stringContaining('typed at a terminal')])
      await page.goto('about:blank')
      await page.goto(hub.web)
      await choosePin(page)
      await credentials()
      await page.getByLabel('Passphrase').fill('not this one at all')
      await page.getByRole('button', { name: 'Unlock' }).click()
      await page.getByText('That is not the passphrase').first().waitFor()
      await take('locked')
      await page.getByLabel('Passphrase').fill(PASSPHRASE)
      await page.getByRole('button', { name: 'Unlock' }).click()
      // This window was paired before the file could say whom it knows, so it is asked for the PIN again.
      const opened = async () => (await run(home, ['vault', 'status'])).stdout.includes('kept in the encrypted file')
      await until('the file is open', opened, 30_000)
      await take('after')
      const rows = await run(home, ['audit', 'list', '--json'])
      for (const what of ['vault/file-created', 'vault/unlock', 'vault/unlocked']) expect(rows.stdout).toContain(what)
      const files = readdirSync(home.data, { recursive: true, encoding: 'utf8' }).map(name => join(home.data, name))
      const texts = files.filter(path => statSync(path).isFile()).map(path => readFileSync(path, 'latin1'))
      for (const text of [...texts, rows.stdout])
        for (const planted of [PASSPHRASE, VALUE]) expect(text.includes(planted)).toBe(false)
    } finally {
      await page.close()
      await hub.stop()
    }
  },
  120_000,
)
