// Whether a client's program runs now: one that overwrites its file from memory must be closed before we write.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** By program name; what cannot be found out counts as not running. `home`: whose files it would write. */
export async function isRunning(name: string, platform: NodeJS.Platform, home: string): Promise<boolean> {
  if (platform !== 'win32') return (await pidsOf(name, platform, home)).length > 0
  const { stdout } = await run('tasklist', ['/FI', `IMAGENAME eq ${name}`, '/NH'], {
    timeout: 3_000,
    windowsHide: true,
  }).catch(() => ({ stdout: '' }))
  return stdout.toLowerCase().includes(name.toLowerCase())
}

/** The processes of that name; on Windows none. */
export async function pidsOf(name: string, platform: NodeJS.Platform, home: string): Promise<number[]> {
  if (platform === 'win32') return []
  if (platform === 'linux')
    return listProcesses().flatMap(({ name: own, pid }) => (own === name && isAtHome(pid, home) ? [pid] : []))
  const { stdout } = await run('/usr/bin/pgrep', ['-x', name], { timeout: 3_000 }).catch(() => ({ stdout: '' }))
  return stdout.split('\n').filter(Boolean).map(Number)
}

// One that was started with another home keeps its files elsewhere. Where that cannot be read it may be the one.
function isAtHome(pid: number, home: string): boolean {
  try {
    const own = /(?:^|\0)HOME=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1]
    return own === undefined || own === home
  } catch {
    return true
  }
}

// An Electron app's process shows the name it was started by first in its command line. One that ended shows none.
function listProcesses(): { pid: number; name: string }[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? ''
        return [{ pid: Number(pid), name: basename(command) }]
      } catch {
        return []
      }
    })
}
