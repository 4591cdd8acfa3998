// What a page must not do to the person before it: hide a button, keep a toast out of reach, take a key for something else.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, openAttacked, PIN } from '../attacks/house.ts'
import { chromiumPath, closeBrowser, openBrowser } from '../harness.ts'
import { takePicture } from './pictures.ts'

describe.skipIf(!chromiumPath)('a page', () => {
  let it: Attacked
  let page: Page

  beforeAll(async () => {
    it = await openAttacked()
    page = await (await openBrowser()).newPage()
    await page.goto((await it.window.call.windows.newLink()).url)
    await page.getByLabel('PIN').fill(PIN)
    await page.keyboard.press('Enter')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Deny' }).waitFor()
  }, 60_000)
  afterAll(async () => {
    await closeBrowser()
    await it?.close()
  })

  const go = async (name: string) => {
    await page.getByRole('navigation').first().getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  const decision = () => page.getByRole('alertdialog').getByRole('button', { name: 'Deny' })

  /** What of a part of the page lies beyond the edges, but for what can be scrolled there. */
  const outOfReach = (within: string) =>
    page.evaluate(part => {
      const scrolls = (element: Element | null): boolean => {
        if (!element) return false
        const isWide = element.scrollWidth > element.clientWidth + 1
        return (isWide && /auto|scroll/.test(getComputedStyle(element).overflowX)) || scrolls(element.parentElement)
      }
      const found = [...document.querySelectorAll(`${part} :is(button, a, input, textarea, [role='tab'])`)].filter(
        one => {
          const { left, right, width } = one.getBoundingClientRect()
          const isSeen = width > 1 && one.checkVisibility({ visibilityProperty: true })
          return isSeen && (right > innerWidth + 1 || left < -1) && !scrolls(one.parentElement)
        },
      )
      const wide = document.documentElement.scrollWidth - innerWidth
      return [
        ...found.map(one => one.getAttribute('aria-label') ?? one.textContent),
        ...(wide > 0 ? [`${wide} px`] : []),
      ]
    }, within)

  test('a toast that came before a dialog, and lies over it, can be pressed', async () => {
    await page.keyboard.press('Escape')
    await decision().waitFor({ state: 'detached' })
    await go('Servers')
    await page.getByRole('button', { name: 'Add server' }).click()
    const adding = page.getByRole('dialog', { name: 'Add a server' })
    await adding.getByText('By hand', { exact: true }).click()
    await adding.getByLabel('Name').fill('witness')
    await adding.getByLabel('Command or address').fill('node')
    await adding.getByRole('button', { name: /^Add/ }).click()
    const toast = page.getByText('There is a server named “witness” already.')
    // Where the mouse is, a toast stays.
    await toast.hover()
    await page.keyboard.press('Escape')
    await adding.waitFor({ state: 'detached' })
    void it.bridge.call('witness_act', { n: 2 })
    await decision().waitFor()
    await takePicture(page, 'toast-over-dialog')
    await page.getByRole('button', { name: 'Dismiss', exact: true }).click()
    await toast.waitFor({ state: 'detached' })
    expect(await decision().isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await decision().waitFor({ state: 'detached' })
    // The next toast comes where no dialog is any more.
    await page.getByRole('button', { name: 'Add server' }).click()
    await adding.getByText('By hand', { exact: true }).click()
    await adding.getByLabel('Name').fill('witness')
    await adding.getByLabel('Command or address').fill('node')
    await adding.getByRole('button', { name: /^Add/ }).click()
    await toast.waitFor()
    await page.keyboard.press('Escape')
    await adding.waitFor({ state: 'detached' })
  })

  test('behind a dialog no field takes the keys', async () => {
    await page.getByRole('button', { name: 'Add server' }).click()
    const adding = page.getByRole('dialog', { name: 'Add a server' })
    await adding.getByText('By hand', { exact: true }).click()
    await adding.getByRole('button', { name: 'Cancel' }).focus()
    await page.keyboard.press('/')
    expect(await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true)
    await page.keyboard.press('Escape')
    await adding.waitFor({ state: 'detached' })
  })

  test('G and then S goes to the servers, also when the page was drawn anew between them; it stops none', async () => {
    await page.keyboard.press('j')
    await page.locator('[aria-selected="true"]').waitFor()
    const press = (key: string, after: number) =>
      page.evaluate(
        ([key, after]) => {
          const event = new KeyboardEvent('keydown', { key, bubbles: true })
          Object.defineProperty(event, 'timeStamp', { value: 1_000_000_000 + after })
          document.body.dispatchEvent(event)
        },
        [key, after] as const,
      )
    await press('g', 0)
    await it.window.call.policy.change({ kind: 'read-only', on: true })
    await page.getByText('Read-only: nothing writes, for any client').first().waitFor()
    await it.window.call.policy.change({ kind: 'read-only', on: false })
    await page.getByText('Read-only: nothing writes, for any client').first().waitFor({ state: 'detached' })
    await press('s', 600)
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    expect((await it.window.call.servers.get({ id: it.server })).state.kind).toBe('running')
  })

  test('settings that were changed elsewhere are shown, and not written over by what was there before', async () => {
    await page.goto(`${new URL(it.link).origin}/servers/witness?tab=config`)
    const environment = page.getByLabel('Environment')
    expect(await environment.inputValue()).toBe('')
    const { launch } = await it.window.call.servers.get({ id: it.server })
    await it.window.call.servers.update({ id: it.server, launch: { ...launch, env: { MODE: 'quick' } } })
    await expect.poll(() => environment.inputValue(), { timeout: 20_000 }).toBe('MODE=quick')
    expect(await page.getByRole('button', { name: /^Save/ }).isDisabled()).toBe(true)
    await it.window.call.servers.update({ id: it.server, launch })
    await expect.poll(() => environment.inputValue(), { timeout: 20_000 }).toBe('')
  })

  const PAGES = [
    '/',
    '/servers',
    '/servers/witness',
    '/servers/witness?tab=tools',
    '/servers/witness?tab=logs',
    '/servers/witness?tab=config',
    '/inspector?offer=witness/act',
    '/activity',
    '/policy',
    '/clients',
    '/credentials',
    '/settings',
  ]

  test('however narrow it is, nothing that can be pressed is beyond the edge', { timeout: 120_000 }, async () => {
    const { origin } = new URL(it.link)
    const missed: Record<string, unknown> = {}
    for (const path of PAGES) {
      await page.goto(origin + path)
      await page.getByText('Hub running').waitFor()
      await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count(), { timeout: 20_000 }).toBe(0)
      for (const width of [360, 700]) {
        await page.setViewportSize({ width, height: 800 })
        const found = await outOfReach('#main')
        if (found.length > 0) missed[`${width} px ${path}`] = found
        await takePicture(page, `width-${width}${path.replace(/\W+/g, '-')}`)
      }
    }
    expect(missed).toEqual({})
  })

  test('on a narrow page both answers to a question can be aimed at, in the inbox and in the dialog', async () => {
    const width = 360
    const { origin } = new URL(it.link)
    await page.setViewportSize({ width, height: 800 })
    await page.goto(`${origin}/approvals`)
    void it.bridge.call('witness_act', { n: 3 })
    const answers = async () => {
      for (const name of ['Allow once', 'Deny']) {
        const button = page.getByRole('button', { name, exact: true })
        await button.scrollIntoViewIfNeeded()
        const box = (await button.boundingBox())!
        expect(box.x >= 0 && box.x + box.width <= width && box.width >= 80).toBe(true)
      }
    }
    await answers()
    expect(await outOfReach('#main')).toEqual([])
    await takePicture(page, 'narrow-inbox')
    await page.goto(origin)
    await decision().waitFor()
    await answers()
    expect(await outOfReach('dialog')).toEqual([])
    await takePicture(page, 'narrow-dialog')
    await decision().click()
    await decision().waitFor({ state: 'detached' })
  })
  test('arguments typed one per line stay as they are, those that begin with dashes too', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`${new URL(it.link).origin}/servers?add=by-hand`)
    const adding = page.getByRole('dialog', { name: 'Add a server' })
    await adding.getByLabel('Name').fill('dashes')
    await adding.getByLabel('Command or address').fill('node')
    await adding.getByLabel('Arguments').fill('x.mjs\n--\n--name two words\n-v')
    await adding.getByRole('button', { name: /^Add/ }).click()
    const reading = page.getByRole('alertdialog', { name: /^Run this command as you\?/ })
    await reading.getByText('--name two words').first().waitFor()
    const dashes = (await it.window.call.servers.list()).find(one => one.name === 'dashes')
    expect(dashes?.launch.args).toEqual(['x.mjs', '--', '--name two words', '-v'])
  })
})
