// Asks the hub what the log says, anew whenever `key` changes, and takes back what was asked when nobody looks any more.
import { useEffect, useRef, useState } from 'react'
import { useHub } from '../../hub.ts'

/** Null until it is known, and while the hub is away. `restMs`: `key` must rest so long before the hub is asked. */
export function useLogAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  key: string,
  restMs = 0,
): T | 'unknown' | null {
  const [answer, setAnswer] = useState<T | 'unknown' | null>(null)
  const live = useHub().kind === 'live'
  const asking = useRef(ask)
  asking.current = ask
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says when to ask anew
  useEffect(() => {
    if (!live) return setAnswer(null)
    const gone = new AbortController()
    const timer = setTimeout(() => {
      asking.current(gone.signal).then(
        found => !gone.signal.aborted && setAnswer(found),
        () => !gone.signal.aborted && setAnswer('unknown'),
      )
    }, restMs)
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [key, live, restMs])
  return answer
}
