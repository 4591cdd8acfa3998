// The folders the person named. Every path of a call becomes a real path inside one of them, or a failure.
import { realpathSync, statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { Failure } from './failure.ts'
import { isInside, refusedInside, refusedPlace } from './refused.ts'

export class Roots {
  /** Real paths. */
  readonly folders: readonly string[]
  readonly #refuse: readonly string[]

  /** Throws an Error in words when a root is missing, no folder, or refused as a whole. */
  constructor(folders: readonly string[], refuse: readonly string[] = []) {
    this.#refuse = refuse.map(place => tryReal(place))
    this.folders = folders.map(folder => {
      const real = tryReal(expandHome(folder))
      if (!isFolder(real)) throw new Error(`${folder} is not a folder.`)
      const place = refusedPlace(real, this.#refuse)
      if (place) throw new Error(`${folder} lies in ${place}, which this server never enters.`)
      return real
    })
  }

  /** The real path of something that exists. Links are followed first, so that none leads out. */
  async existing(path: string): Promise<string> {
    const full = this.#absolute(path)
    const real = await realpath(full).catch(cause => {
      // What lies outside must look the same whether it exists or not.
      this.#check(full, path)
      throw cause
    })
    return this.#check(real, path)
  }

  /** The real path of something that may not exist yet; its folder must. A link at the end is followed. */
  async target(path: string): Promise<string> {
    const full = this.#absolute(path)
    try {
      return this.#check(await realpath(full), path)
    } catch (error) {
      if (error instanceof Failure || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const name = basename(full)
    if (name === '' || name === '.' || name === '..')
      throw new Failure('validation_error', `${path} names no file.`, 'Give a file name.')
    const folder = await realpath(dirname(full)).catch(cause => {
      this.#check(full, path)
      throw cause
    })
    return this.#check(join(folder, name), path)
  }

  /** The entry of that name in its real folder, to be moved or deleted; a link is itself, not what it points to. */
  async entry(path: string): Promise<string> {
    const full = this.#absolute(path)
    const folder = await realpath(dirname(full)).catch(cause => {
      this.#check(full, path)
      throw cause
    })
    const real = this.#check(join(folder, basename(full)), path)
    const place = refusedInside(real, this.#refuse)
    if (place)
      throw new Failure(
        'permission_denied',
        `${path} holds ${place}, which this server never touches.`,
        'Choose something smaller.',
      )
    return real
  }

  #absolute(path: string): string {
    if (path.includes('\0')) throw new Failure('validation_error', 'A path holds a zero byte.', 'Give a plain path.')
    if (this.folders.length === 0) {
      throw new Failure(
        'permission_denied',
        'No folder was named for this server, so it may read nothing.',
        'Ask the person to name a folder in this server’s settings.',
      )
    }
    const expanded = expandHome(path)
    return isAbsolute(expanded) ? resolve(expanded) : resolve(this.folders[0]!, expanded)
  }

  #check(realPath: string, asked: string): string {
    if (!this.folders.some(root => isInside(realPath, root))) {
      throw new Failure(
        'permission_denied',
        `${asked} is outside the folders this server may use.`,
        `Stay inside ${this.folders.join(', ')}.`,
      )
    }
    const place = refusedPlace(realPath, this.#refuse)
    if (place)
      throw new Failure(
        'permission_denied',
        `${asked} lies in ${place}, which this server never enters.`,
        'Keys, browser profiles and client settings are off limits. Ask the person.',
      )
    return realPath
  }

  /** True for what list and search may show: inside, and in no refused place. */
  shows(realPath: string): boolean {
    return this.folders.some(root => isInside(realPath, root)) && !refusedPlace(realPath, this.#refuse)
  }
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}

function tryReal(path: string): string {
  try {
    return realpathSync(resolve(path))
  } catch {
    return resolve(path)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
