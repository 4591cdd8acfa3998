// Quits a client's app as its own menu would, and opens it again as it was started. Only ever on a person's word.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '../error.ts'
import { isRunning, pidsOf } from './is-running.ts'

const WAIT_MS = 20_000

/** Windows' apps live on in their tray when asked to close: there, the person quits them. */
export function canQuit(platform: NodeJS.Platform): boolean {
  return platform === 'linux' || platform === 'darwin'
}

/** Asks the app to end and waits until it did. Answers what opens it again, which answers whether it could. */
export async function quitApp(
  program: string,
  name: string,
  platform: NodeJS.Platform,
  home: string,
  waitMs = WAIT_MS,
): Promise<() => boolean> {
  const pids = await pidsOf(program, platform, home)
  const start = platform === 'linux' ? startOf(mainOf(pids)) : { command: '/usr/bin/open', args: ['-a', program] }
  for (const pid of platform === 'linux' ? mainOf(pids) : pids) {
    try {
      process.kill(pid, 'SIGTERM')
    } catch {
      // It ended meanwhile, or is somebody else's: then waiting tells.
    }
  }
  for (let waited = 0; await isRunning(program, platform, home); waited += 200) {
    if (waited >= waitMs)
      throw new HubError('clients/still-running', `${name} did not quit. Nothing was written.`, {
        hint: 'Quit it yourself, then write.',
      })
    await sleep(200)
  }
  return () => pids.length > 0 && start !== null && open(start)
}

interface Start {
  command: string
  args: string[]
  argv0?: string
  cwd?: string
  env?: NodeJS.ProcessEnv
}

function open({ command, args, ...rest }: Start): boolean {
  try {
    const child = spawn(command, args, { ...rest, detached: true, stdio: 'ignore' })
    child.on('error', () => {})
    child.unref()
    return child.pid !== undefined
  } catch {
    return false
  }
}

/** Those whose parent is not one of them: the app itself, not its helpers. Only the person's own. */
function mainOf(pids: readonly number[]): number[] {
  return pids.filter(pid => {
    try {
      if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return false
      const parent = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
      return !pids.includes(parent)
    } catch {
      return false
    }
  })
}

// An AppImage's program is gone with its mount: its environment names the file.
function startOf([pid]: number[]): Start | null {
  try {
    const words = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').filter(Boolean)
    const env = Object.fromEntries(
      words('environ').map(line => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]),
    )
    const [argv0 = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0')
    const exe = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '')
    const command = [env.APPIMAGE, exe, argv0].find(each => each && existsSync(each))
    return command ? { command, args, argv0, cwd: readlinkSync(`/proc/${pid}/cwd`), env } : null
  } catch {
    return null
  }
}
