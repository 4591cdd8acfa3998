// Runs one of the hub's small programs (they read the files themselves) and takes its JSON answer.
import { spawn } from 'node:child_process'
import { Problem } from '../contract/procedure.ts'
import { CommandError } from './command.ts'
import { programPath } from './places.ts'
import { foregroundEnvironment } from './start-hub.ts'

/** `hub/programs/NAME.ts ARGS…`. Its last stderr line says, as JSON, why it failed. */
async function run(name: string, args: string[], onStdout: (chunk: Buffer) => void): Promise<void> {
  const child = spawn(process.execPath, [programPath(`hub/programs/${name}`), ...args], {
    env: foregroundEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  let words = ''
  child.stdout.on('data', onStdout)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-10_000)
  })
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  process.off('exit', end)
  if (code !== 0) throw failure(name, words)
}

function failure(name: string, words: string): CommandError {
  try {
    const problem = Problem.parse(JSON.parse(words.trim().split('\n').at(-1) ?? ''))
    return new CommandError(problem.message, problem.hint)
  } catch {
    return new CommandError(`The ${name} program failed: ${words.trim().split('\n').at(-1) ?? ''}`)
  }
}

export async function programJson(name: string, args: string[]): Promise<unknown> {
  const parts: Buffer[] = []
  await run(name, args, chunk => parts.push(chunk))
  return JSON.parse(Buffer.concat(parts).toString())
}

/** Its output goes on as it is. */
export async function programText(name: string, args: string[]): Promise<void> {
  await run(name, args, chunk => void process.stdout.write(chunk))
}
