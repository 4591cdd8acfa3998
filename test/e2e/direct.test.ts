// Direct mode in the window: a server with a key is written into a client's own file past the gate, and taken back.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, type Home, hasKeychain, run } from '../harness.ts'
import { type FirstWindow, openFirstWindow } from './first-window.ts'
import { takePicture } from './pictures.ts'

const KEY = 'not-a-real-key-0123456789abcdef'
const BEFORE = '{\n\t"mcpServers" : { "mine": {"command":"x"} }\n}'

describe.skipIf(!chromiumPath || !hasKeychain)('servers past the gate', () => {
  let first: FirstWindow
  let home: Home
  let page: Page
  let path: string

  beforeAll(async () => {
    first = await openFirstWindow(fresh => {
      path = join(fresh.folder, '.cursor', 'mcp.json')
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, BEFORE)
    })
    home = first.home
    page = first.page
    const set = await run(home, ['secrets', 'set', 'WEATHER_KEY'], { stdin: `${KEY}\n` })
    const add = await run(home, [
      ...['servers', 'add', 'weather', '--env', 'KEY=${secret:WEATHER_KEY}', '--', '/usr/bin/env', 'true'],
    ])
    expect([set.code, add.code]).toEqual([0, 0])
  })
  afterAll(() => first?.close())

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
    await takePicture(page, 'direct-choose')
    await dialog.getByRole('button', { name: 'Look at the change' }).click()
    const write = dialog.getByRole('button', { name: 'Write past the gate' })
    await write.waitFor()
    expect(await write.isDisabled()).toBe(true)
    expect(await dialog.textContent()).not.toContain(KEY)
    await dialog.getByLabel(/Write the value of WEATHER_KEY/).check()
    await takePicture(page, 'direct-preview')
    await write.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('past the gate, unseen by Gatehouse').waitFor()
    await takePicture(page, 'direct-row')
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
