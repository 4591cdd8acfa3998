// The log's page while rows come as fast as they can: followed to the last, in bounded memory, and a filter answers meanwhile.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { chromiumPath, closeBrowser, freshHome, openBrowser, type RunningHub, startHub, until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { everything } from './stories.ts'

let hub: RunningHub | undefined
afterAll(async () => {
  await closeBrowser()
  await hub?.stop()
})

test.skipIf(!chromiumPath)(
  'a flood of rows is followed to its last, and a filter answers meanwhile',
  async () => {
    const home = freshHome()
    const policy = join(home.folder, 'rules.json')
    writeFileSync(policy, JSON.stringify({ rules: [{ effect: 'allow', tool: 'echo' }] }))
    hub = await startHub(home, ['--policy', policy])
    const window = await openWindow(hub.web, { pin: '4711' })
    const launch = { command: process.execPath, args: [everything, 'stdio'], env: {}, headers: {} }
    await window.call.servers.add({ name: 'every', launch })
    const call = (tool: string, args: object) =>
      window.call.calls.call({ server: 'every', tool, arguments: JSON.stringify(args) })
    await call('echo', { message: 'marmalade for breakfast' })
    const page = await (await openBrowser()).newPage()
    await page.goto((await window.call.windows.newLink()).url)
    await page.getByLabel('PIN').fill('4711')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Activity', exact: true }).first().click()
    const lines = () => page.getByRole('grid', { name: 'Log' }).getByRole('row')
    const search = () => page.getByLabel('Search the log')
    await search().waitFor()
    const figures = await page.context().newCDPSession(page)
    await figures.send('Performance.enable')
    const heap = async () => {
      await figures.send('HeapProfiler.collectGarbage')
      const { metrics } = await figures.send('Performance.getMetrics')
      return metrics.find(one => one.name === 'JSHeapUsedSize')!.value / 1e6
    }
    const followed = async () =>
      Number((await page.getByText(/rows logged|Verified to row/).innerText()).replaceAll(/\D/g, ''))
    const before = await heap()
    await page.evaluate(() => {
      const seen = { frames: 0, longest: 0, last: performance.now(), on: true }
      Object.assign(globalThis, { seen })
      const frame = (now: number) => {
        seen.frames++
        seen.longest = Math.max(seen.longest, now - seen.last)
        seen.last = now
        if (seen.on) requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
    })
    const began = performance.now()
    const CALLS = 5_000
    let sent = 0
    const stream = (async () => {
      // Two rows each.
      for (; sent < CALLS; sent += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => call('echo', { message: `flood ${sent + n}` })))
        await new Promise(resolve => setTimeout(resolve, Math.max(0, began + (sent + 100) * 2 - performance.now())))
      }
    })()
    await until('it is under way', () => sent >= 1_000, 60_000)
    const asked = performance.now()
    await search().fill('marmalade')
    await expect.poll(() => lines().count(), { timeout: 60_000 }).toBe(1)
    const answeredMs = performance.now() - asked
    await search().fill('')
    await stream
    const seconds = (performance.now() - began) / 1_000
    const [newest] = await window.call.audit.list({ limit: 1 })
    await expect.poll(followed, { timeout: 60_000 }).toBe(newest!.seq)
    await expect.poll(() => lines().count(), { timeout: 60_000 }).toBeGreaterThan(10)
    const frameSeconds = (performance.now() - began) / 1_000
    const { frames, longest } = await page.evaluate(() => {
      const { seen } = globalThis as unknown as { seen: { frames: number; longest: number; on: boolean } }
      seen.on = false
      return seen
    })
    const rows = await window.call.audit.list({ text: 'flood', kinds: ['call'], limit: 1000 })
    expect(rows).toHaveLength(1000)
    const after = await heap()
    console.log(
      `${((2 * CALLS) / seconds).toFixed(0)} rows a second for ${seconds.toFixed(1)} s: ${(frames / frameSeconds).toFixed(0)} frames a second, ` +
        `longest ${longest.toFixed(0)} ms; filter answered in ${answeredMs.toFixed(0)} ms; heap ${before.toFixed(0)} → ${after.toFixed(0)} MB`,
    )
    expect(after - before).toBeLessThan(100)
    window.close()
  },
  180_000,
)
