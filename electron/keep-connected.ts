// Keeps one line to the hub for the window: starts the hub when none runs, enters, and tries again when it is gone.
import type { Problem } from '../contract/procedure.ts'
import { type Credentials, enterHub } from './enter-hub.ts'
import type { HubProcess, RunningHub } from './hub-process.ts'
import { type Line, openLine } from './line.ts'
import type { EntryNews } from './names.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

interface Told {
  /** An entered line; the old one is closed by then. */
  connected(line: Line, firstPairing: boolean): void
  /** There is no line, and why. */
  news(news: EntryNews): void
}

/** One line at a time. `tryNow` begins; after that every end of the line leads to a new try, with growing waits. */
export class KeepConnected {
  readonly #hub: HubProcess
  readonly #credentials: Omit<Credentials, 'code' | 'pin'>
  readonly #told: Told
  #line: Line | undefined
  #trying: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #found: RunningHub | undefined
  #isClosed = false

  constructor(hub: HubProcess, credentials: Omit<Credentials, 'code' | 'pin'>, told: Told) {
    this.#hub = hub
    this.#credentials = credentials
    this.#told = told
  }

  /** Now, instead of when the clock says; a line that is open is given up for a new one. */
  tryNow(pin?: string): Promise<void> {
    this.#trying ??= this.#try(pin).finally(() => {
      this.#trying = undefined
    })
    return this.#trying
  }

  /** One more entered line beside the window's, for what the shell itself asks. Null: not possible now. */
  async secondLine(): Promise<Line | null> {
    if (!this.#found || !this.#line?.isOpen) return null
    const line = await openLine(this.#found.socket).catch(() => null)
    if (!line) return null
    const entry = await enterHub(line, { ...this.#credentials, code: async () => null, pin: undefined }).catch(
      () => null,
    )
    if (entry?.kind === 'accepted') return line
    line.close()
    return null
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#line?.close()
  }

  async #try(pin: string | undefined): Promise<void> {
    clearTimeout(this.#retry)
    this.#line?.close()
    this.#line = undefined
    let line: Line | undefined
    try {
      const [found, opened] = await this.#reach()
      line = opened
      this.#found = found
      const entry = await enterHub(opened, { ...this.#credentials, code: () => found.takeCode(), pin })
      if (this.#isClosed) return opened.close()
      if (entry.kind === 'accepted') return this.#entered(opened, entry.firstPairing)
      opened.close()
      this.#told.news(entry)
    } catch (error) {
      line?.close()
      this.#again({ code: 'shell/no-hub', message: error instanceof Error ? error.message : String(error) })
    }
  }

  async #reach(): Promise<[RunningHub, Line]> {
    const known = this.#hub.known()
    const line = known && (await openLine(known.socket).catch(() => null))
    if (line) return [this.#found?.socket === known.socket ? this.#found : known, line]
    const started = await this.#hub.start()
    return [started, await openLine(started.socket)]
  }

  #entered(line: Line, firstPairing: boolean): void {
    this.#failures = 0
    this.#line = line
    void line.closed.then(() => {
      if (this.#line === line) this.#again(null)
    })
    this.#told.connected(line, firstPairing)
  }

  #again(problem: Problem | null): void {
    if (this.#isClosed) return
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS)
    this.#failures++
    this.#told.news({ kind: 'gone', problem, tryAt: Date.now() + waitMs })
    this.#retry = setTimeout(() => void this.tryNow(), waitMs)
  }
}
