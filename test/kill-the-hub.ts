// A whole hub, killed again and again while clients change things: what was executed, and what the log then says of it.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { exportPieces } from '../hub/audit/export.ts'
import { verifyFiles } from '../hub/audit/verify-files.ts'
import { fixture } from './e2e/stories.ts'
import { startHub, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'
import { startUnattended } from './unattended.ts'

const LANES = 4
/** From the moment it is ready: before the bridge is there, while the server starts, among the first calls. */
const STARTING_MS = 1_000
/** From the first answer on. */
const CALLING_MS = 300

export interface Killed {
  executed: string[]
  recorded: Set<string>
  /** Of all rounds: breaks in the chain, and what SQLite says against its files. */
  problems: unknown[]
}

export async function killTheHub(rounds: number): Promise<Killed> {
  const place = await startUnattended({})
  const { home } = place
  const journal = join(home.folder, 'journal')
  writeFileSync(journal, '')
  const env = Object.fromEntries([place.marked.split('=')])
  const launch = { command: process.execPath, args: [fixture('journals.mjs'), journal], env, headers: {} }
  await place.window.call.servers.add({ name: 'journal', launch })
  await until('it is listed', async () => (await place.window.call.servers.list())[0]!.tools !== null, 30_000)
  await place.close()
  const problems: unknown[] = []
  for (let round = 0; round < rounds; round++) {
    const hub = await startHub(home, ['--policy', join(home.folder, 'rules.json')])
    const bridge = startBridge(home)
    const exited = [once(hub.process, 'exit'), once(bridge.process, 'exit')]
    let isOver = false
    let answered = false
    const lane = async (name: number) => {
      for (let n = 0; !isOver; n++) {
        const { result } = await bridge.peer.call('journal_act', { n: `${round}-${name}-${n}` })
        if (result?.isError === undefined) answered = true
      }
    }
    void bridge.peer.initialize().then(() => Promise.all(Array.from({ length: LANES }, (_, name) => lane(name))))
    const isStarting = round % 4 === 3
    if (!isStarting) await until('a call is answered', () => answered, 30_000)
    await new Promise(resolve => setTimeout(resolve, Math.random() * (isStarting ? STARTING_MS : CALLING_MS)))
    process.kill(hub.pid, 'SIGKILL')
    isOver = true
    bridge.process.kill('SIGKILL')
    await Promise.all(exited)
    await until('its servers are gone', () => place.processes().length === 0, 30_000)
    problems.push(...verifyFiles(home.data, { anchor: null, publicKey: null }).problems)
    for (const name of ['audit.db', 'state.db']) problems.push(...unsound(join(home.data, name)))
  }
  const log = [...exportPieces(home.data, 'jsonl', null)].join('').trimEnd().split('\n')
  const recorded = log.flatMap(line => {
    const { event } = JSON.parse(line)
    return event?.what === 'call/allowed' && event.arguments ? [JSON.parse(event.arguments.text).n] : []
  })
  const executed = readFileSync(journal, 'utf8').split('\n').filter(Boolean)
  return { executed, recorded: new Set(recorded), problems }
}

function unsound(path: string): string[] {
  const db = new Database(path, { readonly: true })
  try {
    const verdict = String(db.pragma('integrity_check', { simple: true }))
    return verdict === 'ok' ? [] : [verdict]
  } finally {
    db.close()
  }
}
