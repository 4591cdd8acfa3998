// A program run for what it writes: without input, and ended with all that it has started, at the latest when this ends.
import { spawn, spawnSync } from 'node:child_process'

export interface Program {
  command: string
  args: readonly string[]
  env: Record<string, string>
}

const MOST_CHARS = 1_000_000

/** Rejects with the signal's reason, or with the words for what went wrong: never what the program wrote. */
export function outputOf({ command, args, env }: Program, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      // A group of its own, so that what it has started ends with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const end = () => endTree(child.pid)
    const stopWatching = whenThisEnds(end)
    const done = (act: () => void) => {
      signal.removeEventListener('abort', late)
      stopWatching()
      act()
    }
    const late = () => {
      end()
      done(() => reject(signal.reason))
    }
    signal.addEventListener('abort', late, { once: true })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > MOST_CHARS) end()
    })
    child.on('error', () => done(() => reject(new Error('it cannot be started'))))
    child.on('close', code =>
      done(() =>
        code === 0 ? resolve(output) : reject(new Error(code === null ? 'it was ended' : `it ended with code ${code}`)),
      ),
    )
  })
}

function endTree(pid: number | undefined): void {
  if (pid === undefined) return
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', timeout: 5_000, windowsHide: true })
    return
  }
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Calls `end` once this process is told to end, which then goes on as it would have. */
function whenThisEnds(end: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    end()
    stop()
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const stop = () => {
    process.removeListener('exit', end)
    for (const signal of SIGNALS) process.removeListener(signal, onSignal)
  }
  process.on('exit', end)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return stop
}
