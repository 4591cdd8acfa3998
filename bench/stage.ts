// The hub that is measured: unattended, on a fresh data folder of its own, on the disk this checkout lies on.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReadyLine } from '../contract/command-line.ts'
import { HttpPeer } from './http-peer.ts'
import { Peer } from './peer.ts'

const root = join(import.meta.dirname, '..')
const READY_MS = 60_000
const END_MS = 25_000

export const programs = {
  floor: [join(import.meta.dirname, 'children/echo.ts')],
  big: [join(import.meta.dirname, 'children/big.ts')],
  small: [join(import.meta.dirname, 'children/small.ts')],
  pipeHub: [join(import.meta.dirname, 'children/pipe-hub.ts')],
  pipeBridge: [join(import.meta.dirname, 'children/pipe-bridge.ts')],
  everything: [
    createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'),
    'stdio',
  ],
  hub: [join(root, 'hub/main.ts')],
  gatehouse: [join(root, 'cli/main.ts')],
}

/** Without a session bus: a bench has no business in a person's keychain. */
const env = {
  ...process.env,
  ...(process.platform === 'linux' ? { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' } : {}),
}

const open = new Set<{ kill(): void }>()
const folders = new Set<string>()

/** The same server twice: trusted, where its mark as a read counts, and not, where each call counts as a change. */
const config = {
  mcpServers: {
    reads: { command: process.execPath, args: programs.everything },
    changes: { command: process.execPath, args: programs.everything },
    big: { command: process.execPath, args: [...programs.big, '1'] },
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`many${n}`, { command: process.execPath, args: [...programs.big, '15'] }]),
    ),
  },
}
const policy = { rules: [{ effect: 'allow', tool: '*' }], trust: ['reads', 'big'] }

/** On this checkout's disk, since a temporary folder often lies in memory. */
export function freshFolder(): string {
  const cache = join(root, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'bench-'))
  folders.add(folder)
  return folder
}

export function peer(args: readonly string[]): Peer {
  const made = new Peer(args, env)
  open.add(made)
  made.child.once('exit', () => open.delete(made))
  return made
}

export interface RunningHub {
  home: string
  data: string
  readyMs: number
  rssMb(): number
  close(): Promise<void>
}

/** On a fresh folder, or on one that a hub left. */
export async function startHub(home = freshFolder()): Promise<RunningHub> {
  const data = join(home, 'data')
  const file = join(home, 'policy.json')
  writeFileSync(file, JSON.stringify(policy))
  const began = performance.now()
  const profile = process.env.GATEHOUSE_BENCH_PROFILE
  const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const child = spawn(process.execPath, [...flags, ...programs.hub, '--data', data, '--policy', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  open.add(child)
  const exited = once(child, 'exit').then(() => open.delete(child))
  const ready = ReadyLine.parse(JSON.parse(await firstLine(child)))
  const readyMs = performance.now() - began
  return {
    home,
    data,
    readyMs,
    rssMb: () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(ready.pid)], { encoding: 'utf8' })) / 1024,
    async close() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await exited
      clearTimeout(late)
    },
  }
}

/** Servers are written into config.json once the hub runs, as a person does it; the hub takes them from there. */
export async function configure(hub: RunningHub): Promise<void> {
  const file = join(hub.data, 'config.json')
  writeFileSync(`${file}.new`, JSON.stringify(config, null, 2))
  renameSync(`${file}.new`, file)
  const looker = bridge(hub)
  await looker.greet()
  const until = performance.now() + READY_MS
  for (;;) {
    const { tools = [] } = await looker.request('tools/list')
    const has = (name: string) => tools.some(tool => tool.name === name)
    if (has('reads_echo') && has('changes_echo') && has('big_look_0') && tools.length >= 301) break
    if (performance.now() > until) throw new Error(`The servers did not start: ${tools.length} tools.`)
    await sleep(100)
  }
  await looker.close()
}

export function bridge(hub: RunningHub, ...args: string[]): Peer {
  return peer([...programs.gatehouse, 'connect', '--data', hub.data, ...args])
}

/** The same server behind a bridge and a hub that only carry bytes: what the two processes between cost by themselves. */
export async function barePipes(): Promise<Peer> {
  const address =
    process.platform === 'win32' ? `\\\\.\\pipe\\gatehouse-bench-${process.pid}` : join(freshFolder(), 'socket')
  const hub = spawn(process.execPath, [...programs.pipeHub, address, ...programs.everything], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  open.add(hub)
  hub.once('exit', () => open.delete(hub))
  await firstLine(hub)
  return peer([...programs.pipeBridge, address])
}

/** A client of the hub's HTTP gateway; null when its port is taken by another program. */
export async function overHttp(hub: RunningHub): Promise<HttpPeer | null> {
  const args = ['clients', 'add', 'bench', '--http', '--yes', '--json', '--data', hub.data]
  const added = execFileSync(process.execPath, [...programs.gatehouse, ...args], { env, encoding: 'utf8' })
  const { url, headers } = JSON.parse(JSON.parse(added).entry).mcpServers.gatehouse
  const one = new HttpPeer(url, headers)
  const until = performance.now() + 5_000
  for (;;) {
    try {
      await one.greet()
      return one
    } catch {
      if (performance.now() > until) return null
      await sleep(100)
    }
  }
}

/** Ends whatever is still there and removes every folder; also when the bench is interrupted. */
export function cleanUp(): void {
  for (const one of open) one.kill()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const late = setTimeout(() => child.kill('SIGKILL'), READY_MS)
  const lines = createInterface({ input: child.stdout! })
  try {
    const [line] = await Promise.race([
      once(lines, 'line') as Promise<[string]>,
      once(child, 'exit').then(() => {
        throw new Error('The hub did not start.')
      }),
    ])
    return line
  } finally {
    clearTimeout(late)
  }
}
