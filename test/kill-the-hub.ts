// Hubs killed again and again while clients change things: what was executed, and what their logs then say of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Database from 'better-sqlite3'
import { exportPieces } from '../hub/audit/export.ts'
import { verifyFiles } from '../hub/audit/verify-files.ts'
import { fixture } from './e2e/stories.ts'
import { root, startHub, until } from './harness.ts'
import { enterAsBridge, type RawPeer, startBridge } from './raw-peer.ts'
import { startUnattended } from './unattended.ts'

const LANES = 4
/** From the moment it is ready: before a client is there, while the server starts, among the first calls. */
const STARTING_MS = 1_000
/** From the first answer on. */
const CALLING_MS = 300
const REST_MS = 500

export interface Killed {
  executed: string[]
  recorded: Set<string>
  /** Of all rounds: breaks in the chain, and what SQLite says against its files. */
  problems: unknown[]
}

async function prepared() {
  const place = await startUnattended({})
  const journal = join(place.home.folder, 'journal')
  writeFileSync(journal, '')
  const env = Object.fromEntries([place.marked.split('=')])
  const launch = { command: process.execPath, args: [fixture('journals.mjs'), journal], env, headers: {} }
  await place.window.call.servers.add({ name: 'journal', launch })
  await until('it is listed', async () => (await place.window.call.servers.list())[0]!.tools !== null, 30_000)
  await place.close()
  const serversAreGone = () => until('its servers are gone', () => place.processes().length === 0, 30_000)
  const executed = () => readFileSync(journal, 'utf8').split('\n').filter(Boolean)
  return { home: place.home, rules: join(place.home.folder, 'rules.json'), serversAreGone, executed }
}

interface Watch {
  isOver: () => boolean
  onAnswer: () => void
  /** Between two calls. */
  restMs: () => number
}

/** Changes things, one after the other, under names that no other lane uses. */
async function changes(peer: RawPeer, name: string, { isOver, onAnswer, restMs }: Watch): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const { result } = await peer.call('journal_act', { n: `${name}-${n}` })
    if (result?.isError === undefined) onAnswer()
    if (restMs() > 0) await pause(Math.random() * restMs())
  }
}

/** The whole program with a whole bridge, one hub at a time. */
export async function killTheHub(rounds: number): Promise<Killed> {
  const { home, rules, serversAreGone, executed } = await prepared()
  const problems: unknown[] = []
  for (let round = 0; round < rounds; round++) {
    const hub = await startHub(home, ['--policy', rules])
    const bridge = startBridge(home)
    const exited = [once(hub.process, 'exit'), once(bridge.process, 'exit')]
    let isOver = false
    let answered = false
    const watch = { isOver: () => isOver, onAnswer: () => (answered = true), restMs: () => 0 }
    const lane = (_: unknown, n: number) => changes(bridge.peer, `${round}-${n}`, watch)
    void bridge.peer.initialize().then(() => Promise.all(Array.from({ length: LANES }, lane)))
    const isStarting = round % 4 === 3
    if (!isStarting) await until('a call is answered', () => answered, 30_000)
    await pause(Math.random() * (isStarting ? STARTING_MS : CALLING_MS))
    process.kill(hub.pid, 'SIGKILL')
    isOver = true
    bridge.process.kill('SIGKILL')
    await Promise.all(exited)
    await serversAreGone()
    problems.push(...problemsOf(home.data))
  }
  return { executed: executed(), recorded: recordedIn([home.data]), problems }
}

const NO_KEYCHAIN = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-such-bus')}`, XDG_RUNTIME_DIR: '' }

/**
 * Most of a round is the start of a process: here each kill takes as many hubs as `hubs`, every one with a folder, a log,
 * a server and clients of its own, and at another point of its life, because they open one after the other.
 */
export async function killHubsSideBySide(kills: number, hubs: number): Promise<Killed> {
  const { home, rules, serversAreGone, executed } = await prepared()
  const folders = Array.from({ length: hubs }, (_, n) => `${home.data}-${n}`)
  for (const folder of folders) cpSync(home.data, folder, { recursive: true })
  const problems: unknown[] = []
  for (let kill = 0; kill < kills; kill++) {
    const order = [...folders.slice(kill % hubs), ...folders.slice(0, kill % hubs)]
    const child = spawn(process.execPath, [join(root, 'test', 'fixtures', 'hubs.ts'), rules, ...order], {
      // Copies of one folder have one identity, and so one place in a keychain: here they have none.
      env: { ...home.env, ...NO_KEYCHAIN },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let isOver = false
    // They leave each other room to start; then all go as fast as they can until the kill.
    let restMs = REST_MS
    const answered = new Set<string>()
    createInterface({ input: child.stdout }).on('line', async socket => {
      const peer = await enterAsBridge(socket)
      const watch = { isOver: () => isOver, onAnswer: () => answered.add(socket), restMs: () => restMs }
      for (let n = 0; n < LANES; n++) void changes(peer, `${kill}-${socket}-${n}`, watch)
    })
    // By turns: among the first calls of the last, and while some still open.
    const wanted = kill % 2 === 0 ? hubs : Math.ceil(Math.random() * hubs)
    await until('calls are answered', () => answered.size >= wanted, 120_000)
    restMs = 0
    await pause(Math.random() * CALLING_MS)
    child.kill('SIGKILL')
    isOver = true
    await once(child, 'exit')
    await serversAreGone()
    for (const folder of folders) problems.push(...problemsOf(folder))
  }
  return { executed: executed(), recorded: recordedIn(folders), problems }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

function problemsOf(data: string): unknown[] {
  const { problems } = verifyFiles(data, { anchor: null, publicKey: null })
  return [...problems, ...['audit.db', 'state.db'].flatMap(name => unsound(join(data, name)))]
}

function recordedIn(folders: string[]): Set<string> {
  const lines = folders.flatMap(data => [...exportPieces(data, 'jsonl', null)].join('').trimEnd().split('\n'))
  const recorded = lines.flatMap(line => {
    const { event } = JSON.parse(line)
    return event?.what === 'call/allowed' && event.arguments ? [JSON.parse(event.arguments.text).n] : []
  })
  return new Set(recorded)
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
