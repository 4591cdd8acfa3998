// Questions on a terminal. Without one, nothing is asked and nothing waits.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

export function hasTerminal(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY)
}

/** One line, typed by a person. `hidden`: not shown while it is typed. */
export async function ask(question: string, hidden = false): Promise<string> {
  // The question is readline's own where it is shown: it clears the line before it asks.
  if (hidden) process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true })
  lines.once('SIGINT', () => process.exit(130))
  try {
    return await lines.question(hidden ? '' : question)
  } finally {
    lines.close()
    if (hidden) process.stderr.write('\n')
  }
}

/** True when the person typed yes, whole. */
export async function agrees(question: string): Promise<boolean> {
  return (await ask(`${question} Type yes to go on: `)).trim().toLowerCase() === 'yes'
}

/** All of stdin as text, without the newline a shell puts at its end. */
export async function readStdin(mostBytes: number): Promise<string | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) return null
    parts.push(chunk)
  }
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
