// What in a text is a path by its look, and whether it lies within a folder. Links are not followed.
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

const LONGEST_PATH = 4096
/** From a root, a home or a variable; of the latter two nobody here knows all. */
const IS_PATH = /^(?:\/|~[\w.-]*(?:[/\\]|$)|\$(?:\w*[a-z]\w*|\{\w+\})[/\\]|%\w*[a-z]\w*%[/\\]|file:|[a-z]:[\\/]|\\\\)/i
/** What parts words, also without blanks: `--file=/etc/x`, `@/etc/x`, `["/etc/x"]`. The end of a tag, `</b>`, is no path. */
const PARTS = /(?:[\s"'`=,;()>|&@[\]]|<(?!\/[\w:.-]*>))+/
// Without one of these no word of a text is a path of the two kinds below; most texts end here.
const MAY_BE = /(?:^|[\s"'`=,;()<>|&@[\]])[/~$%]|[\\:]|\.\./

/** Also among other words, and what climbs out of where it starts. */
export function pathsIn(text: string): string[] {
  if (text.length > LONGEST_PATH || !MAY_BE.test(text)) return []
  const words = text.split(PARTS)
  // A path may have blanks in it: then its first word is no path of its own.
  const all = IS_PATH.test(text) ? [text, ...words.slice(1)] : [text, ...words]
  return all.filter(word => IS_PATH.test(word) || climbs(word))
}

/** Leads out of the folder it starts in, wherever that is. */
export function climbs(path: string): boolean {
  return path.includes('..') && /^\.\.(?:\/|$)/.test(posix.normalize(path.replaceAll('\\', '/')))
}

/** Whether `path`, or what lies in it, lies in `folder` too. */
export function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [plainPath(path), plainPath(folder)]
  if (inner === null || outer === null) return false
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}

/** The whole path without `~`, `..` and `file:`, with slashes only; null where it starts nowhere that is known. */
export function plainPath(path: string): string | null {
  let plain = path
  if (/^file:/i.test(path)) {
    try {
      const { host, pathname } = new URL(path)
      if (host !== '') return null
      plain = decodeURIComponent(pathname).replace(/^\/(?=[a-z]:)/i, '')
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
