// Moving a client's own servers over and back, and a lost entry, in the window, with real files in a throw-away HOME.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectHub } from '../../cli/hub-connection.ts'
import { chromiumPath, type Home, hasKeychain, run, until } from '../harness.ts'
import { type FirstWindow, openFirstWindow } from './first-window.ts'
import { takePicture } from './pictures.ts'
import { filesBelow, fixture } from './stories.ts'

const KEY = 'ghp_Zx81mQp0LrT5uVw9Ab3dEf6hIj2kLmN4'

describe.skipIf(!chromiumPath || !hasKeychain)('moving over, and a lost entry', () => {
  let first: FirstWindow
  let home: Home
  let page: Page
  let config: string
  let original: string

  beforeAll(async () => {
    const servers = `"tiny":{"command":"node","args":[ ${JSON.stringify(fixture('normal.mjs'))} ],"env":{"GITHUB_TOKEN":"${KEY}","LOG_LEVEL":"info"}},\n\t\t"old":{"type":"sse","url":"https://x.example/sse"}`
    original = `{\r\n\t"globalShortcut":   "Ctrl+Space",\n  "mcpServers" : {\n\t\t${servers}\n\t},\n\n  "preferences": {"z":1}}`
    first = await openFirstWindow(fresh => {
      config = join(fresh.folder, '.config', 'Claude', 'claude_desktop_config.json')
      mkdirSync(join(config, '..'), { recursive: true })
      writeFileSync(config, original)
    })
    home = first.home
    page = first.page
  })
  afterAll(() => first?.close())

  const text = () => readFileSync(config, 'utf8')
  const names = () => Object.keys(JSON.parse(text()).mcpServers)
  const hidesTheKey = async () => expect(await page.content()).not.toContain(KEY.slice(4))
  const dialog = () => page.getByRole('dialog')
  /** As an app does it, with our entry left out and nothing else changed. */
  const takeOut = () => {
    const { gatehouse: _, ...others } = JSON.parse(text()).mcpServers
    writeFileSync(`${config}.new`, JSON.stringify({ ...JSON.parse(text()), mcpServers: others }))
    renameSync(`${config}.new`, config)
  }
  /** A row that is drawn anew meanwhile, in another group, closes its menu. */
  const ownServers = async () => {
    for (let tries = 1; ; tries++) {
      await page.getByRole('button', { name: 'More for Claude Desktop' }).click()
      try {
        return await page.getByRole('menuitem', { name: 'Its own servers…' }).click({ timeout: 3_000 })
      } catch (error) {
        if (tries === 6) throw error
      }
    }
  }

  test('its servers are shown without their keys, previewed on both sides, and taken over', async () => {
    await page.getByRole('link', { name: 'Clients' }).first().click()
    await page.getByText('2 servers of its own.').waitFor()
    await takePicture(page, 'clients-found')
    await page.getByRole('button', { name: 'Move its servers…' }).click()
    await dialog()
      .getByText(/Stays where it is/)
      .waitFor()
    await dialog().getByLabel('Name in the vault of GITHUB_TOKEN of tiny').fill('GITHUB_FOR_TINY')
    await takePicture(page, 'move-choose')
    await dialog().getByRole('button', { name: 'See the change…' }).click()
    await dialog().getByText('New in the vault: GITHUB_FOR_TINY').waitFor()
    await dialog().getByText('${secret:GITHUB_FOR_TINY}').waitFor()
    await hidesTheKey()
    await takePicture(page, 'move-preview')
    expect(text()).toBe(original)
    await dialog().getByRole('button', { name: 'Take 1 server over' }).click()
    await dialog().waitFor({ state: 'detached' })
    expect(names()).toEqual(['old', 'gatehouse'])
    const listed = JSON.parse((await run(home, ['servers', 'list', '--json'])).stdout)
    expect(listed).toMatchObject([{ name: 'tiny', state: 'waiting' }])
    const leaks = filesBelow(home.data).filter(file => readFileSync(file).includes(KEY))
    expect(leaks).toEqual([])
    await takePicture(page, 'clients-moved')
  })

  test('a shell may not have the keys put back into the file; in the window all is given back byte for byte', async () => {
    const taken = text()
    const undone = await run(home, ['clients', 'undo', 'claude-desktop', '--yes'])
    expect([undone.code, undone.stderr]).toEqual([1, expect.stringContaining('for the window only')])
    expect(text()).toBe(taken)
    await ownServers()
    await takePicture(page, 'move-back')
    await dialog()
      .getByRole('button', { name: /byte for byte/ })
      .click()
    await dialog().getByRole('button', { name: 'Write' }).click()
    await dialog().waitFor({ state: 'detached' })
    expect(text()).toBe(original)
  })

  test('one is given back beside our entry, with its key, and that is said before', async () => {
    await page.getByRole('button', { name: 'Move its servers…' }).click()
    await dialog().getByRole('button', { name: 'See the change…' }).click()
    await dialog().getByRole('button', { name: 'Take 1 server over' }).click()
    await dialog().waitFor({ state: 'detached' })
    await ownServers()
    await dialog().getByRole('button', { name: 'Give tiny back…' }).click()
    await dialog().getByText('GITHUB_FOR_TINY will stand in the file in plain text').waitFor()
    await hidesTheKey()
    await takePicture(page, 'give-back')
    await dialog().getByRole('button', { name: 'Give back', exact: true }).click()
    await dialog().waitFor({ state: 'detached' })
    const { tiny, gatehouse } = JSON.parse(text()).mcpServers
    expect([tiny.env.GITHUB_TOKEN, typeof gatehouse]).toEqual([KEY, 'object'])
  })

  test('an entry that somebody took out is asked about on Home; it is put back, with what happened to read', async () => {
    takeOut()
    await page.getByRole('link', { name: 'Home' }).first().click()
    await page.getByText('Gatehouse was taken out of Claude Desktop').waitFor({ timeout: 30_000 })
    await takePicture(page, 'home-asked')
    await page.getByRole('link', { name: 'Clients' }).first().click()
    await page.getByText(/Was that you\?/).waitFor()
    await takePicture(page, 'clients-asked')
    await page.getByRole('button', { name: 'See the change…' }).click()
    await page.getByText('Only our entry was taken out of the file').waitFor()
    await hidesTheKey()
    await takePicture(page, 'clients-history')
    await page.getByRole('button', { name: 'Put it back', exact: true }).click()
    await until('it is back', () => names().includes('gatehouse'))
    await page.getByText('Our entry was put back').waitFor()
    await page.getByLabel('Keep Gatehouse in Claude Desktop').first().click({ force: true })
    await page.getByText('It is put back by itself from now on.').waitFor()
    takeOut()
    await until('it is back by itself', () => names().includes('gatehouse'), 30_000)
  })

  test('a shell reads the history, keeps no longer, and leaves it out: that ends its token', async () => {
    const { stdout } = await run(home, ['clients', 'history', 'claude-desktop', '--diff'])
    expect(stdout).toContain('put back')
    expect(stdout).not.toContain(KEY)
    expect((await run(home, ['clients', 'keep', 'claude-desktop', 'off'])).code).toBe(0)
    expect((await run(home, ['clients', 'answer', 'claude-desktop', 'out'])).code).toBe(1)
    writeFileSync(config, '{ "preferences": {} }')
    await page.getByText('Dropped by the client').waitFor({ timeout: 30_000 })
    await takePicture(page, 'clients-dropped')
    expect((await run(home, ['clients', 'answer', 'claude-desktop', 'out'])).stdout).toContain('stays out')
    expect(text()).toBe('{ "preferences": {} }')
  })

  test('a shell tries no value against a credential that is set, and replaces no entry of another Gatehouse', async () => {
    const stranger = { command: '/n', args: ['/m', 'connect', '--client', 'claude-desktop', '--data', '/elsewhere'] }
    const thief = { command: 'node', args: ['x.js'], env: { GITHUB_TOKEN: KEY } }
    writeFileSync(config, JSON.stringify({ mcpServers: { thief } }))
    const cli = (await connectHub(home.data))!
    const keys = [{ server: 'thief', where: 'env' as const, name: 'GITHUB_TOKEN', secret: 'GITHUB_FOR_TINY' }]
    const take = { id: 'claude-desktop', names: ['thief'], keys }
    for (const tried of [cli.call.moves.previewTake(take), cli.call.moves.take(take)])
      await expect(tried).rejects.toMatchObject({ message: 'GITHUB_FOR_TINY is the name of another credential.' })
    await expect(cli.call.moves.giveBack({ id: 'claude-desktop', names: ['tiny'] })).rejects.toThrow(/window only/)
    cli.close()
    const theirs = JSON.stringify({ mcpServers: { thief, gatehouse: stranger } })
    writeFileSync(config, theirs)
    for (const command of ['connect', 'disconnect', 'take'])
      expect((await run(home, ['clients', command, 'claude-desktop', '--yes'])).code).toBe(1)
    expect(readFileSync(config, 'utf8')).toBe(theirs)
  })

  test('an app that still runs is quit on the person’s word, the entry written, and the app opened again', async () => {
    writeFileSync(config, '{ "preferences": {} }')
    const starts = join(home.folder, 'starts')
    const script = join(home.folder, 'app.mjs')
    writeFileSync(
      script,
      `import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
      const path = ${JSON.stringify(config)}
      const text = readFileSync(path)
      process.on('SIGTERM', () => { writeFileSync(path, text); process.exit(0) })
      appendFileSync(${JSON.stringify(starts)}, process.pid + '\\n')
      setInterval(() => {}, 1000)`,
    )
    const pids = () => (existsSync(starts) ? readFileSync(starts, 'utf8').trim().split('\n').map(Number) : [])
    const app: ChildProcess = spawn(process.execPath, [script], {
      argv0: '/usr/bin/claude-desktop',
      env: { HOME: home.folder },
      stdio: 'ignore',
    })
    try {
      await until('it runs', () => pids().length === 1)
      await page.getByRole('button', { name: 'Connect…' }).click()
      await dialog()
        .getByText(/is running and would overwrite this/)
        .waitFor()
      await takePicture(page, 'quit-preview')
      await dialog().getByRole('button', { name: 'Quit, write, reopen' }).click()
      await dialog().waitFor({ state: 'detached' })
      expect(app.exitCode).toBe(0)
      await until('it was opened again', () => pids().length === 2)
      expect(names()).toEqual(['gatehouse'])
      // It writes its file from memory again, without our entry.
      writeFileSync(config, '{ "preferences": {} }')
      await page.getByText(/it still runs: whatever is written now, it overwrites/).waitFor({ timeout: 30_000 })
      await takePicture(page, 'clients-running')
      await page.getByRole('button', { name: 'Quit, write, reopen' }).click()
      await until('it was quit and opened once more', () => pids().length === 3, 30_000)
      await until('our entry is there', () => text().includes('gatehouse'))
    } finally {
      for (const pid of [app.pid ?? 0, ...pids()]) {
        try {
          if (pid > 0) process.kill(pid, 'SIGKILL')
        } catch {}
      }
    }
  })
})
