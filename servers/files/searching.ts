// Finds lines in files. Patterns are RE2, so that no pattern can hang the server.
import { RE2JS } from 're2js'
import { Failure } from '../kit/failure.ts'
import { withFile } from './reading.ts'

const MAX_FILE_BYTES = 5 * 1024 * 1024
const MAX_LINE_CHARACTERS = 500

export interface Match {
  line: number
  text: string
}

/** A test for one line: plain text in any letter case, or an RE2 pattern. */
export function lineTest(query: string, isRegex: boolean): (line: string) => boolean {
  if (!isRegex) {
    const wanted = query.toLowerCase()
    return line => line.toLowerCase().includes(wanted)
  }
  try {
    const pattern = RE2JS.compile(query)
    return line => pattern.matcher(line).find()
  } catch (cause) {
    throw new Failure(
      'validation_error',
      `The pattern cannot be read: ${cause instanceof Error ? cause.message : cause}.`,
      'Use RE2 syntax: no look-around, no back-references.',
    )
  }
}

/** Matching lines after `afterLine`. Null: not searched (binary or too large). */
export async function searchFile(
  realPath: string,
  test: (line: string) => boolean,
  afterLine: number,
  limit: number,
): Promise<Match[] | null> {
  return withFile(realPath, async (file, size) => {
    if (size > MAX_FILE_BYTES) return null
    const bytes = await file.readFile()
    if (bytes.includes(0)) return null
    const matches: Match[] = []
    const lines = bytes.toString('utf8').split('\n')
    for (let i = afterLine; i < lines.length && matches.length < limit; i++) {
      const line = lines[i]!.replace(/\r$/, '')
      if (test(line))
        matches.push({
          line: i + 1,
          text: line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line,
        })
    }
    return matches
  })
}
