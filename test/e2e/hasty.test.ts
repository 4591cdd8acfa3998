// Presses that were meant for something else, by real input in a real browser: a double click, a held key, a press begun
// too early. None allows the next call. And how a person hears of one who looks elsewhere.
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { type Attacked, openAttacked, PIN } from '../attacks/house.ts'
import { chromiumPath, closeBrowser, openBrowser, until } from '../harness.ts'

let it: Attacked

beforeEach(async () => {
  it = await openAttacked()
})
afterEach(() => it?.close())
afterAll(closeBrowser)

async function paired(prepare: (page: Page, origin: string) => Promise<void> = async () => {}): Promise<Page> {
  const url = (await it.window.call.windows.newLink()).url
  const page = await (await openBrowser()).newPage()
  await prepare(page, new URL(url).origin)
  await page.goto(url)
  await page.getByLabel('PIN').fill(PIN)
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.title.startsWith('('))
  return page
}

const waiting = async () => (await it.window.call.approvals.list()).filter(one => one.state.kind === 'waiting').length
const allowed = async () =>
  (await it.window.call.approvals.list()).filter(one => one.state.kind === 'answered' && one.state.allowed).length
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function calls(count: number): Promise<void> {
  for (let n = 2; n <= count; n++) void it.bridge.call('witness_act', { n })
  await until('all wait', async () => (await waiting()) === count)
}

/** The dialog's button, and presses on its place. */
function allow(page: Page, cdp: CDPSession) {
  const button = page.getByRole('alertdialog').getByRole('button', { name: 'Allow once' })
  const at = async () => {
    const { x, y, width, height } = (await button.boundingBox({ timeout: 20_000 }))!
    return { x: x + width / 2, y: y + height / 2 }
  }
  return {
    button,
    at,
    appears: () => button.waitFor({ timeout: 20_000 }),
    arms: () =>
      expect.poll(() => button.getAttribute('aria-disabled'), { timeout: 20_000, interval: 20 }).toBe('false'),
    mouse: (type: 'mousePressed' | 'mouseReleased', place: { x: number; y: number }, clickCount: number) =>
      cdp.send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount }),
  }
}

const COUNT = 8

/** Puts the dialog aside and presses on the next before it is armed; where the machine was too slow for that, on the one after. */
async function pressEarly(
  page: Page,
  it: ReturnType<typeof allow>,
  down: () => Promise<unknown>,
  away: () => Promise<unknown>,
) {
  for (let tries = 0; tries < COUNT - 3; tries++) {
    await page.keyboard.press('Escape')
    await it.button.waitFor({ state: 'detached', timeout: 20_000 })
    await it.appears()
    await down()
    if ((await it.button.getAttribute('aria-disabled')) === 'true') return
    await away()
  }
  throw new Error('Every dialog was armed before it could be pressed.')
}

test.skipIf(!chromiumPath)(
  'clicks that go on, and a press begun too early, allow one call and not the next',
  async () => {
    await calls(COUNT)
    const page = await paired()
    const it = allow(page, await page.context().newCDPSession(page))
    await it.appears()
    const place = await it.at()
    const press = async (count: number) => {
      await it.mouse('mousePressed', place, count)
      await it.mouse('mouseReleased', place, count)
    }
    await it.arms()
    await press(1)
    await until('the first is allowed', async () => (await allowed()) === 1)
    // A double click that never ends, over the pause, the next dialog's coming and its arming.
    const end = Date.now() + 3_000
    for (let count = 2; Date.now() < end; count++) {
      await press(count)
      await pause(30)
    }
    await it.arms()
    for (let count = 2; count < 6; count++) await press(count)
    expect(await allowed()).toBe(1)

    // Down before it is armed, up long after.
    await pressEarly(
      page,
      it,
      () => it.mouse('mousePressed', place, 1),
      () => it.mouse('mouseReleased', { x: 1, y: 1 }, 1),
    )
    await it.arms()
    await it.mouse('mouseReleased', place, 1)
    await pause(300)
    expect(await allowed()).toBe(1)

    // A fresh one counts: what was refused above was refused for its haste.
    await press(1)
    await until('the fresh press counts', async () => (await allowed()) === 2)
  },
)

test.skipIf(!chromiumPath)('a held key allows one call at most, and not the one that comes under it', async () => {
  await calls(COUNT)
  const page = await paired()
  const cdp = await page.context().newCDPSession(page)
  const it = allow(page, cdp)
  const key = (type: 'rawKeyDown' | 'keyUp', which: 'a' | 'space' | 'enter', autoRepeat = false) =>
    cdp.send('Input.dispatchKeyEvent', {
      type,
      autoRepeat,
      ...{
        a: { key: 'A', code: 'KeyA', windowsVirtualKeyCode: 65, modifiers: 10 },
        space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32 },
        enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 },
      }[which],
    })
  const hold = async (which: 'a' | 'space' | 'enter', ms: number) => {
    for (const end = Date.now() + ms; Date.now() < end; await pause(30)) await key('rawKeyDown', which, true)
  }
  await it.appears()
  await it.arms()
  await key('rawKeyDown', 'a')
  await until('the first is allowed', async () => (await allowed()) === 1)
  await hold('a', 1_500)
  await it.arms()
  await hold('a', 500)
  await key('keyUp', 'a')
  expect(await allowed()).toBe(1)

  // Enter, held on the button itself, armed as it is.
  await it.button.focus()
  await key('rawKeyDown', 'enter')
  await hold('enter', 300)
  await key('keyUp', 'enter')
  expect(await allowed()).toBe(1)

  // Space goes down before the next is armed and comes up after.
  await pressEarly(
    page,
    it,
    async () => {
      await it.button.focus()
      await key('rawKeyDown', 'space')
    },
    async () => {
      await it.button.blur()
      await key('keyUp', 'space')
    },
  )
  await it.arms()
  await hold('space', 300)
  await key('keyUp', 'space')
  await pause(300)
  expect(await allowed()).toBe(1)
  expect(await waiting()).toBe(COUNT - 1)

  await key('rawKeyDown', 'space')
  await key('keyUp', 'space')
  await until('a fresh press of Space counts', async () => (await allowed()) === 2)
})

interface Told {
  title: string
  body: string
  tag: string
}

test.skipIf(!chromiumPath)(
  'who looks elsewhere is told by a notification, once, and by the number in the title',
  async () => {
    const page = await paired(async (page, origin) => {
      await page.context().grantPermissions(['notifications'], { origin })
      await page.addInitScript(() => {
        const told: unknown[] = []
        const Real = window.Notification
        Object.assign(window, {
          told,
          Notification: class extends Real {
            constructor(title: string, options: NotificationOptions) {
              super(title, options)
              told.push({ title, body: options.body, tag: options.tag })
            }
          },
        })
      })
    })
    const told = () => page.evaluate(() => (window as unknown as { told: Told[] }).told)
    expect(await page.title()).toMatch(/^\(1\) /)
    expect(await told()).toEqual([])

    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Emulation.setFocusEmulationEnabled', { enabled: false })
    const other = await page.context().newPage()
    await other.bringToFront()
    await expect
      .poll(() => page.evaluate(() => document.visibilityState === 'hidden' || !document.hasFocus()))
      .toBe(true)
    void it.bridge.call('witness_act', { n: 2 })
    await expect.poll(async () => (await told()).length, { timeout: 20_000 }).toBe(1)
    const [newest] = (await it.window.call.approvals.list()).filter(one => one.arguments.includes('2'))
    expect(await told()).toEqual([
      { title: 'A call waits for you', body: expect.stringContaining('wants to run act on witness'), tag: newest!.id },
    ])
    await page.waitForFunction(() => document.title.startsWith('(2) '))
    await it.window.call.approvals.answer({ id: newest!.id, answer: { kind: 'deny' } })
    await page.waitForFunction(() => document.title.startsWith('(1) '))
    expect(await told()).toHaveLength(1)
  },
)
