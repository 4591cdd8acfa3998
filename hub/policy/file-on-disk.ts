// policy.json on disk: read whole or not at all, written atomically, and whether it changed since it was read.
import { readFileSync, statSync } from 'node:fs'
import { writeFileSync } from 'atomically'
import { markOf } from '../file-mark.ts'

const MOST_BYTES = 1_000_000

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
      if (!stat.isFile() || stat.size > MOST_BYTES) return 'not a file of at most 1 MB'
      return readFileSync(this.#path, 'utf8')
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'no right to read it'
    }
  }

  write(text: string): void {
    writeFileSync(this.#path, text, { mode: 0o600 })
  }
}
