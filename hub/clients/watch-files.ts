// Tells when one of a few files changes, also when it is replaced by a rename or its folder comes and goes.
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

const SETTLE_MS = 300
const LOOK_AGAIN_MS = 5_000

/** Watches folders, since a watch on a file stays with the old one after a rename. */
export class FileWatch {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #onChange: (path: string) => void
  readonly #settling = new Map<string, NodeJS.Timeout>()
  #paths: readonly string[] = []
  #again: NodeJS.Timeout | undefined

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange
  }

  /** Watches exactly these files from now on. */
  set(paths: readonly string[]): void {
    this.#paths = paths
    const folders = new Set(paths.map(path => dirname(path)))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#open(folder)
  }

  close(): void {
    clearTimeout(this.#again)
    for (const timer of this.#settling.values()) clearTimeout(timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    this.#paths = []
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        for (const path of this.#paths) {
          if (dirname(path) === folder && (name === null || name === basename(path))) this.#changed(path)
        }
        // The folder itself was moved or removed: the watch is on something that is no longer there.
        if (name === basename(folder)) this.#lost(folder)
      })
      watcher.on('error', () => this.#lost(folder))
      this.#watchers.set(folder, watcher)
    } catch {
      this.#lost(folder)
    }
  }

  #lost(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
    for (const path of this.#paths) if (dirname(path) === folder) this.#changed(path)
    clearTimeout(this.#again)
    this.#again = setTimeout(() => {
      this.set(this.#paths)
      for (const path of this.#paths) this.#changed(path)
    }, LOOK_AGAIN_MS).unref()
  }

  #changed(path: string): void {
    clearTimeout(this.#settling.get(path))
    const settled = setTimeout(() => {
      this.#settling.delete(path)
      this.#onChange(path)
    }, SETTLE_MS).unref()
    this.#settling.set(path, settled)
  }
}
