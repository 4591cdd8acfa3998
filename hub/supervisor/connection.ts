// The live thing a server is reached by: frames go in, frames come out, and it ends once. Stdio and HTTP are two of them.
import type { TooLong } from './lines.ts'

/** How a connection ended. `error` when it never came up or broke by itself. */
export interface Ending {
  exitCode: number | null
  signal: string | null
  error: Error | null
}

/** What a connection tells its owner. A promise returned by `onFrame` holds the stream back until it settles. */
export interface ConnectionEvents {
  onFrame(text: string): void | Promise<void>
  /** A frame that was too long and was dropped. */
  onTooLong(line: TooLong): void
  /** A frame that could not be brought to the server. */
  onUndelivered(frame: string, error: Error): void
  /** Something that is no frame, or a line of stderr. */
  onLog(stream: 'stderr' | 'stdout' | 'gatehouse', text: string): void
  /** Any sign of life at all. */
  onBytes(): void
}

export interface Connection {
  /** The leader of the server's process group; null over HTTP. */
  readonly pid: number | null
  /** Bytes sent and not yet taken by the server. */
  queuedBytes(): number
  send(frame: string): void
  /** Settles once, when nothing more will come. */
  readonly ended: Promise<Ending>
  /** Ends it in order and waits until nothing of it is left. Called twice, it is one closing. */
  close(graceMs: number): Promise<void>
}
