// Finds a text or an RE2 pattern in the lines of a text.
import { RE2JS } from 're2js'
import { Failure } from '../kit/failure.ts'

const MOST_CHARACTERS = 500
/** Of a long line, so much is shown in front of what was found. */
const IN_FRONT = 100

export interface Match {
  /** Counted from 1. */
  line: number
  text: string
}

/** Where in a line it is; -1: nowhere. */
export type Find = (line: string) => number

/** In any letter case. */
export function textFinder(text: string): Find {
  const wanted = text.toLowerCase()
  return line => line.toLowerCase().indexOf(wanted)
}

/** Throws Failure. */
export function patternFinder(pattern: string): Find {
  try {
    const compiled = RE2JS.compile(pattern)
    return line => {
      const matcher = compiled.matcher(line)
      return matcher.find() ? matcher.start() : -1
    }
  } catch (cause) {
    throw new Failure(
      'validation_error',
      `The pattern cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      'Use RE2 syntax: no look-around, no back-references, repeats of at most 1000.',
    )
  }
}

export function matchesIn(text: string, find: Find, afterLine: number, limit: number): Match[] {
  const matches: Match[] = []
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (let i = afterLine; i < lines.length && matches.length < limit; i++) {
    const line = lines[i]!.replace(/\r$/, '')
    const at = find(line)
    if (at >= 0) matches.push({ line: i + 1, text: around(line, at) })
  }
  return matches
}

function around(line: string, at: number): string {
  if (line.length <= MOST_CHARACTERS) return line
  const from = Math.max(0, Math.min(at - IN_FRONT, line.length - MOST_CHARACTERS))
  const to = from + MOST_CHARACTERS
  const part = line.slice(from, to).toWellFormed()
  return `${from > 0 ? '…' : ''}${part}${to < line.length ? '…' : ''}`
}
