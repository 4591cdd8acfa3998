// Runs one of the hub's small programs (they read the files themselves) and takes its JSON answer.
import { spawn } from 'node:child_process'
import { Problem } from '../contract/procedure.ts'
import { CommandError } from './command.ts'
import { programPath } from './places.ts'
import { foregroundEnvironment } from './start-hub.ts'

/** `hub/programs/NAME.ts ARGS…`. Its last stderr line says, as JSON, why it failed. */
async function run(name: string, args: string[], onStdout: (chunk: Buffer) => boolean): Promise<void> {
  const child = spawn(process.execPath, [programPath(`hub/programs/${name}`), ...args], {
    env: foregroundEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  let words = ''
  // A reader that is slow holds the program up; nothing piles up here.
  const goOn = () => child.stdout.resume()
  process.stdout.on('drain', goOn)
  child.stdout.on('data', chunk => onStdout(chunk) || child.stdout.pause())
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-10_000)
  })
  const ended = await new Promise<number | string | null>((resolve, reject) =>
    child.once('close', (code, signal) => resolve(code ?? signal)).once('error', reject),
  )
  process.off('exit', end)
  process.stdout.off('drain', goOn)
  // A program whose keychain hangs in native code can only end itself by SIGKILL, after all was said.
  if (ended !== 0 && !(ended === 'SIGKILL' && words === '')) throw failure(name, words)
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
  await run(name, args, chunk => parts.push(chunk) > 0)
  return JSON.parse(Buffer.concat(parts).toString())
}

/** Its output goes on as it is. */
export async function programText(name: string, args: string[]): Promise<void> {
  await run(name, args, chunk => process.stdout.write(chunk))
}
