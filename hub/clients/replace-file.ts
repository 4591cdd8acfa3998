// Replaces one file at once and for good: a temporary file beside it, then a rename, if nobody changed it meanwhile.
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { access, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubError } from '../error.ts'

/** A file as it is now. `real`: where a link leads. `bytes`: null when there is no file. */
export interface FileNow {
  path: string
  real: string
  bytes: Buffer | null
  hash: string | null
  stat: Stats | null
}

const hashes = new WeakMap<Buffer, string>()

/** The bytes must not be changed afterwards: some hold megabytes, and are asked for several times. */
export function hashOf(bytes: Buffer): string {
  const hash = hashes.get(bytes) ?? createHash('sha256').update(bytes).digest('hex')
  hashes.set(bytes, hash)
  return hash
}

const MOST_BYTES = 64 * 1024 * 1024

/** Reads the file, through a link. A link that leads nowhere is refused: writing there would replace it. */
export function readNow(path: string): FileNow {
  try {
    const real = realpathSync(path)
    return { path, real, ...readFile(real) }
  } catch (cause) {
    if (cause instanceof HubError) throw cause
    const code = codeOf(cause)
    if (code === 'ENOENT' && isLink(path))
      throw new HubError('clients/dangling', `${path} is a link to a file that is not there.`, { cause })
    if (code === 'ELOOP') throw new HubError('clients/dangling', `${path} is a link that leads in a circle.`, { cause })
    if (code === 'ENOENT') return { path, real: path, bytes: null, hash: null, stat: null }
    throw noPermission(path, 'read', cause)
  }
}

// Opened without waiting: where a pipe was put in its place nobody may ever write.
function readFile(real: string): Pick<FileNow, 'bytes' | 'hash' | 'stat'> {
  const file = openSync(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = fstatSync(file)
    const odd = stat.isFile() ? (stat.size > MOST_BYTES ? 'is larger than 64 MB' : null) : 'is not a file'
    if (odd) throw new HubError('clients/no-config', `${real} ${odd}.`, { hint: 'It was not touched.' })
    const bytes = readFileSync(file)
    return { bytes, hash: hashOf(bytes), stat }
  } finally {
    closeSync(file)
  }
}

/** What may not be done to a file, in words. */
export function noPermission(path: string, verb: 'read' | 'write', cause: unknown): HubError {
  const code = codeOf(cause)
  const why =
    code === 'EROFS'
      ? 'it lies on a read-only disk'
      : code === 'EACCES' || code === 'EPERM'
        ? 'you have no right to'
        : code
  return new HubError('clients/no-permission', `Cannot ${verb} ${path}: ${why}.`, {
    hint: 'Nothing was changed.',
    cause,
  })
}

/** Refuses before anything is done when the file could not be replaced. */
export async function checkWritable(now: FileNow): Promise<void> {
  const folder = dirname(missingFolder(now.real) ?? now.real)
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw noPermission(now.real, 'write', cause)
  }
}

/**
 * Puts `bytes` in place of what `now` saw, or takes the file away (null). `temp` names the temporary file, in the same
 * folder. Throws 'clients/changed-meanwhile' when the file is no longer what `now` saw.
 */
export async function replaceFile(now: FileNow, bytes: Buffer | null, temp: string): Promise<void> {
  const folder = dirname(now.real)
  try {
    if (bytes) await writeTemp(temp, bytes, now.stat)
  } catch (cause) {
    rmSync(temp, { force: true })
    throw noPermission(now.real, 'write', cause)
  }
  try {
    await moveWhenSame(now, bytes, temp)
  } finally {
    rmSync(temp, { force: true })
  }
  syncFolder(folder)
}

export function tempName(real: string, id: string): string {
  return join(dirname(real), `.${basename(real)}.gatehouse-${id}.tmp`)
}

/** Makes the folders above a new file, private; answers the topmost one made, or null. */
export function makeFolders(path: string): string | null {
  return mkdirSync(dirname(path), { recursive: true, mode: 0o700 }) ?? null
}

/** Takes away the folders that were made for a file, from its own up to `top`, as far as they are empty. */
export function removeFolders(path: string, top: string): void {
  for (let folder = dirname(path); folder.startsWith(top); folder = dirname(folder)) {
    try {
      rmdirSync(folder)
    } catch {
      return
    }
  }
}

async function writeTemp(temp: string, bytes: Buffer, like: Stats | null): Promise<void> {
  const file = await open(temp, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    if (like && process.platform !== 'win32') {
      if (like.uid !== process.getuid?.() || like.gid !== process.getgid?.()) await file.chown(like.uid, like.gid)
      await file.chmod(like.mode & 0o7777)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  const written = readFileSync(temp)
  if (!written.equals(bytes))
    throw Object.assign(new Error('read back differently'), { code: 'what was written reads back differently' })
}

// Looking and renaming stand side by side without a turn of the loop between: the gap left is microseconds.
// Windows refuses the rename while a scanner holds the file; it lets go soon.
async function moveWhenSame(now: FileNow, bytes: Buffer | null, temp: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const seen = readNow(now.path)
    if (seen.hash !== now.hash || seen.real !== now.real) {
      throw new HubError(
        'clients/changed-meanwhile',
        `${now.path} was changed by another program just now. Nothing was written.`,
        {
          hint: 'Look at the preview again.',
        },
      )
    }
    try {
      if (bytes) renameSync(temp, now.real)
      else rmSync(now.real)
      return
    } catch (cause) {
      const passing = ['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(cause))
      if (process.platform !== 'win32' || !passing || tries === 20) throw noPermission(now.real, 'write', cause)
      await sleep(100)
    }
  }
}

// Windows opens no folders.
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

/** The topmost folder above a file that is not there, or null. */
export function missingFolder(path: string): string | null {
  let missing: string | null = null
  for (let folder = dirname(path); !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder))
    missing = folder
  return missing
}

/** Takes away a temporary file of ours that a crash left; anything else is left alone. */
export function removeTemp(temp: string): void {
  if (/^\..*\.gatehouse-[0-9a-f]{12}\.tmp$/.test(basename(temp))) rmSync(temp, { force: true })
}
