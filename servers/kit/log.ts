// JSON lines on stderr: what happened, with the correlation id of the call it happened in. Secrets are taken out.

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]
const KEPT = 500

export interface LogLine {
  time: string
  level: Level
  server: string
  message: string
  [fact: string]: unknown
}

export class Log {
  readonly #server: string
  readonly #least: number
  readonly #secrets: readonly string[]
  readonly #write: (line: string) => void
  /** The newest lines, oldest first. */
  readonly recent: string[] = []
  /** Called after each line. */
  onLine?: () => void

  constructor(
    server: string,
    options: { level?: Level; secrets?: readonly string[]; write?: (line: string) => void } = {},
  ) {
    this.#server = server
    this.#least = LEVELS.indexOf(options.level ?? 'info')
    // The longest first: one may be the beginning of another.
    this.#secrets = (options.secrets ?? []).toSorted((a, b) => b.length - a.length)
    this.#write = options.write ?? (line => process.stderr.write(line))
  }

  say(level: Level, message: string, facts: Record<string, unknown> = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return
    const line: LogLine = { time: new Date().toISOString(), level, server: this.#server, message, ...facts }
    const text = this.redact(JSON.stringify(line))
    this.recent.push(text)
    if (this.recent.length > KEPT) this.recent.shift()
    this.#write(`${text}\n`)
    this.onLine?.()
  }

  redact(text: string): string {
    let clean = text
    for (const secret of this.#secrets)
      for (const spelling of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]))
        clean = clean.replaceAll(spelling, '‹secret›')
    return clean
  }
}
