// policy.json on disk: read whole or not at all, written atomically, and whether it changed since it was read.
import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { writeFileSync } from 'atomically'
import { markOf } from '../file-mark.ts'

const MOST_BYTES = 1_000_000
/** What stands in the place of a text that cannot be had; no policy reads like it. */
const NO_FILE = 'it is no file of at most 1 MB'
const NO_TEXT = 'it is no UTF-8 text'
const NO_RIGHT = 'there is no right to read it'

export function isNoPolicy(text: string): boolean {
  return text === NO_FILE || text === NO_TEXT || text === NO_RIGHT
}

export class FileOnDisk {
  readonly #path: string
  #mark = ''

  constructor(path: string) {
    this.#path = path
  }

  get hasChanged(): boolean {
    return this.#mark !== markOf(this.#path)
  }

  /** Null: there is none. What is no text that we read is told as text that is no policy. */
  read(): string | null {
    this.#mark = markOf(this.#path)
    try {
      // A pipe or a device in its place would hold up everything, and so would a huge file.
      const stat = statSync(this.#path)
      if (!stat.isFile() || stat.size > MOST_BYTES) return NO_FILE
      const bytes = readFileSync(this.#path)
      // Else a rule would hold what nobody wrote.
      return isUtf8(bytes) ? bytes.toString().replace(/^\uFEFF/, '') : NO_TEXT
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : NO_RIGHT
    }
  }

  write(text: string): void {
    writeFileSync(this.#path, text, { mode: 0o600 })
  }
}
