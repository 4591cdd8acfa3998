// How patient the supervisor is. Milliseconds on the monotonic clock.

export interface Timing {
  /** Between closing stdin, SIGTERM and SIGKILL. */
  graceMs: number
  /** A start with no sign of life for this long has failed. Any byte on stdout or stderr starts it anew. */
  patienceMs: number
  /** The same for launchers that may first download what they run, mostly in silence. */
  downloadPatienceMs: number
  /** However lively, a start takes no longer. */
  ceilingMs: number
  /** A fresh server is asked for its era alone for this long. */
  probeMs: number
  /** A run of this length is no fast exit. */
  stableMs: number
  /** Before the first restart. */
  delayMs: number
  /** Without any answer for this long, it is asked for one; and how long that may take. */
  healthMs: number
  pingMs: number
  /** Between two listings. */
  relistMs: number
  /** A call waits for a restart that is no further away. */
  worthWaitingMs: number
}

export const TIMING: Timing = {
  graceMs: 5_000,
  patienceMs: 30_000,
  downloadPatienceMs: 180_000,
  ceilingMs: 600_000,
  probeMs: 4_000,
  stableMs: 60_000,
  delayMs: 1_000,
  healthMs: 60_000,
  pingMs: 20_000,
  relistMs: 1_000,
  worthWaitingMs: 3_000,
}

const DOWNLOADERS = /(^|[\\/])(npx|bunx|pnpx|pnpm|yarn|uvx|uv|pipx|docker|podman|dnx|deno)(\.cmd|\.exe)?$/

export function patienceFor(command: string | undefined, timing: Timing): number {
  return DOWNLOADERS.test(command ?? '') ? timing.downloadPatienceMs : timing.patienceMs
}

/** Aborts when nothing was heard for `patienceMs`, or `ceilingMs` passed. */
export class Patience {
  readonly #gone = new AbortController()
  readonly #silence: NodeJS.Timeout
  readonly #ceiling: NodeJS.Timeout

  constructor(patienceMs: number, ceilingMs: number) {
    this.#silence = setTimeout(() => this.#gone.abort(), patienceMs)
    this.#ceiling = setTimeout(() => this.#gone.abort(), ceilingMs)
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** A sign of life. */
  heard(): void {
    if (!this.#gone.signal.aborted) this.#silence.refresh()
  }

  end(): void {
    clearTimeout(this.#silence)
    clearTimeout(this.#ceiling)
  }
}
