// The main job, one story after the other, as a new user would do it in a window: in a browser or in the desktop app.
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { connectHub } from '../../cli/hub-connection.ts'
import { choosePin, freshHome, type Home, root, run, until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { type AiClient, entryIn, startClient } from './entry.ts'
import { everything, filesBelow, fixture, spellingsOf } from './stories.ts'

const SECRET = 'k9-Tr0ub4dor&3/zebra=ümlaut'
const SPELLINGS = spellingsOf(SECRET)

const ODD_CONFIG =
  '{\r\n\t"globalShortcut":   "Ctrl+Space",\n  "mcpServers" : {\n\t\t"mine":{"command":"node","args":[ "a.js" ]}\n\t},\n  "preferences": {"z":1,  "a":[1,2 ,3]}}'

/** What the stories leave behind for tests that follow. */
export interface MainJob {
  home: Home
  page: Page
  /** Adds what is pasted, reads the command, and lets it run; answers what was shown. */
  addByPasting(text: string): Promise<string>
}

/** Registers the stories as tests. `open`: the first window of a home where nothing was ever paired. */
export function mainJob(open: (home: Home) => Promise<Page>): MainJob {
  const job = {} as MainJob
  let home: Home
  let config: string
  let work: string
  let page: Page

  beforeAll(async () => {
    home = freshHome()
    config = join(home.folder, '.config', 'Claude', 'claude_desktop_config.json')
    mkdirSync(join(config, '..'), { recursive: true })
    writeFileSync(config, ODD_CONFIG)
    work = join(realpathSync(home.folder), 'work')
    mkdirSync(work)
    writeFileSync(join(work, 'keep.txt'), 'precious')
    page = await open(home)
    await choosePin(page)
    Object.assign(job, { home, page, addByPasting })
  })
  beforeEach(() => {
    onTestFailed(async () => {
      await page.screenshot({ path: join(root, '.cache', 'window-failed.png') })
    })
  })

  async function go(name: string) {
    await page.getByRole('navigation').first().getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }

  /** Presses a button in the very moment it appears, as somebody does who was about to click there. */
  async function pressAtOnce(name: string) {
    await page.evaluate(wanted => {
      const look = new MutationObserver(() => {
        const button = [...document.querySelectorAll('button')].find(one => one.textContent?.includes(wanted))
        if (!button) return
        look.disconnect()
        button.click()
        document.body.dataset.pressed = wanted
      })
      look.observe(document.body, { childList: true, subtree: true })
    }, name)
  }

  const pressed = () => page.evaluate(() => document.body.dataset.pressed)

  /** Adds what is pasted, reads the command, waits until the button is armed, and lets it run. */
  async function addByPasting(text: string, options: { believe?: boolean } = {}) {
    await go('Servers')
    const field = page.getByLabel('Paste a command, an address or an mcpServers block')
    // Where there is no server yet the field stands on the page.
    await field
      .or(page.getByRole('grid', { name: 'Servers' }))
      .first()
      .waitFor()
    if (!(await field.isVisible())) await page.getByRole('button', { name: 'Add server', exact: true }).click()
    await field.fill(text)
    // A press before the button is armed does nothing.
    await pressAtOnce('Run it')
    await page.getByRole('button', { name: 'Continue' }).click()
    const dialog = page.getByRole('alertdialog', { name: /^Run this command as you\?/ })
    await dialog.getByRole('button', { name: 'Run it' }).waitFor()
    if (options.believe) await dialog.getByRole('checkbox', { name: /about its own tools/ }).check()
    const command = await dialog.innerText()
    const runIt = dialog.getByRole('button', { name: 'Run it' })
    expect(await pressed()).toBe('Run it')
    await page.waitForTimeout(1_200)
    await runIt.click()
    for (const part of [dialog, field]) await part.waitFor({ state: 'hidden' })
    return command
  }

  test('1: a README’s block is pasted, its command read and agreed to, and it runs with its tools', async () => {
    const block = `## Usage\n\n\`\`\`json\n${JSON.stringify({ mcpServers: { everything: { command: 'node', args: [everything, 'stdio'] } } }, null, 2)}\n\`\`\`\n`
    const command = await addByPasting(block)
    expect(command).toContain(everything)
    // Nothing of the dialog is left that would swallow keys.
    expect(await page.getByRole('alertdialog').count()).toBe(0)
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.getByRole('heading', { level: 1, name: 'Home' }).waitFor()
    await go('Servers')
    const row = page.getByText('everything', { exact: true }).first()
    await row.waitFor()
    await page.getByText('Running', { exact: true }).first().waitFor()
    await page
      .getByText(/^1\d · /)
      .or(page.getByText(/^1\d$/))
      .first()
      .waitFor()
  })

  test('2: the inspector calls echo, shows the answer and the frames; a bad argument shows the server’s own error', async () => {
    await go('Inspector')
    await page.getByLabel('Search all servers').fill('echo')
    await page.getByRole('navigation', { name: 'All tools' }).getByRole('button', { name: /^echo/ }).click()
    await page.getByLabel(/^message/).fill('hello gate')
    await page.getByRole('button', { name: /^Run/ }).click()
    await decide('allow')
    const answer = page.getByRole('region', { name: 'Answer' })
    await answer.getByText('Done', { exact: true }).waitFor()
    expect(await answer.innerText()).toContain('Echo: hello gate')
    await page.getByText('tools/call').first().waitFor()

    await page.getByText('JSON', { exact: true }).first().click()
    await page.getByLabel('Arguments as JSON').click()
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText('{"message": 7}')
    await page.getByRole('button', { name: /^Run/ }).click()
    await decide('allow')
    await answer.getByText(/The tool reports an error|Protocol error/).waitFor()
    expect(await answer.innerText()).toMatch(/message|invalid|expected string/i)
    expect(await answer.innerText()).not.toMatch(/at .*\.(js|ts):\d+/)
  })

  /** Answers the dialog that came up, as a person with a mouse would. */
  async function decide(answer: 'allow' | 'deny', word = '') {
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: 'Deny' }).waitFor()
    if (answer === 'deny') {
      if (word) await dialog.getByLabel('A word to the model, if you deny').fill(word)
      await dialog.getByRole('button', { name: 'Deny' }).click()
    } else {
      await page.waitForTimeout(1_400)
      await dialog.getByRole('button', { name: 'Allow once' }).click()
    }
    await dialog.getByRole('button', { name: 'Deny' }).waitFor({ state: 'hidden' })
  }

  test('3: Claude Desktop is connected after the diff was shown; undo gives the same bytes back', async () => {
    await go('Clients')
    const connect = async () => {
      await page.getByRole('button', { name: 'Connect…' }).click()
      const dialog = page.getByRole('dialog', { name: 'Connect Claude Desktop' })
      await dialog.getByText('gatehouse').first().waitFor()
      expect(readFileSync(config, 'utf8')).toBe(ODD_CONFIG)
      await dialog.getByRole('button', { name: 'Write' }).click()
      await dialog.getByRole('button', { name: 'Write' }).waitFor({ state: 'hidden' })
    }
    await connect()
    const { gatehouse, ...others } = JSON.parse(readFileSync(config, 'utf8')).mcpServers
    expect(Object.keys(gatehouse).sort()).toEqual(['args', 'command', 'env'])
    expect({ ...JSON.parse(readFileSync(config, 'utf8')), mcpServers: others }).toEqual(JSON.parse(ODD_CONFIG))
    await page.getByRole('button', { name: 'Undo…' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Write' }).click()
    await page.getByRole('button', { name: 'Write' }).waitFor({ state: 'hidden' })
    expect(readFileSync(config, 'utf8')).toBe(ODD_CONFIG)
    await connect()
  })

  test('4: a deletion by that client waits for the person: denied, it says why; allowed, it is done', async () => {
    await addByPasting(
      JSON.stringify({ mcpServers: { files: { command: 'gatehouse:files', args: [work, '--allow-writing'] } } }),
      { believe: true },
    )
    await page.getByText('gatehouse:files').first().waitFor()
    const client: AiClient = await startClient('2.x', entryIn(config), home.folder)
    try {
      await until('files is listed', async () => (await client.tools()).includes('files_delete_file'))
      const victim = join(work, 'keep.txt')
      const denied = client.call('files_delete_file', { path: victim })
      await decide('deny', 'keep it until Friday')
      expect(await denied).toMatchObject({ isError: true, text: expect.stringContaining('keep it until Friday') })
      expect(existsSync(victim)).toBe(true)

      // The safe answer has the focus; Enter and an early press allow nothing.
      await pressAtOnce('Allow once')
      const allowed = client.call('files_delete_file', { path: victim })
      const dialog = page.getByRole('alertdialog')
      await dialog.getByRole('button', { name: 'Deny' }).waitFor()
      expect(await dialog.innerText()).toMatch(/Claude Desktop wants to run\s+delete_file/)
      expect(await pressed()).toBe('Allow once')
      expect(existsSync(victim)).toBe(true)
      await decide('allow')
      expect(await allowed).toMatchObject({ isError: false })
      expect(existsSync(victim)).toBe(false)
    } finally {
      await client.close()
    }
  })

  test('5: Activity shows it all, and the log proves itself', async () => {
    await go('Activity')
    for (const words of ['delete_file', 'echo']) await page.getByText(words).first().waitFor()
    await page
      .getByText(/Verified|verified|intact/)
      .first()
      .waitFor()
    const { code, stdout } = await run(home, ['audit', 'verify', '--json'])
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { intact: true, anchored: true, problems: [] }])
  })

  test('6: a secret typed in Credentials, granted at the agreement, reaches its server and no page and no file', async () => {
    await go('Credentials')
    await page.getByRole('button', { name: 'Add credential' }).first().click()
    await page.getByRole('textbox', { name: 'Name' }).fill('MY_SECRET')
    await page.getByRole('textbox', { name: 'Value' }).fill(SECRET)
    await page.getByRole('button', { name: 'Save to keychain' }).click()
    await page.getByText('Saved MY_SECRET').waitFor()
    expect(await page.content()).not.toContain(SECRET)

    const teller = { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:MY_SECRET}' } }
    expect(await addByPasting(JSON.stringify({ mcpServers: { teller } }))).toContain('MY_SECRET')
    await go('Inspector')
    await page.getByLabel('Search all servers').fill('tell')
    await page.getByRole('navigation', { name: 'All tools' }).getByRole('button', { name: /^tell/ }).click()
    await page.getByRole('button', { name: /^Run/ }).click()
    await decide('allow')
    const answer = page.getByRole('region', { name: 'Answer' })
    await answer.getByText('Done', { exact: true }).waitFor()
    // The server has it, and says it in its answer; what is shown has it removed.
    expect(await answer.innerText()).toContain('it is ‹secret:MY_SECRET›')
    expect(await page.content()).not.toContain(SECRET)
    const found = filesBelow(home.folder).filter(path =>
      SPELLINGS.some(spelling => readFileSync(path).includes(spelling)),
    )
    expect(found).toEqual([])
  })

  test('8: a shell tries to answer the question on the screen, and all else that is the window’s: nothing of it counts', async () => {
    await go('Inspector')
    const waiting = run(home, ['call', 'everything', 'echo', '--args', '{"message":"mine"}', '--timeout', '600'])
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: 'Deny' }).waitFor()
    const shell = (await connectHub(home.data))!
    const [question] = (await shell.call.approvals.list()).filter(one => one.state.kind === 'waiting')
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'done',
        error => error.code,
      )
    expect([
      await codeOf(shell.call.approvals.answer({ id: question!.id, answer: { kind: 'allow', scope: 'once' } })),
      await codeOf(shell.call.secrets.grant({ name: 'MY_SECRET', server: 'everything' })),
      await codeOf(shell.call.servers.agree({ id: 'everything', digest: 'x', secrets: [], trust: true })),
    ]).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
    expect(await shell.call.policy.change({ kind: 'preset', preset: 'balanced' })).toMatchObject({ applied: false })
    const second = await openWindow((await run(home, ['open', '--print'])).stdout.match(/http:\S+/)![0])
    expect(second.verdict.kind).toBe('pin-needed')
    second.close()
    expect((await run(home, ['servers', 'add', 'evil', '--yes', '--', 'node', 'x.mjs'])).stdout).toContain('window')
    expect((await run(home, ['secrets', 'list', '--json'])).stdout).not.toContain(SECRET)
    const rows = await shell.call.audit.list({ limit: 200 })
    shell.close()
    const record = rows.map(row => row.event?.what)
    for (const what of ['refused/role', 'window/pin-needed', 'proposal/made', 'server/added'])
      expect(record).toContain(what)
    // The question stands as it stood, and only the person's answer ends it.
    await decide('deny', 'not this one')
    const { code, stdout } = await waiting
    expect([code, stdout]).toEqual([1, expect.stringContaining('not this one')])
  })

  return job
}
