// Whether a client's program runs now: one that overwrites its file from memory must be closed before we write.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** By program name; what cannot be found out counts as not running. */
export async function isRunning(name: string, platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (platform === 'linux') return listProcesses().some(each => each === name)
  try {
    const [command, args]: [string, string[]] =
      platform === 'win32' ? ['tasklist', ['/FI', `IMAGENAME eq ${name}`, '/NH']] : ['/usr/bin/pgrep', ['-x', name]]
    const { stdout } = await run(command, args, { timeout: 3_000, windowsHide: true })
    return platform === 'win32' ? stdout.toLowerCase().includes(name.toLowerCase()) : stdout.trim() !== ''
  } catch {
    return false
  }
}

// An Electron app's process shows the name it was started by first in its command line.
function listProcesses(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '')]
      } catch {
        return []
      }
    })
}
