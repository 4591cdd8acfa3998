// Asks the hub what the log says, anew whenever `key` changes, and takes back what was asked when nobody looks any more.
import { useEffect, useRef, useState } from 'react'
import { useHub } from '../../hub.ts'

/** And whether it is the answer to an earlier `key`, while the one to this is awaited. Null until it is known, and while the hub is away. `restMs`: `key` must rest so long before the hub is asked. */
export function useLogAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  key: string,
  restMs = 0,
): [answer: T | 'unknown' | null, isOld: boolean] {
  const [[answer, of], setAnswer] = useState<[T | 'unknown' | null, string]>([null, key])
  const live = useHub().kind === 'live'
  const asking = useRef(ask)
  asking.current = ask
  useEffect(() => {
    if (!live) return setAnswer([null, key])
    const gone = new AbortController()
    const timer = setTimeout(() => {
      asking.current(gone.signal).then(
        found => !gone.signal.aborted && setAnswer([found, key]),
        () => !gone.signal.aborted && setAnswer(['unknown', key]),
      )
    }, restMs)
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [key, live, restMs])
  return [answer, of !== key]
}
