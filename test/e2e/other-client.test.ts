// A client that Gatehouse does not know: from the dialog to its first call over HTTP, and to its end.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, type Home, hasKeychain, run, until } from '../harness.ts'
import { type FirstWindow, openFirstWindow } from './first-window.ts'
import { takePicture } from './pictures.ts'

describe.skipIf(!chromiumPath || !hasKeychain)('a client in no table', () => {
  let first: FirstWindow
  let home: Home
  let page: Page

  beforeAll(async () => {
    first = await openFirstWindow()
    home = first.home
    page = first.page
    await first.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  })
  afterAll(() => first?.close())

  const connect = async (entry: { url: string; headers: Record<string, string> }) => {
    const client = new Client({ name: 'zed', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(entry.url), { requestInit: { headers: entry.headers } }) as never,
    )
    return client
  }

  test('gets an entry, connects with it over HTTP, is seen, and is shut out when it is removed', async () => {
    await page.getByRole('link', { name: 'Clients' }).first().click()
    await page.getByRole('button', { name: 'Other client…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Zed <b>nightly</b>')
    await dialog.getByText('Over HTTP', { exact: true }).click()
    await takePicture(page, 'other-client-form')
    await dialog.getByRole('button', { name: 'Make its entry' }).click()
    await dialog.getByText('can be connected').waitFor()
    await takePicture(page, 'other-client-entry')
    const text = (await dialog.getByRole('region', { name: 'JSON' }).textContent()) ?? ''
    const entry = JSON.parse(text).mcpServers.gatehouse
    expect(entry.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
    await dialog.getByRole('button', { name: 'Done' }).click()
    const client = await connect(entry)
    expect(client.getProtocolEra()).toBe('modern')
    await client.listTools()
    await page.getByText('1 link').first().waitFor({ timeout: 30_000 })
    await takePicture(page, 'other-client-row')
    await page.goto(new URL('/settings', first.hub.web).href)
    await page.getByText(entry.url).waitFor()
    await takePicture(page, 'other-client-settings')
    await client.close()
    await page.goto(new URL('/clients', first.hub.web).href)
    await page.getByRole('button', { name: 'More for Zed <b>nightly</b>' }).click()
    await page.getByRole('menuitem', { name: 'Remove…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await until('the listener is gone', async () => {
      try {
        await fetch(entry.url)
        return false
      } catch {
        return true
      }
    })
  })

  test('a port that another program holds is said where a person looks', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => blocker.once('listening', resolve))
    const { port } = blocker.address() as AddressInfo
    const added = await run(home, ['clients', 'add', 'Scripted', '--http', '--yes', '--json'])
    expect(JSON.parse(added.stdout)).toMatchObject({ name: 'Scripted', transport: 'http' })
    await page.goto(new URL('/settings', first.hub.web).href)
    await page.getByLabel('Port', { exact: true }).fill(String(port))
    await page.getByRole('button', { name: 'Change port', exact: true }).click()
    await page.getByText(`port ${port} is taken by another program`).first().waitFor()
    await takePicture(page, 'http-port-taken')
    blocker.close()
    const { id } = JSON.parse(added.stdout)
    expect((await run(home, ['clients', 'remove', id])).stdout).toContain('Removed')
  })

  test('one of the table is connected in a project alone, after a look at the change, and undone from the notice', async () => {
    const shop = join(home.folder, 'shop')
    const file = join(shop, '.cursor', 'mcp.json')
    for (const folder of [join(home.folder, '.cursor'), shop]) mkdirSync(folder, { recursive: true })
    await page.goto(new URL('/clients', first.hub.web).href)
    await page.getByRole('button', { name: 'Look again' }).first().click()
    await page.getByRole('button', { name: 'More for Cursor', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Connect in a project…' }).click()
    const folder = page.getByLabel('Folder of the project')
    await folder.fill('shop')
    await page.getByText('The whole path, from the root on.').waitFor()
    expect(await page.getByRole('button', { name: 'Continue' }).isDisabled()).toBe(true)
    await folder.fill(shop)
    await page.getByRole('button', { name: 'Continue' }).click()
    const dialog = page.getByRole('dialog', { name: 'Connect Cursor in shop' })
    await dialog.getByText(file).waitFor()
    await takePicture(page, 'project-preview')
    expect(existsSync(file)).toBe(false)
    await dialog.getByRole('button', { name: 'Write', exact: true }).click()
    await page.getByText('Wrote Gatehouse into Cursor in shop.').waitFor()
    expect(readFileSync(file, 'utf8')).toContain('"--client", "cursor"')
    await page.getByRole('button', { name: 'More for Cursor in shop' }).waitFor()
    await takePicture(page, 'project-written')
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(false)
    await page.getByRole('button', { name: 'More for Cursor in shop' }).waitFor({ state: 'detached' })
  })
})
