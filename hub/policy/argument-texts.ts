// Every text among a call's arguments, in one pass over their source: nothing is built, long texts are stepped over, and
// what stands twice under one name is met twice.

/** One text: between its quotes, as it was written. `isPlain`: written without escapes, so this is what it says. */
export type SeeText = (start: number, end: number, isPlain: boolean) => void

const [QUOTE, BACKSLASH, COLON] = [34, 92, 58]
// What may stand between texts: 1 passes, 2 opens, 3 closes, 4 is a quote; anything else is no JSON.
const KIND = new Uint8Array(128)
for (const c of ' \t\r\n,:0123456789+-.eEtrufalsn') KIND[c.charCodeAt(0)] = 1
for (const c of '{[') KIND[c.charCodeAt(0)] = 2
for (const c of '}]') KIND[c.charCodeAt(0)] = 3
KIND[QUOTE] = 4

/** Not the names of the arguments themselves. False when the source is plainly no JSON: then not all of it was seen. */
export function eachText(source: string, see: SeeText): boolean {
  let depth = 0
  let backslash = -1
  for (let at = 0; at < source.length; at++) {
    const kind = KIND[source.charCodeAt(at)]
    if (kind === 1) continue
    if (kind === 2) depth++
    else if (kind === 3) depth--
    else if (kind === 4) {
      const start = at + 1
      at = endOfText(source, start)
      if (at < 0) return false
      if (backslash < start) backslash = orEnd(source.indexOf('\\', start), source)
      if (depth !== 1 || !isName(source, at + 1)) see(start, at, backslash > at)
    } else return false
  }
  return depth === 0
}

function orEnd(at: number, source: string): number {
  return at < 0 ? source.length : at
}

/** Its closing quote; -1 where it has none. */
function endOfText(source: string, start: number): number {
  for (let end = source.indexOf('"', start); end >= 0; end = source.indexOf('"', end + 1)) {
    let before = end - 1
    while (before >= start && source.charCodeAt(before) === BACKSLASH) before--
    if ((end - before) % 2 === 1) return end
  }
  return -1
}

function isName(source: string, after: number): boolean {
  for (let at = after; ; at++) {
    const c = source.charCodeAt(at)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return c === COLON
  }
}
