// The one folder Gatehouse keeps its state in: private to its user, on a local disk, with an id of its own.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { HubError } from '../error.ts'
import { mountTypeOf, networkFileSystem } from './network-fs.ts'
import { makePrivateOnWindows } from './windows-acl.ts'

const ID = /^[a-z0-9]{16,64}$/

/** `id` is random and lasting; it names this folder's keychain entries. */
export interface DataFolder {
  path: string
  id: string
  created: boolean
}

/** GATEHOUSE_HOME, or the platform's place for application data (XDG on Linux). */
export function defaultDataFolder(): string {
  const home = process.env.GATEHOUSE_HOME
  if (home) return resolve(home)
  return envPaths('gatehouse', { suffix: '' }).data
}

/** The id of a folder that is only looked at; null where it has none. */
export function idOf(folder: string): string | null {
  try {
    const id = readFileSync(join(folder, 'id'), 'utf8').trim()
    return ID.test(id) ? id : null
  } catch {
    return null
  }
}

/** Makes the folder or checks it: 0700, its files 0600 (put right where they are not), ours, not on a network. */
export function openDataFolder(path: string): DataFolder {
  if (!isAbsolute(path)) path = resolve(path)
  if (path === homedir() || path === '/')
    throw new HubError('store/bad-folder', `${path} cannot be Gatehouse's data folder.`, {
      hint: 'Name a folder of its own: its files are made private to you.',
    })
  makeFolder(path)
  const real = realpathSync(path)
  refuseNetwork(real)
  refuseForeign(real)
  makePrivate(real)
  const known = readId(real)
  return { path: real, id: known ?? createId(real), created: known === null }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new HubError('store/no-folder', `Cannot make the data folder ${path}.`, {
      hint: 'Name another with --data or GATEHOUSE_HOME.',
      cause,
    })
  }
}

function refuseNetwork(path: string): void {
  if (process.platform !== 'linux') return
  let mountinfo = ''
  try {
    mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    // Without /proc only the magic number speaks.
  }
  const name = networkFileSystem(statfsSync(path).type, mountTypeOf(path, mountinfo))
  if (!name) return
  throw new HubError('store/network-folder', `${path} lies on a network file system (${name}).`, {
    hint: 'Databases break there. Name a folder on a local disk with --data or GATEHOUSE_HOME.',
  })
}

function refuseForeign(path: string): void {
  const uid = process.getuid?.()
  if (uid === undefined) return
  const owner = lstatSync(path).uid
  if (owner !== uid)
    throw new HubError('store/foreign-folder', `The data folder ${path} belongs to another user (uid ${owner}).`, {
      hint: 'Run as that user, or name another folder with --data or GATEHOUSE_HOME.',
    })
}

// A symlink (config.json kept in dotfiles) keeps its target's mode: that file is not ours to change.
function makePrivate(folder: string, depth = 0): void {
  if (process.platform === 'win32') {
    makePrivateOnWindows(folder, [join(folder, 'secrets.enc')].filter(existsSync))
    return
  }
  fixMode(folder, 0o700)
  for (const name of readdirSync(folder)) unlessGone(() => makeEntryPrivate(join(folder, name), depth))
}

function makeEntryPrivate(path: string, depth: number): void {
  const stat = lstatSync(path)
  if (stat.isDirectory() && depth < 3) makePrivate(path, depth + 1)
  else if (stat.isFile()) fixMode(path, 0o600)
}

/** Until the lock is taken another hub may be at work here, whose journals and temporary files come and go. */
function unlessGone(look: () => void): void {
  try {
    look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function fixMode(path: string, most: number): void {
  const mode = lstatSync(path).mode & 0o777
  // What the user made stricter (a read-only file) stays so.
  if ((mode & ~most) !== 0) chmodSync(path, mode & most)
  if (most === 0o700 && (mode & 0o700) !== 0o700) chmodSync(path, 0o700)
}

function readId(folder: string): string | null {
  const path = join(folder, 'id')
  if (!existsSync(path)) return null
  const id = readFileSync(path, 'utf8').trim()
  if (ID.test(id)) return id
  throw new HubError('store/bad-id', `${path} does not hold this folder's id.`, {
    hint: 'Put it back from a backup. If it is removed, agreements and secrets of this folder are lost.',
  })
}

// Two hubs starting at once agree on one id: link fails when the other was first.
function createId(folder: string): string {
  const path = join(folder, 'id')
  const own = `${path}.${process.pid}`
  writeFileSync(own, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 })
  try {
    linkSync(own, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    rmSync(own, { force: true })
  }
  return readId(folder)!
}
