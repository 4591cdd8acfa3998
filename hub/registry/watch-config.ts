// Tells when config.json changed, however an editor writes it: in place, or by renaming another file over it.
import { markOf } from '../file-mark.ts'

const LOOK_MS = 250
/** An editor may write a file in pieces. */
const SETTLE_MS = 100

/** Looked at rather than watched: the databases lie in the same folder, and each of their writes would wake who watches it. */
export function watchConfig(path: string, onChange: () => void): () => void {
  let settling: NodeJS.Timeout | undefined
  // Unknown at first: it may have changed since it was read.
  let mark: string | undefined
  const look = () => {
    const now = markOf(path)
    if (now === mark) return
    mark = now
    clearTimeout(settling)
    settling = setTimeout(onChange, SETTLE_MS)
  }
  const looking = setInterval(look, LOOK_MS).unref()
  return () => {
    clearTimeout(settling)
    clearInterval(looking)
  }
}
