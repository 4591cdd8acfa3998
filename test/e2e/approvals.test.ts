// Answering calls in a real browser: Enter allows nothing, a rule is made narrower, a group denied at once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Attacked, openAttacked, PIN } from '../attacks/house.ts'
import { chromiumPath, closeBrowser, openBrowser, until } from '../harness.ts'
import { takePicture } from './pictures.ts'

let it: Attacked

beforeAll(async () => {
  it = await openAttacked()
})
afterAll(async () => {
  await closeBrowser()
  await it?.close()
})

test.skipIf(!chromiumPath)(
  'only an aimed press allows; the rule is written as it was edited; a group is denied',
  async () => {
    const waiting = async () => (await it.window.call.approvals.list()).filter(one => one.state.kind === 'waiting')
    for (const n of [2, 3]) void it.bridge.call('witness_act', { n })
    await until('three wait', async () => (await waiting()).length === 3)
    const page = await (await openBrowser()).newPage()
    await page.goto((await it.window.call.windows.newLink()).url)
    await page.getByLabel('PIN').fill(PIN)
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.title.startsWith('(3) '))
    await page.goto(`${new URL(it.link).origin}/approvals`)
    await page.getByRole('button', { name: 'Allow once' }).waitFor()
    // Enter allows nothing, armed or not, pressed or held.
    const once = page.getByRole('button', { name: 'Allow once' })
    await expect.poll(() => once.getAttribute('aria-disabled'), { timeout: 20_000 }).toBe('false')
    await once.focus()
    for (let n = 0; n < 5; n++) await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    expect(await waiting()).toHaveLength(3)

    await page.getByText('These arguments', { exact: true }).click()
    await page.getByText('This rule will be written.').waitFor()
    await page.getByLabel('How long the rule holds').selectOption('1')
    await takePicture(page, 'rule')
    const write = page.getByRole('button', { name: 'Allow and write rule' })
    await expect.poll(() => write.getAttribute('aria-disabled'), { timeout: 20_000 }).toBe('false')
    await write.click()
    await until('it is written', async () => (await it.window.call.policy.get()).rules.length === 1)
    const [rule] = (await it.window.call.policy.get()).rules
    expect(rule).toMatchObject({ effect: 'allow', tool: 'act', exactly: true, until: expect.any(Number) })
    await page.getByRole('button', { name: 'Deny all 2' }).last().click()
    await until('none waits', async () => (await waiting()).length === 0)

    // What names something protected is typed, by hand and exactly so, and only then allowed.
    const call = it.bridge.call('witness_act', { branch: 'refs/heads/main' })
    const field = page.getByLabel('It is protected. To allow it, type main')
    await page.getByText('refs/heads/main').click()
    await field.waitFor()
    await field.evaluate((input: HTMLInputElement) => {
      const data = new DataTransfer()
      data.setData('text/plain', 'main')
      input.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await page.evaluate(() => navigator.clipboard?.writeText('main').catch(() => {}))
    await field.press('Control+v')
    await field.pressSequentially('Main')
    await page.waitForTimeout(1_200)
    expect([await field.inputValue(), await once.getAttribute('aria-disabled')]).toEqual(['Main', 'true'])
    await once.click({ force: true })
    await page.keyboard.press('Control+Shift+A')
    await field.press('Enter')
    await takePicture(page, 'typed')
    expect(await waiting()).toHaveLength(1)
    await field.fill('main')
    await expect.poll(() => once.getAttribute('aria-disabled'), { timeout: 20_000 }).toBe('false')
    await once.click()
    expect((await call).result?.isError ?? false).toBe(false)

    // The page of rules says how often each decided: the one just written twice, of six calls.
    const [first] = rule!.arguments!
    for (const _ of [1, 2]) await it.bridge.call('witness_act', { [first!.path]: first!.equals })
    await page.goto(`${new URL(it.link).origin}/policy`)
    await page.getByText('In the last 7 days: 2 allowed, 4 asked, 0 denied.').waitFor()
    expect(await page.getByTitle(/^Decided by this rule since/).innerText()).toBe('2')
    await takePicture(page, 'hits')
  },
)
