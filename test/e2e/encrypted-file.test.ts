// Without a keychain: the encrypted file is made in the window, locked at the next start, and opened there again.
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { connectHub } from '../../cli/hub-connection.ts'
import type { ServerLine } from '../../contract/command-line.ts'
import {
  choosePin,
  chromiumPath,
  closeBrowser,
  freshHome,
  type Home,
  openBrowser,
  root,
  run,
  runJson,
  startHub,
  until,
} from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { takePicture } from './pictures.ts'
import { addAndAgree, fixture } from './stories.ts'

const PASSPHRASE = 'orbit lemon granite fox'
const VALUE = 'k9-Tr0ub4dor-zebra'
const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-such-bus')}`, XDG_RUNTIME_DIR: '' }

afterAll(closeBrowser)

test.skipIf(!chromiumPath || process.platform !== 'linux')(
  'made, used, locked over a restart, opened by the passphrase alone; it stands in no file and no output',
  async () => {
    const home = freshHome()
    const browser = await openBrowser()
    const page = await browser.newPage()
    const credentials = () => page.getByRole('link', { name: 'Credentials' }).first().click()
    // The same port each time, as with --port: a browser keeps its key for one address.
    const port = ['--port', String(await freePort())]
    const start = () => startHub(home, port, NO_BUS)
    const isOpen = async () => (await run(home, ['vault', 'status'])).stdout.includes('kept in the encrypted file')
    const state = async () => (await runJson<ServerLine[]>(home, ['servers', 'list']))[0]?.state
    let hub = await start()
    try {
      await page.goto(hub.web)
      await choosePin(page)
      await credentials()
      await page.getByRole('button', { name: 'Use an encrypted file…' }).click()
      await page.getByLabel('New passphrase').fill(PASSPHRASE)
      await page.getByLabel('The same again').fill(`${PASSPHRASE}?`)
      expect(await page.getByRole('button', { name: 'Make the file' }).isDisabled()).toBe(true)
      await page.getByLabel('The same again').fill(PASSPHRASE)
      await takePicture(page, 'make')
      await page.getByRole('button', { name: 'Make the file' }).click()
      await page.getByText('kept in the encrypted file').waitFor()
      expect((await run(home, ['secrets', 'set', 'TOKEN'], { stdin: VALUE })).stdout).toContain('in the encrypted file')
      await page.getByText('TOKEN').first().waitFor()
      await page.getByText('Encrypted file open').waitFor()
      await addTeller(home)
      await page.getByRole('button', { name: 'TOKEN', exact: true }).click()
      await page.getByRole('button', { name: 'Save to encrypted file' }).waitFor()
      await page.getByText('Restart teller with the new value').waitFor()
      await takePicture(page, 'open')
      await hub.stop()

      hub = await start()
      expect((await run(home, ['vault', 'status'])).stdout).toContain('The encrypted file is locked.')
      const piped = await run(home, ['vault', 'unlock'], { stdin: PASSPHRASE })
      expect([piped.code, piped.stderr]).toEqual([1, expect.stringContaining('typed at a terminal')])
      // It is told why it is asked again, and where to go on.
      await page.getByText('which windows are paired stands in it').waitFor()
      await takePicture(page, 'unpaired')
      await page.getByLabel('or paste it here').fill(hub.web)
      await page.getByRole('button', { name: 'Pair', exact: true }).click()
      await credentials()
      await page.getByText('Encrypted file locked').waitFor()
      // Which PIN was chosen stands in the file too.
      expect(await page.getByText('Choose a PIN').count()).toBe(0)
      await page.getByLabel('Passphrase').fill('not this one at all')
      await page.getByRole('button', { name: 'Unlock' }).click()
      await page.getByText('That is not the passphrase').first().waitFor()
      await takePicture(page, 'locked')
      expect(await state()).toBe('waiting')
      await page.getByLabel('Passphrase').fill(PASSPHRASE)
      await page.getByRole('button', { name: 'Unlock' }).click()
      // It gave all that a PIN could prove, so it stays, and the server that waited starts.
      await page.getByText('Credentials are kept in the encrypted file').waitFor()
      await until('the file is open', isOpen, 30_000)
      await run(home, ['servers', 'start', 'teller'])
      await until('the server runs', async () => (await state()) === 'running', 30_000)
      expect((await run(home, ['servers', 'logs', 'teller'])).stdout).toContain('starting with ‹secret:TOKEN›')
      await takePicture(page, 'after')
      await page.reload()
      await page.getByText('Encrypted file open').waitFor()
      await hub.stop()

      hub = await start()
      await page.getByText('which windows are paired stands in it').waitFor()
      const terminal = (await connectHub(home.data))!
      await terminal.call.secrets.unlock({ passphrase: PASSPHRASE })
      terminal.close()
      // Unlocked elsewhere, it goes on by itself.
      await page.getByText('Encrypted file open').waitFor()
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
  240_000,
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A server that says at its start which secret it was given, agreed to in a window of its own. */
async function addTeller(home: Home): Promise<void> {
  const { url } = await runJson<{ url: string }>(home, ['open'])
  const window = await openWindow(url, { pin: '4711' })
  const teller = { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:TOKEN}' } }
  await addAndAgree(window, { teller }, { secrets: ['TOKEN'] })
  window.close()
}

test('who paired while the file was locked and did not give its passphrase is no window once it is open', async () => {
  const home = freshHome()
  let hub = await startHub(home, [], NO_BUS)
  try {
    const first = await openWindow(hub.web, { pin: '4711' })
    await first.call.secrets.createFile({ passphrase: PASSPHRASE })
    first.close()
    await hub.stop()

    hub = await startHub(home, [], NO_BUS)
    const guest = await openWindow(hub.web, { pin: '0000' })
    await expect(guest.call.secrets.unlock({ passphrase: 'not this one at all' })).rejects.toThrow('not the passphrase')
    await expect(guest.call.windows.setPin({ pin: '0000' })).rejects.toThrow('locked')
    const terminal = (await connectHub(home.data))!
    await terminal.call.secrets.unlock({ passphrase: PASSPHRASE })
    await until('its connection is ended', async () => {
      const asked = guest.call.policy.get().then(
        () => false,
        () => true,
      )
      return Promise.race([asked, new Promise<boolean>(resolve => setTimeout(resolve, 1_000, true))])
    })
    const link = (await terminal.call.windows.newLink()).url
    terminal.close()
    const words = expect.stringContaining('paired while the keychain or the encrypted file was locked')
    const { verdict } = await openWindow(link, { key: guest.key })
    expect(verdict).toMatchObject({ kind: 'unknown-key', problem: { message: words } })
    const back = await openWindow(link, { key: first.key })
    expect((await back.call.hub.status()).pin).toBe('set')
    back.close()
  } finally {
    await hub.stop()
  }
})
