// Tells when one of a few files changes, also when it is replaced by a rename, its folder comes and goes, or nothing can be watched.
import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { markOf } from '../file-mark.ts'

const SETTLE_MS = 300
// A file that never comes to rest is told of all the same.
const MOST_SETTLE_MS = 2_000
const POLL_MS = 5_000

interface Options {
  /** Stands in for a system that cannot watch. */
  watch?: typeof watch
  pollMs?: number
}

/**
 * Watches folders, since a watch on a file stays with the old one after a rename. Looks at the files now and then
 * besides: some disks tell nothing, some folders are not there yet, and watches run out.
 */
export class FileWatch {
  readonly #folders = new Map<string, { watcher: FSWatcher; mark: string }>()
  readonly #onChange: (path: string) => void
  readonly #settling = new Map<string, { timer: NodeJS.Timeout; since: number }>()
  readonly #watch: typeof watch
  readonly #poll: NodeJS.Timeout
  #marks = new Map<string, string>()

  constructor(onChange: (path: string) => void, options: Options = {}) {
    this.#onChange = onChange
    this.#watch = options.watch ?? watch
    this.#poll = setInterval(() => this.#look(), options.pollMs ?? POLL_MS).unref()
  }

  /** Watches exactly these files from now on. */
  set(paths: readonly string[]): void {
    this.#marks = new Map(paths.map(path => [path, this.#marks.get(path) ?? markOf(path)]))
    this.#watchFolders()
  }

  close(): void {
    clearInterval(this.#poll)
    for (const { timer } of this.#settling.values()) clearTimeout(timer)
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#settling.clear()
    this.#folders.clear()
    this.#marks.clear()
  }

  #watchFolders(): void {
    const folders = new Set([...this.#marks.keys()].map(path => dirname(path)))
    // A folder that was moved away and made anew is another folder: the watch on it is on something that is gone.
    for (const [folder, { mark }] of this.#folders)
      if (!folders.has(folder) || inodeOf(folder) !== mark) this.#unwatch(folder)
    for (const folder of folders) if (!this.#folders.has(folder)) this.#open(folder)
  }

  #open(folder: string): void {
    try {
      const watcher = this.#watch(folder, { persistent: false }, (_, name) => {
        for (const path of this.#marks.keys())
          if (dirname(path) === folder && (name === null || name === basename(path))) this.#changed(path)
      })
      watcher.on('error', () => this.#unwatch(folder))
      this.#folders.set(folder, { watcher, mark: inodeOf(folder) })
    } catch {
      // It is looked at instead, until it can be watched.
    }
  }

  #unwatch(folder: string): void {
    this.#folders.get(folder)?.watcher.close()
    this.#folders.delete(folder)
  }

  #look(): void {
    this.#watchFolders()
    for (const [path, mark] of this.#marks) if (markOf(path) !== mark) this.#changed(path)
  }

  #changed(path: string): void {
    this.#marks.set(path, markOf(path))
    const now = performance.now()
    const before = this.#settling.get(path)
    if (before && now - before.since > MOST_SETTLE_MS) return
    clearTimeout(before?.timer)
    const timer = setTimeout(() => {
      this.#settling.delete(path)
      this.#onChange(path)
    }, SETTLE_MS).unref()
    this.#settling.set(path, { timer, since: before?.since ?? now })
  }
}

function inodeOf(folder: string): string {
  try {
    const { dev, ino } = statSync(folder, { bigint: true })
    return `${dev} ${ino}`
  } catch {
    return ''
  }
}
