// `--dry-run` of every command that has it, on a folder in use: no file of the person's, no row of ours is another after it.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { COMMANDS } from '../cli/commands.ts'
import { addAndAgree, fixture } from './e2e/stories.ts'
import { freshHome, type RunningHub, run, startHub } from './harness.ts'
import { openWindow, type WindowClient } from './window-client.ts'

const home = freshHome()
const theirs = join(home.folder, '.cursor', 'mcp.json')
let hub: RunningHub | undefined
let window: WindowClient | undefined
afterAll(async () => {
  window?.close()
  await hub?.stop()
})

/** What of our databases says anything: all rows of all tables. */
function rowsOf(path: string): string {
  const db = new Database(path, { readonly: true })
  try {
    const tables = db.prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    return JSON.stringify(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]))
  } finally {
    db.close()
  }
}

function everything(): Record<string, string> {
  const found: Record<string, string> = { 'rows of state.db': rowsOf(join(home.data, 'state.db')) }
  for (const name of readdirSync(home.folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(home.folder, name)
    // Of databases the rows count; a hub's start and its servers' lines write logs of their own.
    if (!statSync(path).isFile() || /\.db(-\w+)?$|\/logs\/|keyrings|\.cache/.test(path)) continue
    found[name] = createHash('sha256').update(readFileSync(path)).digest('hex')
  }
  return found
}

test('no file and no row is another after it, and the log has none of it', async () => {
  mkdirSync(dirname(theirs), { recursive: true })
  const weather = { command: 'node', args: [fixture('greets.mjs')], env: { API_KEY: 'not-a-real-key-Zq8/71c3' } }
  writeFileSync(theirs, JSON.stringify({ mcpServers: { weather } }, null, 2))
  mkdirSync(join(home.folder, '.codex'))
  hub = await startHub(home)
  window = await openWindow(hub.web, { pin: '4711' })
  await addAndAgree(window, { greets: { command: 'node', args: [fixture('greets.mjs')] } })
  await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'x' } })
  await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'y' } })
  await window.call.clients.connect({ id: 'cursor' })
  const tried: string[][] = [
    ['policy', 'add', 'deny', '--tool', 'z'],
    ['policy', 'add', 'allow', '--tool', 'z'],
    ['policy', 'remove', '1'],
    ['policy', 'remove', '2'],
    ['policy', 'preset', 'read-only'],
    ['policy', 'preset', 'balanced'],
    ['policy', 'protect', 'namespaces', 'payments'],
    ['policy', 'protect', 'namespaces', 'prod', '--off'],
    ['policy', 'folder', '/work'],
    ['clients', 'connect', 'codex'],
    ['clients', 'connect', 'cursor'],
    ['clients', 'disconnect', 'cursor'],
    ['clients', 'undo', 'cursor'],
    ['clients', 'replace-token', 'cursor'],
    ['clients', 'keep', 'cursor', 'on'],
    ['clients', 'answer', 'cursor', 'out'],
    ['clients', 'take', 'cursor'],
    ['clients', 'give-back', 'cursor', 'weather'],
    ['clients', 'profile', 'cursor', '--hide', 'greets'],
    ['clients', 'direct', 'cursor', '--take-back'],
    ['uninstall'],
  ]
  for (const { name, load } of COMMANDS)
    if ('dry-run' in ((await load()).options ?? {}))
      expect(tried.map(words => words.join(' ')).filter(words => words.startsWith(name))).not.toEqual([])
  const [before, rows] = [everything(), (await window.call.hub.status()).audit.rows]
  for (const words of tried) {
    const { code, stdout, stderr } = await run(home, [...words, '--dry-run'])
    expect([words.join(' '), everything()]).toEqual([words.join(' '), before])
    // Some have nothing to do here, and say so.
    if (code !== 0) expect(`${words.join(' ')}: ${stderr}`).toMatch(/^clients (answer|direct|give-back) /)
    else expect(stdout.length).toBeGreaterThan(0)
  }
  expect((await window.call.hub.status()).audit.rows).toBe(rows)
}, 180_000)
