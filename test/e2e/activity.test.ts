// The log as a person reads it: searched, filtered, followed, exported, a row's content erased, damage seen; and its settings.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readExposition, valueIn } from '../../hub/metrics/test-exposition.ts'
import {
  chromiumPath,
  closeBrowser,
  freshHome,
  openBrowser,
  type RunningHub,
  runJson,
  startHub,
  until,
} from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'
import { takePicture } from './pictures.ts'
import { everything } from './stories.ts'

const home = freshHome()
const policy = join(home.folder, 'rules.json')
let hub: RunningHub
let window: WindowClient
let page: Page
const complaints: string[] = []

const call = (tool: string, args: object) =>
  window.call.calls.call({ server: 'every', tool, arguments: JSON.stringify(args) })
async function pair(): Promise<void> {
  await page.goto((await window.call.windows.newLink()).url)
  const [pin, running] = [page.getByLabel('PIN'), page.getByText('Hub running')]
  // With a keychain the hub knows this window again.
  await pin.or(running).waitFor({ timeout: 60_000 })
  if (await pin.isVisible()) await pin.fill('4711')
  await page.keyboard.press('Enter')
  await running.waitFor({ timeout: 60_000 })
}

const lines = () => page.getByRole('grid', { name: 'Log' }).getByRole('row')
const search = () => page.getByLabel('Search the log')

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    }),
  )
}

describe.skipIf(!chromiumPath)('Activity and its settings', () => {
  beforeAll(async () => {
    const rules = [
      { effect: 'allow', tool: 'echo' },
      { effect: 'allow', tool: 'trigger-long-running-operation' },
      { effect: 'deny', tool: 'get-sum' },
    ]
    writeFileSync(policy, JSON.stringify({ rules }))
    hub = await startHub(home, ['--policy', policy])
    window = await openWindow(hub.web, { pin: '4711' })
    const launch = { command: process.execPath, args: [everything, 'stdio'], env: {}, headers: {} }
    await window.call.servers.add({ name: 'every', launch })
    for (let n = 0; n < 60; n++) await call('echo', { message: `number${n}` })
    await call('echo', { message: 'marmalade for breakfast' })
    await call('echo', { wrong: true })
    await call('get-sum', { a: 1, b: 2 })
    await call('trigger-long-running-operation', { duration: 1.2, steps: 1 })
    const context = await openBrowser()
    context.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    context.on('weberror', error => complaints.push(String(error.error())))
    page = await context.newPage()
    await pair()
    await page.getByRole('link', { name: 'Activity', exact: true }).first().click()
    await page.getByText('trigger-long-running-operation').waitFor()
  }, 120_000)
  afterAll(async () => {
    await closeBrowser()
    window?.close()
    await hub?.stop()
  })

  const pick = async (pill: string, value: string) => {
    const quick = page.getByRole('search').getByRole('button', { name: pill, exact: true })
    if (await quick.count()) await quick.click()
    else {
      await page.getByRole('search').getByRole('button', { name: 'More', exact: true }).click()
      await page.getByRole('menuitem', { name: pill, exact: true }).hover()
    }
    await page.getByRole('menuitem', { name: value, exact: true }).click()
  }
  const clear = (pill: string) => page.getByRole('button', { name: new RegExp(`^Remove: ${pill} `) }).click()

  test('words find a call as they are typed, and the address keeps them', async () => {
    await takePicture(page, 'activity')
    await search().fill('marmal')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBe(1)
    expect(page.url()).toContain('text=marmal')
    await page.reload()
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBe(1)
    expect(await search().inputValue()).toBe('marmal')
    await search().fill('')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBeGreaterThan(10)
  })

  test('decision, outcome, duration, server and tool each narrow it to whole calls', async () => {
    await pick('Decision', 'denied')
    await expect
      .poll(() => lines().allInnerTexts(), { timeout: 30_000 })
      .toEqual([expect.stringMatching(/get-sum[\s\S]*Denied/)])
    await clear('Decision')
    await pick('Outcome', 'Error')
    await expect
      .poll(() => lines().allInnerTexts(), { timeout: 30_000 })
      .toEqual([expect.stringMatching(/echo[\s\S]*Allowed[\s\S]*Error/)])
    await clear('Outcome')
    await pick('Took', '1 s or more')
    // Of a long call the row of its end fits; the rest of the call is there all the same.
    await expect
      .poll(() => lines().allInnerTexts(), { timeout: 30_000 })
      .toEqual([
        expect.stringMatching(/trigger-long-running-operation[\s\S]*Allowed[\s\S]*by rule[\s\S]*OK[\s\S]*1\.\d s/),
      ])
    await clear('Took')
    await pick('Server', 'every')
    await pick('Tool', 'get-sum')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBe(1)
    await clear('Tool')
    await clear('Server')
  }, 120_000)

  test('a span drawn over a chart becomes the filter’s time', async () => {
    const chart = page.locator('[data-brush]').first()
    const box = (await chart.boundingBox())!
    const draw = async (from: number, to: number) => {
      await page.mouse.move(box.x + box.width * from, box.y + 10)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * to, box.y + 10, { steps: 4 })
      await page.mouse.up()
    }
    const all = await lines().count()
    await draw(0.02, 0.3)
    await expect.poll(() => page.url(), { timeout: 30_000 }).toMatch(/from=\d+&to=\d+/)
    expect(all).toBeGreaterThan(10)
    await page.goBack()
    await expect.poll(() => page.url()).not.toContain('from=')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBeGreaterThan(10)
  })

  test('paused, new lines wait at the top until they are wanted', async () => {
    await page.getByRole('button', { name: 'Live' }).click()
    await call('echo', { message: 'while it is paused' })
    const fresh = page.getByRole('button', { name: '1 new' })
    await fresh.waitFor()
    await page.getByRole('button', { name: 'Paused' }).click()
    await fresh.waitFor({ state: 'detached' })
    await lines().first().click()
    await page.getByRole('complementary').getByText('while it is paused').waitFor()
  })

  test('a row says who decided, why, how long it took, and its place in the chain; K walks on', async () => {
    await search().fill('get-sum')
    await expect.poll(() => lines().allInnerTexts(), { timeout: 30_000 }).toEqual([expect.stringContaining('get-sum')])
    await lines().first().click()
    const pane = page.getByRole('complementary')
    await pane.getByText('Why it was decided so').waitFor()
    await pane.getByText(/^Denied by rule/).waitFor()
    await search().fill('operation')
    await expect
      .poll(() => lines().allInnerTexts(), { timeout: 30_000 })
      .toEqual([expect.stringContaining('trigger-long-running-operation')])
    await lines().first().click()
    await pane.getByText('Server took').waitFor()
    await takePicture(page, 'activity-pane')
    await search().fill('')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBeGreaterThan(10)
    const at = page.url()
    await page.locator('h1').click()
    await page.keyboard.press('j')
    await expect.poll(() => page.url()).not.toBe(at)
  }, 120_000)

  test.each([
    ['JSON lines', 'jsonl'],
    ['CSV', 'csv'],
    ['Signed bundle', 'bundle.jsonl'],
  ])(
    'the whole log is saved as %s',
    async (what, ending) => {
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export…' }).click()
      await page.getByRole('menuitem', { name: what }).click()
      const file = await download
      expect(file.suggestedFilename()).toMatch(new RegExp(`^gatehouse-log-[\\d-]+\\.${ending.replace('.', '\\.')}$`))
      const text = readFileSync(await file.path(), 'utf8')
      expect(text).toContain('marmalade')
      expect(text.trim().split('\n').length).toBeGreaterThan(60)
    },
    60_000,
  )

  test('what a row held is erased after a reason was given; its place stays and the chain holds', async () => {
    await search().fill('marmalade')
    await expect.poll(() => lines().count(), { timeout: 30_000 }).toBe(1)
    await lines().first().click()
    await page.getByRole('complementary').getByRole('button', { name: 'Erase…' }).click()
    const dialog = page.getByRole('alertdialog')
    const erase = dialog.getByRole('button', { name: /^Erase \d rows?$/ })
    expect(await erase.isDisabled()).toBe(true)
    // Enter on the safe answer, which has the focus, keeps it.
    expect(await dialog.getByRole('button', { name: 'Keep it' }).evaluate(one => one === document.activeElement)).toBe(
      true,
    )
    await takePicture(page, 'activity-erase')
    await dialog.getByLabel('Why').fill('It was private.')
    await erase.click()
    await page.getByText(/^Erased what rows? [\d, ]+ held$/).waitFor()
    await page.getByRole('complementary').getByText('Erased').first().waitFor()
    expect(await page.getByText('for breakfast').count()).toBe(0)
    await search().fill('')
    await page.getByText('It was private.').first().waitFor()
    const exported = await window.call.audit.list({ limit: 1000 })
    expect(JSON.stringify(exported)).not.toContain('marmalade')
    expect(await window.call.audit.verify()).toMatchObject({ intact: true, problems: [] })
  })

  test('settings: how long records are kept; keeping less asks first', async () => {
    await page.getByRole('link', { name: 'Settings' }).click()
    const days = page.getByLabel('Days')
    await days.fill('30')
    await page.getByLabel('Megabytes').fill('')
    await takePicture(page, 'settings')
    await page.getByRole('button', { name: 'Change…', exact: true }).last().click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Erase older content' }).click()
    await page.getByText('How long records are kept was changed').waitFor()
    expect(await window.call.audit.retention()).toMatchObject({ days: 30, bytes: null })
  })

  test('settings: metrics are turned on with their port, and off again', async () => {
    const port = await freePort()
    await page.getByLabel('Metrics port').fill(String(port))
    await page.getByLabel('Give numbers to Prometheus').press('Space')
    await page.getByText(`http://127.0.0.1:${port}/metrics`).waitFor()
    const { tokenFile, url } = await window.call.metrics.status()
    expect(statSync(tokenFile!).mode & 0o777).toBe(0o600)
    const headers = { authorization: `Bearer ${readFileSync(tokenFile!, 'utf8').trim()}` }
    const found = readExposition(await (await fetch(url!, { headers })).text())
    expect(valueIn(found, 'gatehouse_info')).toBe(1)
    await page.getByText('Metrics', { exact: true }).scrollIntoViewIfNeeded()
    await takePicture(page, 'settings-metrics')
    await page.getByLabel('Give numbers to Prometheus').press('Space')
    await page.getByText(`http://127.0.0.1:${port}/metrics`).waitFor({ state: 'detached' })
    await expect(fetch(url!)).rejects.toThrow()
  })

  test('a damaged log is told, with evidence to take, until a person has seen it', async () => {
    window.close()
    await hub.stop()
    const file = join(home.data, 'audit.db')
    const bytes = readFileSync(file)
    bytes.fill(0x5a, 0, 4096)
    writeFileSync(file, bytes)
    hub = await startHub(home, ['--policy', policy])
    window = await openWindow(hub.web, { pin: '4711' })
    await pair()
    await page.getByRole('link', { name: 'Activity', exact: true }).first().click()
    await page.getByRole('button', { name: 'I have seen it' }).waitFor()
    await page.getByRole('button', { name: 'Export as evidence…' }).waitFor()
    await takePicture(page, 'activity-damaged')
    await page.getByRole('button', { name: 'I have seen it' }).click()
    await page.getByRole('button', { name: 'I have seen it' }).waitFor({ state: 'detached' })
    const { damage } = (await window.call.hub.status()).audit
    expect(damage).toBeNull()
    const rows = await runJson<{ event: { what: string } | null }[]>(home, ['audit', 'list'])
    await until('both are rows', () => rows.some(row => row.event?.what === 'audit/acknowledged'))
  }, 120_000)

  test('the console stayed quiet', () => {
    expect(complaints.filter(text => !/WebSocket|ERR_CONNECTION_REFUSED/.test(text))).toEqual([])
  })
})
