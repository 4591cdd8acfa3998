// A client's profile in a real browser: what it costs, what was not used for 30 days, trimmed in one click and taken back.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  chromiumPath,
  closeBrowser,
  freshHome,
  type Home,
  hasKeychain,
  openBrowser,
  type RunningHub,
  root,
  startHub,
  until,
} from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'
import { type AiClient, entryIn, startClient } from './entry.ts'
import { takePicture } from './pictures.ts'
import { addAndAgree, everything } from './stories.ts'

describe.skipIf(!chromiumPath || !hasKeychain)('the profile of a client', () => {
  let home: Home
  let hub: RunningHub
  let window: WindowClient
  let context: BrowserContext
  let page: Page
  let client: AiClient
  const config = () => join(home.folder, '.cursor', 'mcp.json')

  beforeAll(async () => {
    home = freshHome()
    mkdirSync(join(config(), '..'))
    const work = join(home.folder, 'work')
    mkdirSync(work)
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    await addAndAgree(
      window,
      {
        everything: { command: 'node', args: [everything, 'stdio'] },
        files: { command: 'gatehouse:files', args: [work] },
      },
      { trust: true },
    )
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })
    await window.call.clients.connect({ id: 'cursor' })
    const then = await startClient('1.x', entryIn(config()), home.folder)
    await then.call('everything_echo', { message: 'long ago' })
    await then.close()
    window.close()
    await hub.stop()
    // All of that was 40 days ago now.
    await startIn40Days()
    client = await startClient('2.x', entryIn(config()), home.folder)
    await client.call('everything_get-sum', { a: 1, b: 2 })
    context = await openBrowser()
    page = await context.newPage()
    await page.goto(hub.web)
    await page.getByLabel(/PIN/).first().fill('4711')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Clients' }).first().click()
  })
  afterAll(async () => {
    await client?.close()
    await context?.close()
    await closeBrowser()
    await hub?.stop()
  })

  /** The hub itself, since our command line passes no options on to its Node. */
  async function startIn40Days(): Promise<void> {
    const program = [
      '--import',
      pathToFileURL(join(root, 'test/fixtures/in-40-days.mjs')).href,
      join(root, 'hub/main.ts'),
    ]
    const args = [...program, '--data', home.data, '--web']
    const child = spawn(process.execPath, args, { env: home.env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }
    hub = { ...JSON.parse(line), process: child, stop }
  }

  const pane = () => page.getByRole('complementary', { name: 'Profile of Cursor' })

  test('says what the list costs and what was not used, and trims it in one click, with a way back', async () => {
    const all = await client.tools()
    expect(all).toContain('everything_echo')
    await page.getByRole('button', { name: /^Profile of Cursor/ }).click()
    await pane().getByText('unused for 30 days').first().waitFor()
    await takePicture(page, 'profile')
    await pane().getByRole('button', { name: 'Trim' }).click()
    await page.getByText(/Hid \d+ unused tools from Cursor: about [\d.k]+ → [\d.k]+ tokens/).waitFor()
    expect(await client.tools()).toEqual(['everything_get-sum'])
    const called = await client.call('everything_echo', { message: 'x' })
    expect(called).toMatchObject({ isError: true, text: expect.stringContaining('hidden from Cursor') })
    await pane().getByText('Nothing to trim.').waitFor()
    await takePicture(page, 'profile-trimmed')
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await until('all is back', async () => (await client.tools()).length === all.length)
  })

  test('servers and tools are hidden by their check boxes, also with the keyboard alone', async () => {
    // A press says the opposite of what is shown: of what was before the undo, where the page has not heard of it yet.
    const shown = (name: string) => pane().getByRole('checkbox', { name: `Show ${name} to Cursor`, checked: true })
    const box = shown('files')
    await box.focus()
    await page.keyboard.press('Space')
    await until('files are hidden', async () => (await client.tools()).every(name => !name.startsWith('files_')))
    await pane().getByRole('button', { name: 'Open the tools of everything' }).click()
    await shown('echo').click()
    await until('echo is hidden', async () => !(await client.tools()).includes('everything_echo'))
    await pane().getByText('hidden', { exact: true }).first().waitFor()
    await takePicture(page, 'profile-tools')
    await pane().getByRole('checkbox', { name: 'Show echo to Cursor' }).click()
    await until('echo is shown', async () => (await client.tools()).includes('everything_echo'))
  })

  test('of a period that the log does not reach back, nothing is claimed', async () => {
    await pane().getByText('90 days', { exact: true }).click()
    await pane()
      .getByText(/The log goes back 40 days/)
      .waitFor()
    await takePicture(page, 'profile-too-young')
  })
})
