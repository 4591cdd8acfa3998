// Runs `gatehouse serve` as a process, until it is ready.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ReadyLine } from '../../contract/command-line.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface Served extends ReadyLine {
  child: ChildProcess
  /** SIGTERM, and the exit code. */
  end(): Promise<number | null>
}

export async function serve(data: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', data, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text
  })
  let out = ''
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    out += chunk
    if (out.includes('\n')) break
  }
  if (!out.includes('\n')) throw new Error(`serve ended: ${words}`)
  const ready = ReadyLine.parse(JSON.parse(out.slice(0, out.indexOf('\n'))))
  return {
    ...ready,
    child,
    async end() {
      if (child.exitCode !== null) return child.exitCode
      child.kill('SIGTERM')
      const [code] = await once(child, 'exit')
      return code
    },
  }
}
