// One hub per data folder: an exclusive transaction on lock.db, which the OS ends when its process dies, however it dies.
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { HubError } from '../error.ts'

/** Holds the folder until closed. Nobody else in this process may open lock.db: POSIX drops a file's locks at any close. */
export function takeLock(folder: string): { close(): void } {
  const path = join(folder, 'lock.db')
  if (held.has(path)) throw alreadyRunning(folder)
  closeSync(openSync(path, 'a', 0o600))
  const db = new Database(path, { timeout: 0 })
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    if (isBusy(cause)) throw alreadyRunning(folder, cause)
    throw new HubError('store/lock-unusable', `Cannot lock ${path}.`, {
      hint: 'It holds no data: if no hub runs, remove it and start again.',
      cause,
    })
  }
  held.set(path, db)
  return {
    close() {
      if (!held.delete(path)) return
      db.exec('ROLLBACK')
      db.close()
    },
  }
}

// Keeps the connections alive: one that is collected as garbage would free its lock.
const held = new Map<string, Database.Database>()

function isBusy(cause: unknown): boolean {
  return cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')
}

function alreadyRunning(folder: string, cause?: unknown): HubError {
  return new HubError('hub/already-running', `A hub is already running on ${folder}.`, {
    hint: 'Use it (`gatehouse status`), stop it (`gatehouse stop`), or name another folder with --data.',
    cause,
  })
}
