// Copies of a client's file from before we wrote: encrypted in our folder, or beside the file when there is no key.
import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { HubError } from '../error.ts'
import { locked, unlocked } from './locked.ts'

/** The name of a copy to be made: absolute when it will lie beside its file. To be on record before the copy is. */
export function nameBackup(o: { key: Buffer | null; client: string; path: string }): string {
  if (!o.key) return `${o.path}.gatehouse-backup-${new Date().toISOString().replace(/[:.]/g, '-')}`
  return `${o.client}-${Date.now()}-${randomBytes(6).toString('hex')}.bak`
}

/** Keeps `bytes` of the file at `path` under that name. */
export function keepBackup(o: {
  folder: string
  name: string
  key: Buffer | null
  path: string
  bytes: Buffer
  mode: number
}): void {
  if (isAbsolute(o.name) || !o.key) {
    writeNew(o.name, o.bytes, o.mode)
    return
  }
  mkdirSync(join(o.folder, 'backups'), { recursive: true, mode: 0o700 })
  writeNew(placeOf(o.folder, o.name), locked(o.bytes, o.key, o.path), 0o600)
}

/** The bytes of a backup, exactly as they were. */
export function readBackup(o: { folder: string; key: Buffer | null; name: string; path: string }): Buffer {
  const place = placeOf(o.folder, o.name)
  try {
    const stored = readFileSync(place)
    if (isAbsolute(o.name)) return stored
    if (!o.key) {
      throw new HubError(
        'clients/keychain',
        'The copy from before is encrypted with a key from the keychain, which is not open.',
        {
          hint: 'Unlock the keychain and try again.',
        },
      )
    }
    return unlocked(stored, o.key, o.path)
  } catch (cause) {
    if (cause instanceof HubError) throw cause
    throw new HubError('clients/backup', `The copy of ${o.path} from before cannot be read.`, { cause })
  }
}

export function dropBackup(folder: string, name: string): void {
  rmSync(placeOf(folder, name), { force: true })
}

function placeOf(folder: string, name: string): string {
  return isAbsolute(name) ? name : join(folder, 'backups', name)
}

function writeNew(path: string, bytes: Buffer, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    if (process.platform !== 'win32') fchmodSync(file, mode)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
