// What a server asks, answered in a real browser: the form, a no, a call that is taken back, an address, the inspector, a terminal.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest'
import { connectHub } from '../../cli/hub-connection.ts'
import {
  choosePin,
  chromiumPath,
  cli,
  closeBrowser,
  freshHome,
  type Home,
  hasKeychain,
  openBrowser,
  type RunningHub,
  root,
  run,
  startHub,
} from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'
import { addAndAgree, everything } from './stories.ts'

const FORM = {
  message: 'Who are you? <img src=x onerror=alert(1)>',
  requestedSchema: {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Your name', minLength: 2 },
      size: { type: 'string', title: 'Size', enum: ['s', 'm'], enumNames: ['Small', 'Middle'] },
      sure: { type: 'boolean', title: 'Sure' },
    },
    required: ['name'],
  },
}

describe.skipIf(!chromiumPath || !hasKeychain)('a server asks', () => {
  let home: Home
  let hub: RunningHub
  let context: BrowserContext
  let page: Page
  let window: WindowClient
  let client: Client
  const complaints: string[] = []

  beforeAll(async () => {
    home = freshHome()
    hub = await startHub(home)
    context = await openBrowser()
    page = await context.newPage()
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(String(error)))
    await page.goto(hub.web)
    await choosePin(page)
    const link = (await run(home, ['open', '--print'])).stdout.match(/http:\S+/)![0]
    window = await openWindow(link, { pin: '4711' })
    const asker = join(root, 'test/fixtures/gateway/asker.mjs')
    const servers = { everything: [everything, 'stdio'], asker: [asker] }
    const blocks = Object.entries(servers).map(([name, args]) => [name, { command: process.execPath, args }])
    await addAndAgree(window, Object.fromEntries(blocks), { trust: true })
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })
    client = new Client({ name: 'test', version: '1' })
    const env = { ...home.env } as Record<string, string>
    const how = { command: process.execPath, args: [cli, 'connect'], env, stderr: 'ignore' as const }
    await client.connect(new StdioClientTransport(how))
  }, 120_000)
  afterAll(async () => {
    await client?.close()
    window?.close()
    await context?.close()
    await closeBrowser()
    await hub?.stop()
  })

  beforeEach(async () => {
    // What a failed test left behind is not the next one's.
    const left = (await window.call.questions.list()).filter(one => one.state.kind === 'waiting')
    for (const { id } of left) await window.call.questions.answer({ id, answer: { action: 'cancel' } }).catch(() => {})
    if ((await dialog().count()) > 0) await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
  })

  const dialog = (): Locator => page.getByRole('alertdialog')
  const ask = async (params: object, signal?: AbortSignal) => {
    onTestFailed(async () => void (await page.screenshot({ path: join(root, '.cache', 'questions-failed.png') })))
    const call = { name: 'asker_ask', arguments: { params } }
    const options = { timeout: 120_000, ...(signal ? { signal } : {}) }
    const { content } = await client.callTool(call, undefined, options)
    return JSON.parse((content as { text: string }[])[0]!.text)[0]
  }
  const armed = (name: string) => dialog().locator(`button[aria-disabled="false"]`, { hasText: name })

  test('a person fills in the form, and the client gets the result', async () => {
    const answer = ask(FORM)
    await dialog().getByRole('heading', { name: 'asker asks you to fill in a form' }).waitFor()
    // Its words are words, and named as its own.
    await dialog().getByText('<img src=x onerror=alert(1)>').waitFor()
    await dialog().getByText('asker says').waitFor()
    const name = dialog().getByLabel('Your name')
    await expect.poll(() => name.evaluate(it => it === document.activeElement), { timeout: 15_000 }).toBe(true)
    // Enter in a field sends nothing.
    await name.fill('Ada Lovelace')
    await page.keyboard.press('Enter')
    await dialog().getByRole('combobox', { name: 'Size' }).click()
    await page.getByRole('option', { name: 'Middle' }).click()
    await armed('Send answer').click()
    expect(await answer).toEqual({ action: 'accept', content: { name: 'Ada Lovelace', size: 'm', sure: false } })
    await dialog().waitFor({ state: 'detached' })
    const rows = await window.call.audit.list({ limit: 1000 })
    const said = rows.filter(row => row.event?.what.startsWith('question/')).map(row => row.event)
    expect(said).toMatchObject([
      { what: 'question/accept', by: expect.stringMatching(/^window:/), detail: 'fields: name, size, sure' },
      { what: 'question/asked' },
    ])
    expect(JSON.stringify(rows)).not.toContain('Lovelace')
  })

  test.each([
    ['Decline', { action: 'decline' }],
    ['Cancel', { action: 'cancel' }],
  ])('%s goes back to the server', async (button, result) => {
    const answer = ask({ ...FORM, message: button })
    await dialog().getByRole('button', { name: button }).click()
    expect(await answer).toEqual(result)
    await dialog().waitFor({ state: 'detached' })
  })

  test('the client cancels: the question ends where it is shown, and says so', async () => {
    const call = new AbortController()
    const answer = ask(FORM, call.signal).catch(() => 'cancelled')
    await dialog().getByRole('button', { name: 'Decline' }).waitFor()
    call.abort()
    expect(await answer).toBe('cancelled')
    await dialog().getByText('Nothing was sent.').waitFor()
    await dialog().getByRole('button', { name: 'Send answer' }).waitFor({ state: 'detached' })
    await dialog().getByRole('button', { name: 'Close' }).click()
    await dialog().waitFor({ state: 'detached' })
  })

  test('a form that asks for a password comes with a warning, and what is typed is not seen', async () => {
    const properties = { value: { type: 'string', title: 'GitHub password' } }
    const answer = ask({ message: 'Log in', requestedSchema: { type: 'object', properties } })
    await dialog().getByText('looks like a secret').waitFor()
    expect(await dialog().getByLabel('GitHub password').getAttribute('type')).toBe('password')
    await dialog().getByRole('button', { name: 'Decline' }).click()
    expect(await answer).toEqual({ action: 'decline' })
    await dialog().waitFor({ state: 'detached' })
  })

  test('an address is shown with its host, and opens outside only when pressed', async () => {
    const url = `${new URL(hub.web).origin}/icon.svg`
    const answer = ask({ mode: 'url', message: 'Look', url, elicitationId: 'e' })
    await dialog().getByText(new URL(url).host, { exact: true }).waitFor()
    expect(context.pages().length).toBe(1)
    const opened = context.waitForEvent('page')
    await armed('Open the page').click()
    const other = await opened
    await other.waitForLoadState()
    expect([other.url(), await other.evaluate(() => globalThis.opener)]).toEqual([url, null])
    await other.close()
    expect(await answer).toEqual({ action: 'accept' })
    await dialog().waitFor({ state: 'detached' })
  })

  test('put aside with Esc it waits in the inbox, is counted, and is answered there', async () => {
    const answer = ask({ ...FORM, message: 'Later' })
    await dialog().getByRole('button', { name: 'Decline' }).waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
    await page.getByText('asker asks you something.').waitFor()
    await page.getByRole('navigation').first().getByRole('link', { name: 'Approvals' }).click()
    await page.getByRole('main').getByLabel('Your name').fill('Grace')
    await page.locator('button[aria-disabled="false"]', { hasText: 'Send answer' }).click()
    expect(await answer).toMatchObject({ action: 'accept', content: { name: 'Grace' } })
    await page.getByText('Answered', { exact: true }).first().waitFor()
  })

  test('in the inspector the question stands below the running call, without a dialog', async () => {
    await page.getByRole('navigation').first().getByRole('link', { name: 'Inspector' }).click()
    await page.getByText('trigger-elicitation-request').first().click()
    await page.getByRole('button', { name: 'Run Ctrl' }).click()
    await page.getByText('Waits for your answer.').waitFor()
    await page.getByRole('textbox', { name: 'String', exact: true }).fill('Katherine')
    expect(await dialog().count()).toBe(0)
    await page.locator('button[aria-disabled="false"]', { hasText: 'Send answer' }).click()
    await page.getByText('Katherine').first().waitFor()
    await page.getByRole('navigation').first().getByRole('link', { name: 'Home' }).click()
  })

  test('a call from a terminal says that its server asks, and cannot answer itself', async () => {
    const called = run(home, ['call', 'asker', 'ask', '--args', JSON.stringify({ params: FORM })])
    await dialog().getByText('for a call from the command line').waitFor({ timeout: 60_000 })
    const terminal = (await connectHub(home.data))!
    const [waits] = (await terminal.call.questions.list()).filter(one => one.state.kind === 'waiting')
    const forged = terminal.call.questions.answer({ id: waits!.id, answer: { action: 'decline' } })
    expect(await forged.catch(error => error.code)).toBe('FORBIDDEN')
    terminal.close()
    const [refused] = await window.call.audit.list({ kinds: ['refused'], limit: 1 })
    expect(refused?.event).toMatchObject({ what: 'refused/role', detail: 'questions.answer is for the window only.' })
    await dialog().getByLabel('Your name').fill('Ada')
    await armed('Send answer').click()
    const { code, stdout, stderr } = await called
    expect([code, stderr.trim()]).toEqual([0, 'asker asks you something. Answer in the window: gatehouse open'])
    expect(stdout).toContain('Ada')
    await dialog().waitFor({ state: 'detached' })
  })

  test('a bridge and a forged window cannot answer: the question goes on waiting, and it is on record', async () => {
    const answer = ask({ ...FORM, message: 'Forge me' })
    await dialog().getByText('Forge me').waitFor()
    const [waits] = (await window.call.questions.list()).filter(one => one.state.kind === 'waiting')
    const yes = { id: waits!.id, answer: { action: 'accept', content: { name: 'Mallory' } } }
    const forged = JSON.stringify({ i: '1', p: { u: '/questions/answer', b: { json: yes } } })
    const rpc = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'questions/answer', params: yes })
    const before = (await window.call.audit.list({ kinds: ['refused'], limit: 1000 })).length
    await say(JSON.stringify({ protocol: 1, version: 'x', role: 'bridge' }), forged, rpc)
    const key = { kind: 'key', window: window.key.window, signature: 'AAAA' }
    await say(JSON.stringify({ protocol: 1, version: 'x', role: 'window' }), JSON.stringify(key), forged)
    await say(JSON.stringify({ protocol: 1, version: 'x', role: 'cli', token: 'guess' }), forged)
    const after = async () => (await window.call.audit.list({ kinds: ['refused'], limit: 1000 })).length
    await expect.poll(after).toBeGreaterThanOrEqual(before + 2)
    const still = (await window.call.questions.list()).find(one => one.id === waits!.id)
    expect(still?.state).toEqual({ kind: 'waiting' })
    await dialog().getByRole('button', { name: 'Decline' }).click()
    expect(await answer).toEqual({ action: 'decline' })
    await dialog().waitFor({ state: 'detached' })
  })

  /** Lines to the hub's socket, and half a second for what they might do. */
  async function say(...lines: string[]): Promise<void> {
    const { socket: path } = JSON.parse(readFileSync(join(home.data, 'hub.json'), 'utf8'))
    const socket = connect(path)
    socket.on('error', () => {})
    for (const line of lines) socket.write(`${line}\n`)
    await new Promise(resolve => setTimeout(resolve, 500))
    socket.destroy()
  }

  test('a server asks for a model: refused with a notice, unless its settings let a person speak', async () => {
    const messages = [{ role: 'user', content: { type: 'text', text: 'Sum it up' } }]
    const sample = async () => {
      const params = { method: 'sampling/createMessage', params: { messages, maxTokens: 9 } }
      const { content } = await client.callTool({ name: 'asker_ask', arguments: params })
      return JSON.parse((content as { text: string }[])[0]!.text)[0]
    }
    expect((await sample()).error.message).toContain('does not offer sampling')
    await page.getByRole('navigation').first().getByRole('link', { name: 'Approvals' }).click()
    await page.getByText('asker asked for a model, and Gatehouse has none.').first().waitFor()
    await page.getByRole('navigation').first().getByRole('link', { name: 'Home' }).click()
    const path = join(home.data, 'config.json')
    const config = JSON.parse(readFileSync(path, 'utf8'))
    config.mcpServers.asker.sampling = 'person'
    writeFileSync(path, JSON.stringify(config))
    const answer = (async () => {
      for (;;) {
        const said = await sample()
        if (!said.error) return said
        // Until the change of the file was seen.
        await new Promise(resolve => setTimeout(resolve, 2_000))
      }
    })()
    await dialog().getByText('Sum it up').waitFor()
    await dialog().getByLabel('Your answer, in place of a model').fill('It is short.')
    await page.screenshot({ path: join(root, '.cache', 'sampling.png') })
    await armed('Send answer').click()
    expect(await answer).toMatchObject({ role: 'assistant', model: 'person', content: { text: 'It is short.' } })
    await dialog().waitFor({ state: 'detached' })
  })

  test('the console stayed quiet, and no words of a server became more than words', () => {
    expect(complaints).toEqual([])
  })
})
