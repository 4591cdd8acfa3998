// Opens a database of ours: private, in WAL mode, brought to this version's shape by the numbered migrations.
import { chmodSync, closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import { HubError } from '../error.ts'

export type Db = Database.Database

/** state.db of a data folder. */
export function openState(folder: string): Db {
  return openDatabase(join(folder, 'state.db'), join(import.meta.dirname, 'migrations'))
}

/** Newer than ours is refused; older is copied aside before it is migrated. */
export function openDatabase(path: string, migrationsFolder: string): Db {
  // SQLite gives -wal and -shm the mode of the main file, so that is made first.
  closeSync(openSync(path, 'a', 0o600))
  let db: Db | undefined
  try {
    db = new Database(path, { timeout: 5_000 })
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    migrate(db, path, migrationsFolder)
    return db
  } catch (cause) {
    db?.close()
    if (cause instanceof HubError) throw cause
    throw new HubError('store/damaged', `Cannot open ${path}: ${cause instanceof Error ? cause.message : cause}.`, {
      hint: `Put it back from a backup, or move it away to begin anew (agreements and rules are asked again).`,
      cause,
    })
  }
}

function migrate(db: Db, path: string, folder: string): void {
  const steps = migrationsIn(folder)
  const newest = steps.at(-1)?.version ?? 0
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > newest)
    throw new HubError(
      'store/newer',
      `${path} was written by a newer Gatehouse (version ${version} of its format; this one knows ${newest}).`,
      { hint: 'Update Gatehouse. Nothing was changed.' },
    )
  if (version === newest) return
  if (version > 0) copyBefore(db, path, version)
  db.transaction(() => {
    for (const step of steps.filter(s => s.version > version)) db.exec(step.sql)
    db.pragma(`user_version = ${newest}`)
  }).immediate()
}

function migrationsIn(folder: string): { version: number; sql: string }[] {
  return readdirSync(folder)
    .filter(name => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map(name => ({ version: Number(name.slice(0, 4)), sql: readFileSync(join(folder, name), 'utf8') }))
}

function copyBefore(db: Db, path: string, version: number): void {
  const copy = join(path, '..', `${basename(path, '.db')}.version-${version}.${Date.now()}.db`)
  db.prepare('VACUUM INTO ?').run(copy)
  chmodSync(copy, 0o600)
}
