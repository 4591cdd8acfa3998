// Tells when config.json changed, however an editor writes it: in place, or by renaming another file over it.
import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

const DEBOUNCE_MS = 100

/** Watches the folder, since a renamed file has no watcher; and the real file's folder where config.json is a link. */
export function watchConfig(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const changed = () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, DEBOUNCE_MS)
  }
  const watchers = [...placesOf(path)].flatMap(place => watchPlace(place, changed))
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

function watchPlace(path: string, changed: () => void): FSWatcher[] {
  const name = basename(path)
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_, file) => {
      if (file === null || file === name) changed()
    })
    // A folder that goes away ends its watcher; the file's next reading says what is wrong.
    watcher.on('error', () => changed())
    return [watcher]
  } catch {
    return []
  }
}

function placesOf(path: string): Set<string> {
  try {
    return new Set([path, realpathSync(path)])
  } catch {
    return new Set([path])
  }
}
