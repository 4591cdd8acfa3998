// The main job in a real browser, and what is a browser's own: coming back, a second one, a hub that goes.
import type { BrowserContext } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import {
  chromiumPath,
  closeBrowser,
  descendants,
  hasKeychain,
  isAlive,
  openBrowser,
  type RunningHub,
  run,
  startHub,
  until,
} from '../harness.ts'
import { mainJob } from './main-job.ts'
import { fixture } from './stories.ts'

describe.skipIf(!chromiumPath || !hasKeychain)('in the window', () => {
  let hub: RunningHub
  let context: BrowserContext
  const complaints: string[] = []
  const job = mainJob(async home => {
    hub = await startHub(home)
    context = await openBrowser()
    context.on('console', message => {
      const { url, lineNumber } = message.location()
      if (message.type() === 'error') complaints.push(`${url}:${lineNumber} ${message.text()}`)
    })
    context.on('weberror', error => complaints.push(String(error.error())))
    const page = await context.newPage()
    await page.goto(hub.web)
    return page
  })
  afterAll(async () => {
    await context?.close()
    await closeBrowser()
    await hub?.stop()
  })

  test('the same browser comes back without a link; another one needs it and the PIN', async () => {
    const again = await context.newPage()
    await again.goto(new URL(hub.web).origin)
    await again.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    await again.close()
    const stranger = await openBrowser()
    const other = await stranger.newPage()
    await other.goto(new URL(hub.web).origin)
    await other.getByText('gatehouse open').first().waitFor()
    const link = (await run(job.home, ['open', '--print'])).stdout.match(/http:\S+/)![0]
    await other.goto(link)
    await other.getByLabel(/PIN/).first().fill('4711')
    await other.keyboard.press('Enter')
    await other.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    await stranger.close()
  })

  test('7: the hub is killed under its servers: none is left, the window says so, and comes back with the hub', async () => {
    const server = (name: string) =>
      JSON.stringify({ mcpServers: { [name]: { command: 'node', args: [fixture(`${name}.mjs`)] } } })
    await job.addByPasting(server('stubborn'))
    await job.addByPasting(server('grandparent'))
    const { port } = new URL(hub.web)
    const family = descendants(hub.pid)
    expect(family.length).toBeGreaterThanOrEqual(5)
    process.kill(hub.pid, 'SIGKILL')
    await until(`nobody of ${family.join()} is left`, () => family.every(pid => !isAlive(pid)))
    await job.page
      .getByText(/The hub stopped/)
      .first()
      .waitFor()
    hub = await startHub(job.home, ['--port', port])
    await job.page.getByText('Hub running').waitFor({ timeout: 40_000 })
  })

  test('the console stayed quiet', () => {
    expect(complaints.filter(text => !/WebSocket|ERR_CONNECTION_RE(FUSED|SET)/.test(text))).toEqual([])
  })
})
