// Frames that are written in the same turn of the loop go out in one system call: with many calls in flight, writing is
// what costs most.
import type { Writable } from 'node:stream'

/** Before a write: holds it, and those that follow in this turn, until the turn's work is done. */
export function holdForTurn(stream: Writable): void {
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}
