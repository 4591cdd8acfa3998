// Runs the command line as a process, without a terminal.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface Ran {
  code: number | null
  out: string
  err: string
}

export function runCli(args: string[], also: { input?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  const { GATEHOUSE_HOME: _home, GATEHOUSE_TOKEN: _token, ...env } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...env, ...also.env }, timeout: 60_000 })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin.on('error', () => {}).end(also.input ?? '')
  return new Promise((resolve, reject) => {
    child.once('close', code => resolve({ code, out, err })).once('error', reject)
  })
}
