// What in a text is a path by its look, and whether it lies within a folder. Links are not followed.
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

const LONGEST_PATH = 4096
const IS_PATH = /^(?:\/|~(?:[/\\]|$)|file:|[a-z]:[\\/]|\\\\)/i
// Without one of these no word of a text is a path of the two kinds below; most texts end here.
const MAY_BE = /(?:^|[\s"'`=])[/~]|[\\:]|\.\./

/** Also among other words, and what climbs out of where it starts. */
export function pathsIn(text: string): string[] {
  if (text.length > LONGEST_PATH || !MAY_BE.test(text)) return []
  const isOne = !/\s/.test(text) || IS_PATH.test(text)
  const words = isOne ? [text] : text.split(/[\s"'`=]+/)
  return words.filter(word => IS_PATH.test(word) || climbs(word))
}

/** Leads out of the folder it starts in, wherever that is. */
function climbs(path: string): boolean {
  return path.includes('..') && /^\.\.(?:\/|$)/.test(posix.normalize(path.replaceAll('\\', '/')))
}

/** Whether `path`, or what lies in it, lies in `folder` too. */
export function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [absolute(path), absolute(folder)]
  if (inner === null || outer === null) return false
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}

/** The path without `~`, `..` and `file:`, with slashes only; null where it starts nowhere that is known. */
function absolute(path: string): string | null {
  let plain = path
  if (/^file:/i.test(path)) {
    try {
      plain = decodeURIComponent(new URL(path).pathname)
    } catch {
      return null
    }
  }
  if (/^~(?:[/\\]|$)/.test(plain)) plain = homedir() + plain.slice(1)
  if (/^[a-z]:[\\/]|^\\\\/i.test(plain)) return trimmed(win32.normalize(plain).replaceAll('\\', '/'))
  if (plain.startsWith('/')) return trimmed(posix.normalize(plain))
  return null
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
