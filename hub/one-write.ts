// Lines that are written in the same turn of the loop go out in one system call: with many calls in flight, writing is
// what costs most.
import type { Writable } from 'node:stream'

/** Of a text that waits to be written, Node sets three times its length aside: one this long goes out as bytes. */
const LONG = 16 * 1024

/** Held, with those that follow in this turn, until the turn's work is done. `frame` holds no line end. */
export function writeLine(stream: Writable, frame: string, written?: () => void): void {
  if (stream.writableCorked === 0) {
    stream.cork()
    process.nextTick(() => stream.uncork())
  }
  const line = `${frame}\n`
  stream.write(line.length > LONG ? Buffer.from(line) : line, written)
}
