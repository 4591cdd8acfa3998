// Questions that take a while are answered one after another, so that many of them weigh no more than one.
import { HubError } from '../error.ts'

const MOST = 20

export function inTurn(
  what = 'questions about the log',
): <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (signal, work) => {
    if (waiting >= MOST)
      throw new HubError('hub/busy', `${MOST} ${what} wait already.`, {
        hint: 'Try again in a moment.',
      })
    waiting++
    const turn = last.then(() => {
      signal.throwIfAborted()
      return work()
    })
    last = turn.catch(() => {})
    return turn.finally(() => waiting--)
  }
}
