// A hub without a person, for the deep tests: what is added runs at once, and rules alone decide.
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshHome, type Home, isAlive, type RunningHub, runJson, startHub } from './harness.ts'
import { openWindow, type WindowClient } from './window-client.ts'

export interface Unattended {
  home: Home
  hub: RunningHub
  window: WindowClient
  /** Set in the environment of every server that `processes` is to find: NAME=value. */
  marked: string
  /** Living processes of any run of any server, children and their children alike. */
  processes(): number[]
  /** Another hub on the same folder, after this one was killed. */
  again(): Promise<Unattended>
  close(): Promise<void>
}

const MARK = 'GATEHOUSE_TEST_MARK'

/** Every program inherits a mark of this hub, so that nothing it started can hide. */
export async function startUnattended(servers: Record<string, string[]>, rules: object[] = ALLOW): Promise<Unattended> {
  const home = freshHome()
  writeFileSync(join(home.folder, 'rules.json'), JSON.stringify({ rules }))
  const mark = `${MARK}=${randomUUID()}`
  const started = await open(home, mark)
  const env = Object.fromEntries([mark.split('=')])
  for (const [name, args] of Object.entries(servers))
    await started.window.call.servers.add({ name, launch: { command: process.execPath, args, env, headers: {} } })
  return started
}

async function open(home: Home, mark: string): Promise<Unattended> {
  const hub = await startHub(home, ['--policy', join(home.folder, 'rules.json')])
  const window = await openWindow(hub.web, { pin: '4711' })
  return {
    home,
    hub,
    window,
    marked: mark,
    processes: () => pidsWith(mark),
    again() {
      window.close()
      return open(home, mark)
    },
    async close() {
      window.close()
      await hub.stop()
    },
  }
}

const ALLOW = [{ effect: 'allow' }]

export async function verify(home: Home) {
  return runJson<{ rows: number; intact: boolean; problems: unknown[] }>(home, ['audit', 'verify'])
}

/** Linux says it by the environment a process was started with. */
function pidsWith(mark: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid && environmentOf(pid).includes(mark) && isAlive(pid))
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return []
  }
}

/** Resident memory, in megabytes. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
