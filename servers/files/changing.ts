// What all tools that change files stand on: whether they may, one after the other, and never a root itself.
import { lstat } from 'node:fs/promises'
import { z } from 'zod'
import { about } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { isInside } from '../kit/refused.ts'
import type { Roots } from '../kit/roots.ts'
import type { Answer, Call } from '../kit/tools.ts'
import type { Trash } from './trash.ts'

export const path = z.string().min(1).max(4096)

export interface Changing {
  roots: Roots
  trash: Trash
  /** False: every tool that changes says that the person did not allow writing. */
  mayWrite: boolean
}

export type Change = <T>(path: string, call: Pick<Call, 'signal'>, run: () => Promise<Answer<T>>) => Promise<Answer<T>>

export const PERHAPS_DONE = 'It may have been done: look before you try again.'

/** For all connections of a process: between the look at a file and its change no other change of ours comes. */
export function changesInTurn(mayWrite: boolean): Change {
  let last: Promise<unknown> = Promise.resolve()
  return (path, { signal }, run) =>
    about(path, async () => {
      if (!mayWrite)
        throw new Failure(
          'permission_denied',
          'This server was started for reading only.',
          'Ask the person to start it with --allow-writing.',
        )
      const turn = last.then(() => {
        signal.throwIfAborted()
        return run()
      })
      last = turn.catch(() => {})
      return turn
    })
}

/** What is moved or deleted: the entry itself, also when it is a link. Never a root. */
export async function entryOf(roots: Roots, asked: string): Promise<string> {
  const real = await roots.entry(asked)
  await lstat(real)
  if (roots.folders.some(root => isInside(root, real))) {
    throw new Failure(
      'permission_denied',
      `${asked} is, or holds, a folder that was named for this server.`,
      'Choose something inside it.',
    )
  }
  return real
}
