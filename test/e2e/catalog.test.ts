// The servers that come with Gatehouse, chosen in a window: a form for each, credentials to the keychain, a call to try it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { bundledServers } from '../../hub/registry/bundled.ts'
import { card, customer, startTestStripe, TEST_KEY, type TestStripe } from '../../servers/payments/test-stripe.ts'
import {
  chromiumPath,
  closeBrowser,
  descendants,
  freshHome,
  type Home,
  hasKeychain,
  openBrowser,
  type RunningHub,
  root,
  run,
  startHub,
} from '../harness.ts'
import { filesBelow, spellingsOf } from './stories.ts'

const pictures = process.env.GATEHOUSE_PICTURES
let home: Home
let hub: RunningHub
let page: Page
let stripe: TestStripe
/** How often the window had a program asked what it says of its settings. */
let checks = 0

const environmentOf = (pid: number) => readFileSync(`/proc/${pid}/environ`, 'utf8')
const config = () => readFileSync(join(home.data, 'config.json'), 'utf8')

async function take(name: string): Promise<void> {
  if (!pictures) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(pictures, `catalog-${name}-${colorScheme}.png`), animations: 'disabled' })
  }
}

async function openCatalog() {
  await page.getByRole('navigation').first().getByRole('link', { name: 'Servers' }).click()
  await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
  await page.getByRole('button', { name: 'Add server', exact: true }).click()
  await page.getByRole('dialog').getByText('Comes with Gatehouse', { exact: true }).click()
}

async function choose(title: string) {
  await openCatalog()
  await page.getByRole('button', { name: `Set up ${title}` }).click()
  return page.getByRole('form', { name: title })
}

/** Reads the command, gives what it asks for, and lets it run once the button is armed. */
async function letItRun(server: string): Promise<string> {
  const dialog = page.getByRole('alertdialog', { name: /^Run this (changed )?command as you\?/ })
  const runIt = dialog.getByRole('button', { name: 'Run it' })
  await runIt.waitFor()
  const command = await dialog.innerText()
  // A press waits until the button is armed.
  await runIt.click()
  await runIt.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: server, exact: true }).first().click()
  await page.getByRole('heading', { level: 1, name: server }).waitFor()
  return command
}

/** A database that is made at the first call takes its time on a busy machine: longer than a call may take by default. */
const SLOW_MS = 120_000

async function tryIt(): Promise<string> {
  const part = page
    .getByRole('region', { name: 'Try it' })
    .or(page.locator('section', { hasText: 'Try it' }))
    .first()
  await part.getByRole('button', { name: 'Try it' }).click()
  const allow = page.getByRole('alertdialog').getByRole('button', { name: 'Allow once' })
  const said = part.getByText(/^It (answered|could not answer)/)
  await allow.or(said).first().waitFor({ timeout: SLOW_MS })
  if (await allow.isVisible()) await allow.click()
  await said.waitFor({ timeout: SLOW_MS })
  return await part.innerText()
}

describe.skipIf(!chromiumPath)('the catalog in the window', () => {
  beforeAll(async () => {
    home = freshHome()
    hub = await startHub(home)
    stripe = await startTestStripe()
    stripe.customers.push(customer('cus_ada'))
    stripe.cards.set('cus_ada', [card('pm_ada')])
    page = await (await openBrowser()).newPage()
    page.on('websocket', socket =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('catalog/check')) checks++
      }),
    )
    await page.goto(hub.web)
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
  }, 120_000)
  afterAll(async () => {
    await closeBrowser()
    await hub?.stop()
    await stripe?.close()
  })
  const watched = () =>
    onTestFailed(async () => void (await page.screenshot({ path: join(root, '.cache', 'catalog-failed.png') })))

  test('all are listed with what they do and need; one is set up by a form, runs after its command was read, and answers', {
    timeout: 2 * SLOW_MS,
  }, async () => {
    watched()
    const form = await (async () => {
      await openCatalog()
      const list = page.getByRole('list', { name: 'Servers that come with Gatehouse' })
      await list.getByRole('listitem').first().waitFor()
      expect(await list.getByRole('listitem').count()).toBe(bundledServers.length)
      expect(await list.innerText()).toMatch(/Needs STRIPE_API_KEY/)
      await take('list')
      await list.getByRole('button', { name: 'Set up PostgreSQL' }).click()
      return page.getByRole('form', { name: 'PostgreSQL' })
    })()
    await form.getByText('More settings').click()
    const timeout = form.getByLabel('STATEMENT_TIMEOUT_MS')
    await timeout.fill('50')
    await form.getByText('It is at least 100.').waitFor()
    await timeout.fill('5000')
    await form.getByLabel('CALL_TIMEOUT_MS').fill(`${SLOW_MS}`)
    await take('postgres')
    await form.getByRole('button', { name: /^Add/ }).click()
    const command = await letItRun('postgres')
    expect(command).toContain('gatehouse:postgres')
    expect(await tryIt()).toMatch(/It answered[\s\S]*PostgreSQL \d+/)
    await take('tried')
    expect(JSON.parse(config()).mcpServers.postgres).toEqual({
      command: 'gatehouse:postgres',
      env: { STATEMENT_TIMEOUT_MS: '5000', CALL_TIMEOUT_MS: `${SLOW_MS}` },
    })
  })

  test('a start that settings stop says which, on its page and beside the field; mended it runs with what was entered, and the hub comes back where it was', {
    timeout: 2 * SLOW_MS,
  }, async () => {
    watched()
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByLabel('Environment').fill(`STATEMENT_TIMEOUT_MS=5\nPOOL_MAX=7\nCALL_TIMEOUT_MS=${SLOW_MS}`)
    await page.getByRole('button', { name: 'Save, then read the command' }).click()
    await page.goto(`${new URL(hub.web).origin}/servers?agree=postgres`)
    await letItRun('postgres')
    const failed = page.getByRole('region', { name: 'Why it failed' })
    await failed.getByText('STATEMENT_TIMEOUT_MS: It is at least 100.').waitFor({ timeout: 60_000 })
    await take('refused')
    const before = checks
    await failed.getByRole('button', { name: 'Mend its settings…' }).click()
    const form = page.getByRole('form', { name: 'PostgreSQL' })
    await page.getByRole('heading', { name: 'Settings of postgres' }).waitFor()
    const timeout = form.getByLabel('STATEMENT_TIMEOUT_MS')
    // Folded away, it is unfolded, since something in it is wrong.
    await timeout.waitFor()
    expect(await timeout.getAttribute('aria-invalid')).toBe('true')
    await take('mend')
    // The list of servers changes meanwhile; that is no reason to ask again.
    await run(home, ['servers', 'add', 'another', '--', 'node', 'x.mjs'])
    await page.locator('nav a', { hasText: /^Servers\s*2$/ }).waitFor()
    await timeout.fill('6000')
    expect(checks - before).toBe(1)
    await form.getByRole('button', { name: /^Save/ }).click()
    await letItRun('postgres')
    expect(await tryIt()).toMatch(/It answered/)
    const env = { STATEMENT_TIMEOUT_MS: '6000', POOL_MAX: '7', CALL_TIMEOUT_MS: `${SLOW_MS}` }
    expect(JSON.parse(config()).mcpServers.postgres.env).toEqual(env)
    const given = descendants(hub.pid)
      .map(environmentOf)
      .filter(text => text.includes('STATEMENT_TIMEOUT_MS='))
    const asked = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    expect(
      given.map(text =>
        text
          .split('\0')
          .filter(one => asked.includes(one))
          .sort(),
      ),
    ).toEqual([asked.sort()])

    // Without a keychain no window is known after a restart.
    if (!hasKeychain) return
    const { web } = hub
    await hub.stop()
    hub = await startHub(home)
    expect(new URL(hub.web).origin).toBe(new URL(web).origin)
    await page.getByText('Hub running').waitFor({ timeout: 60_000 })
    expect(await tryIt()).toMatch(/It answered/)
  })

  test.skipIf(!hasKeychain)(
    'without its key a server says what is missing; the key typed into the form is in the keychain and in no file',
    { timeout: 2 * SLOW_MS },
    async () => {
      watched()
      const form = await choose('Payments (Stripe)')
      await form.getByText(/Without STRIPE_API_KEY/).waitFor()
      await form.getByText('More settings').click()
      await form.getByLabel('STRIPE_URL').fill(stripe.url)
      await form.getByRole('button', { name: /^Add/ }).click()
      await letItRun('payments')
      await page.getByText('STRIPE_API_KEY is not set').waitFor()
      expect(await tryIt()).toMatch(/It could not answer[\s\S]*set STRIPE_API_KEY/)
      await take('missing')

      await page.getByRole('button', { name: 'Set…' }).click()
      const again = page.getByRole('form', { name: 'Payments (Stripe)' })
      const key = again.getByLabel('STRIPE_API_KEY')
      await key.fill('pk_wrong')
      await again.getByText('It begins with sk_test_, rk_test_, sk_live_ or rk_live_.').waitFor()
      await key.fill(TEST_KEY)
      await take('payments')
      await again.getByRole('button', { name: /^Save/ }).click()
      const command = await letItRun('payments')
      expect(command).toContain('STRIPE_API_KEY')
      expect(command).not.toContain(TEST_KEY)
      expect(await tryIt()).toMatch(/It answered[\s\S]*No payment\./)
      expect(stripe.seen.at(-1)?.headers.authorization).toBe(`Bearer ${TEST_KEY}`)
      expect(JSON.parse(config()).mcpServers.payments.env).toEqual({
        STRIPE_URL: stripe.url,
        STRIPE_API_KEY: '${secret:STRIPE_API_KEY}',
      })

      const token = 'ghp_standInOfATokenThatIsTyped123456'
      const github = await choose('GitHub')
      await github.getByLabel('GITHUB_TOKEN').fill(token)
      await github.getByRole('button', { name: /^Add/ }).click()
      expect(await letItRun('github')).not.toContain(token)
      expect(JSON.parse(config()).mcpServers.github.env).toEqual({ GITHUB_TOKEN: '${secret:GITHUB_TOKEN}' })
      const held = filesBelow(home.folder).filter(file => {
        const text = readFileSync(file).toString('latin1')
        return [...spellingsOf(TEST_KEY), ...spellingsOf(token)].some(spelling => text.includes(spelling))
      })
      expect(held).toEqual([])
    },
  )
})
