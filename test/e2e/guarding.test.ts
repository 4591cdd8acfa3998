import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, openAttacked, PIN } from '../attacks/house.ts'
import { chromiumPath, closeBrowser, openBrowser, until } from '../harness.ts'
import { takePicture } from './pictures.ts'

describe.skipIf(!chromiumPath)('what guards', () => {
  let it: Attacked
  let page: Page

  beforeAll(async () => {
    it = await openAttacked()
    page = await (await openBrowser()).newPage()
    await page.goto((await it.window.call.windows.newLink()).url)
    await page.getByLabel('PIN').fill(PIN)
    await page.keyboard.press('Enter')
    await page.getByText('Hub running').waitFor({ timeout: 60_000 })
    // The call that waits from the start is not for these.
    await it.window.call.approvals.answer({ id: it.waits, answer: { kind: 'deny' } })
  }, 120_000)
  afterAll(async () => {
    await closeBrowser()
    await it?.close()
  })

  const go = (place: string) =>
    page
      .getByRole('link', { name: new RegExp(`^${place}`) })
      .first()
      .click()
  const waiting = async () => (await it.window.call.approvals.list()).filter(one => one.state.kind === 'waiting')
  const policy = () => it.window.call.policy.get()
  const textOf = (answer: { result?: unknown }) => JSON.stringify(answer.result)

  test('“Why?” of a call that might come, by rule and by preset, and of one that went', async () => {
    await go('Policy')
    const pane = page.getByRole('complementary', { name: 'Why?' })
    await pane.getByLabel('Server').click()
    await page.getByRole('option', { name: 'witness' }).click()
    await pane.getByLabel('Tool').click()
    await page.getByRole('option', { name: 'act' }).click()
    await pane.getByRole('button', { name: 'Ask the policy' }).click()
    await pane.getByText('A person is asked').waitFor()
    await pane.getByText('witness marks this tool as destructive.').waitFor()
    await takePicture(page, 'why')

    await it.window.call.policy.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'a*' } })
    await pane.getByRole('button', { name: 'Ask the policy' }).click()
    await pane.getByText('It is denied').waitFor()
    await pane.getByText('Rule #1 decides.').waitFor()

    expect(textOf(await it.bridge.call('witness_act', { n: 1 }))).toContain('A rule in Gatehouse denies')
    await it.window.call.policy.change({ kind: 'remove-rule', id: '1' })
    // What went is as much of the record as what came.
    const [removed] = await it.cli.call.audit.list({ kinds: ['policy'], limit: 1 })
    expect(removed?.event?.detail).toMatch(/Rule 1: Deny tools like a\* → Nothing in their place$/)
    await go('Activity')
    await page
      .getByRole('grid', { name: 'Log' })
      .getByRole('row', { name: /act.*Denied.*by rule 1/ })
      .first()
      .click()
    await page.getByText('Why it was decided so').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'Rule 1: Deny tools like a*' }).waitFor()
  })

  test('ten times yes is offered as a rule in the inbox, changed there, and then written', async () => {
    for (let n = 0; n < 10; n++) {
      const answer = it.bridge.call('witness_look', { n })
      await until('it waits', async () => (await waiting()).length === 1)
      await it.window.call.approvals.answer({ id: (await waiting())[0]!.id, answer: { kind: 'allow', scope: 'once' } })
      expect(textOf(await answer)).toContain('done')
    }
    await page.reload()
    await go('Approvals')
    await page.getByRole('button', { name: /10 questions, each a yes/ }).click()
    await page.getByRole('heading', { name: 'These 10 questions were always yes' }).waitFor()
    await page.getByText(/10 let through without asking you/).waitFor({ timeout: 20_000 })
    expect((await policy()).rules).toEqual([])
    await page.getByRole('combobox', { name: 'Until' }).click()
    await page.getByRole('option', { name: 'in a week' }).click()
    await takePicture(page, 'always-yes')
    await page.getByRole('button', { name: 'Write rule' }).click()
    await until('it is written', async () => (await policy()).rules.length === 1)
    expect((await policy()).rules).toMatchObject([
      { effect: 'allow', client: 'unknown', server: it.server, tool: 'look', until: expect.any(Number) },
    ])
    await page.getByRole('button', { name: /each a yes/ }).waitFor({ state: 'detached' })
    expect(textOf(await it.bridge.call('witness_look', {}))).toContain('done')
  })

  test('two of them are left as they are in one press, and do not come back', async () => {
    const look = { server: 'witness', tool: 'look', arguments: '{}' }
    const calls = [() => it.cli.call.calls.call(look), () => it.window.call.calls.call(look)]
    for (const call of calls)
      for (let n = 0; n < 10; n++) {
        const answer = call()
        await until('it waits', async () => (await waiting()).length === 1)
        const { id } = (await waiting())[0]!
        await it.window.call.approvals.answer({ id, answer: { kind: 'allow', scope: 'once' } })
        await answer
      }
    const rules = (await policy()).rules.length
    await page.reload()
    await go('Policy')
    await page.getByText('These 10 questions were always yes').nth(1).waitFor({ timeout: 20_000 })
    await takePicture(page, 'always-yes-policy')
    await go('Approvals')
    await page
      .getByRole('button', { name: /each a yes/ })
      .nth(1)
      .waitFor({ timeout: 20_000 })
    await takePicture(page, 'always-yes-twice')
    await page.getByRole('button', { name: 'Go on asking about all' }).click()
    await page
      .getByRole('button', { name: /each a yes/ })
      .first()
      .waitFor({ state: 'detached' })
    await page.reload()
    await go('Policy')
    await page.getByText('Protected values').first().waitFor()
    expect(await it.window.call.policy.suggestions()).toHaveLength(2)
    expect(await page.getByText('questions were always yes').count()).toBe(0)
    expect((await policy()).rules).toHaveLength(rules)
  })

  test('read-only by its key: what waits is withdrawn, and the model is told in words', async () => {
    const answer = it.bridge.call('witness_act', { n: 2 })
    await until('it waits', async () => (await waiting()).length === 1)
    await page.keyboard.press('Control+Shift+L')
    expect(await answer).toMatchObject({ result: { isError: true } })
    expect(textOf(await answer)).toMatch(/read-only.*Nothing was run/)
    await page.getByText('Read-only: nothing writes, for any client').waitFor()
    await page.getByRole('button', { name: 'Turn off' }).click()
    await until('it is off', async () => !(await policy()).readOnly)
  })

  test('everything is stopped from the palette, said on each page, and started again', async () => {
    const answer = it.bridge.call('witness_act', { n: 3 })
    await until('it waits', async () => (await waiting()).length === 1)
    await page.keyboard.press('Control+k')
    await page
      .getByRole('searchbox', { name: 'Search or run' })
      .or(page.getByLabel('Search or run'))
      .last()
      .fill('stop ev')
    const found = page.getByText('every server, and every call')
    await found.waitFor()
    await takePicture(page, 'palette-stop')
    await found.click()
    await page.getByRole('alert').filter({ hasText: 'Everything is stopped' }).waitFor()
    expect(textOf(await answer)).toContain('Everything in Gatehouse was stopped')
    await until(
      'it stands still',
      async () => (await it.window.call.servers.list())[0]?.state.kind === 'stopped',
      30_000,
    )
    for (const place of ['Home', 'Servers', 'Policy', 'Approvals']) {
      await go(place)
      await page.getByRole('alert').filter({ hasText: 'Everything is stopped' }).waitFor()
      await takePicture(page, `stopped-${place.toLowerCase()}`)
    }
    expect(textOf(await it.bridge.call('witness_act', { n: 4 }))).toContain('Only the person can start it again')
    await page.getByRole('button', { name: 'Start again' }).click()
    await until('it is over', async () => !(await policy()).stopped)
    await page.getByRole('alert').filter({ hasText: 'Everything is stopped' }).waitFor({ state: 'detached' })
    expect(textOf(await it.bridge.call('witness_look', { n: 5 }))).toContain('done')
  })

  test('in the dialog, over any page: the rule is shown, made narrower, given an end, and written so', async () => {
    for (const { id } of (await policy()).rules) await it.window.call.policy.change({ kind: 'remove-rule', id })
    await go('Home')
    const answer = it.bridge.call('witness_look', { path: '/srv/a.txt', n: 7 })
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: 'Deny' }).waitFor({ timeout: 20_000 })
    expect(await dialog.getByRole('button', { name: 'Deny' }).evaluate(one => one === document.activeElement)).toBe(
      true,
    )
    await dialog.getByText('Any call of this tool', { exact: true }).click()
    await dialog.getByText('This rule will be written.').waitFor()
    await dialog.getByRole('button', { name: 'Only where an argument…' }).click()
    await dialog.getByLabel('How it compares').selectOption('glob')
    await dialog.getByLabel('Value', { exact: true }).fill('/srv/*')
    await dialog.getByLabel('How long the rule holds').selectOption('8')
    await takePicture(page, 'dialog-rule')
    const write = dialog.getByRole('button', { name: 'Allow and write rule' })
    await expect.poll(() => write.getAttribute('aria-disabled'), { timeout: 20_000 }).toBe('false')
    await write.click()
    expect(textOf(await answer)).toContain('done')
    const [rule] = (await policy()).rules
    expect(rule).toMatchObject({ effect: 'allow', tool: 'look', arguments: [{ path: 'path', glob: '/srv/*' }] })
    expect(rule!.until! - Date.now()).toBeGreaterThan(7 * 3_600_000)
    await dialog.waitFor({ state: 'detached', timeout: 20_000 })
    expect(textOf(await it.bridge.call('witness_look', { path: '/srv/b.txt' }))).toContain('done')
    void it.bridge.call('witness_look', { path: '/etc/passwd' })
    await until('that one waits', async () => (await waiting()).length === 1)
  })
})
