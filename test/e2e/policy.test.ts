// The policy page in a real browser: a rule with its effect, edited, values protected, everything stopped.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Policy } from '../../contract/policy.ts'
import { chromiumPath, type Home, hasKeychain, run, runJson, until } from '../harness.ts'
import { type FirstWindow, openFirstWindow } from './first-window.ts'
import { takePicture } from './pictures.ts'

describe.skipIf(!chromiumPath || !hasKeychain)('the policy page', () => {
  let first: FirstWindow
  let home: Home
  let page: Page

  beforeAll(async () => {
    first = await openFirstWindow()
    home = first.home
    page = first.page
    await page.getByRole('link', { name: 'Policy' }).first().click()
  })
  afterAll(() => first?.close())

  const policy = async () => runJson<Policy>(home, ['policy', 'list'])

  test('a rule says what it would have done, is written, and edited in place', async () => {
    await page.getByRole('button', { name: 'Add rule' }).click()
    await page.getByLabel('Tool', { exact: true }).fill('delete_*')
    await page.getByText('No call of the last 7 days is in the log.').waitFor()
    await takePicture(page, 'policy-rule-form')
    await page.getByRole('button', { name: 'Write rule' }).click()
    await page.getByRole('button', { name: 'More for this rule' }).click()
    await page.getByRole('menuitem', { name: 'Edit…' }).click()
    await page.getByRole('radiogroup', { name: 'Answer' }).getByText('Deny').click()
    await page.getByRole('button', { name: 'Change rule' }).click()
    await until('the changed rule', async () => (await policy()).rules.map(rule => rule.effect).join() === 'deny')
    expect((await policy()).rules).toMatchObject([{ effect: 'deny', tool: 'delete_*' }])
  })

  test('what was asked for outside is kept from counting in one press: all of it, and only what was shown', async () => {
    for (const tool of ['one', 'two', 'three']) await run(home, ['policy', 'add', 'allow', '--tool', tool])
    const before = (await policy()).rules
    await page.getByRole('link', { name: 'Approvals' }).first().click()
    await page.getByRole('heading', { name: 'Asked for outside this window' }).waitFor()
    await takePicture(page, 'keep-all')
    await page.getByRole('button', { name: 'Keep all as they are' }).click()
    await page.getByText('Everything stays as it is: 3 changes refused').waitFor()
    await page.getByText('Nothing waits for you.').first().waitFor()
    expect((await policy()).rules).toEqual(before)
    const rows = await runJson<{ event: { what: string } | null }[]>(home, ['audit', 'list'])
    expect(rows.filter(({ event }) => event?.what === 'proposal/refused')).toHaveLength(3)
    await page.getByRole('link', { name: 'Policy' }).first().click()
  })

  test('values are protected and no longer; folders are named', async () => {
    await page.getByLabel('Add to namespaces').fill('payments')
    await page.getByLabel('Add to namespaces').press('Enter')
    await page.getByRole('button', { name: 'Remove payments' }).waitFor()
    expect((await policy()).protected.namespaces).toContain('payments')
    await page.getByLabel('Add to folders').fill('/work')
    await page.getByLabel('Add to folders').press('Enter')
    await page.getByRole('button', { name: 'Remove /work' }).waitFor()
    await takePicture(page, 'policy-values')
    await page.getByRole('button', { name: 'Remove payments' }).click()
    await until('the value gone', async () => !(await policy()).protected.namespaces!.includes('payments'))
    await page.getByText('Protected values').scrollIntoViewIfNeeded()
    await takePicture(page, 'policy-page')
  })
})
