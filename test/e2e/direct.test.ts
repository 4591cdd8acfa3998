// Direct mode in the window: a server with a key is written into a client's own file past the gate, and taken back.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  choosePin,
  chromiumPath,
  closeBrowser,
  freshHome,
  type Home,
  hasKeychain,
  openBrowser,
  type RunningHub,
  run,
  startHub,
} from '../harness.ts'

const pictures = process.env.GATEHOUSE_PICTURES
const KEY = 'not-a-real-key-0123456789abcdef'
const BEFORE = '{\n\t"mcpServers" : { "mine": {"command":"x"} }\n}'

describe.skipIf(!chromiumPath || !hasKeychain)('servers past the gate', () => {
  let home: Home
  let hub: RunningHub
  let context: BrowserContext
  let page: Page
  let path: string

  beforeAll(async () => {
    home = freshHome()
    path = join(home.folder, '.cursor', 'mcp.json')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, BEFORE)
    hub = await startHub(home)
    const set = await run(home, ['secrets', 'set', 'WEATHER_KEY'], { stdin: `${KEY}\n` })
    const add = await run(home, [
      ...['servers', 'add', 'weather', '--env', 'KEY=${secret:WEATHER_KEY}', '--', '/usr/bin/env', 'true'],
    ])
    expect([set.code, add.code]).toEqual([0, 0])
    context = await openBrowser()
    page = await context.newPage()
    await page.goto(hub.web)
    await choosePin(page)
  })
  afterAll(async () => {
    await context?.close()
    await closeBrowser()
    await hub?.stop()
  })

  async function look(name: string): Promise<void> {
    if (!pictures) return
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(300)
      await page.screenshot({ path: `${pictures}/${name}-${colorScheme}.png` })
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }

  test('the command line only shows it; the window asks about the key, writes, says so, and takes it back', async () => {
    const told = await run(home, ['clients', 'direct', 'cursor', 'weather'])
    expect(told.stdout).toMatch(/nothing is|Nothing is asked/)
    expect(told.stdout).toContain('The values of WEATHER_KEY would stand in the file in plain text.')
    expect(told.stdout).not.toContain(KEY)
    expect(readFileSync(path, 'utf8')).toBe(BEFORE)

    await page.getByRole('link', { name: 'Clients' }).first().click()
    await page.getByRole('button', { name: 'More for Cursor' }).click()
    await page.getByRole('menuitem', { name: 'Servers past the gate…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('weather').check()
    await look('direct-choose')
    await dialog.getByRole('button', { name: 'Look at the change' }).click()
    const write = dialog.getByRole('button', { name: 'Write past the gate' })
    await write.waitFor()
    expect(await write.isDisabled()).toBe(true)
    expect(await dialog.textContent()).not.toContain(KEY)
    await dialog.getByLabel(/Write the value of WEATHER_KEY/).check()
    await look('direct-preview')
    await write.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('past the gate, unseen by Gatehouse').waitFor()
    await look('direct-row')
    const { mcpServers } = JSON.parse(readFileSync(path, 'utf8'))
    expect(mcpServers).toEqual({
      mine: { command: 'x' },
      weather: { command: '/usr/bin/env', args: ['true'], env: { KEY } },
    })
    expect((await run(home, ['clients', 'list'])).stdout).toContain('found · past the gate: weather')
    const rows = (await run(home, ['audit', 'list', '--json'])).stdout
    expect(rows).toContain('client/writing-directly')
    expect(rows).not.toContain(KEY)

    await page.getByRole('button', { name: 'Take back…' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take back…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take back', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(readFileSync(path, 'utf8')).toBe(BEFORE)
    expect(await run(home, ['clients', 'direct', 'cursor', '--take-back', '--yes'])).toMatchObject({ code: 1 })
  })
})
