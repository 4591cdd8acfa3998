// Follows one server's log for as long as a view shows it; the last 5,000 lines are kept.
import { useEffect, useState } from 'react'
import type { Problem } from '../../../contract/procedure.ts'
import type { LogLine } from '../../../contract/servers.ts'
import { hub, problemFrom, useHub } from '../../hub.ts'

const MOST_LINES = 5_000

export function useLog(id: string): { lines: LogLine[]; problem: Problem | null } {
  const [lines, setLines] = useState<LogLine[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  const connected = useHub().kind === 'live'
  useEffect(() => {
    if (!connected) return
    const left = new AbortController()
    const follow = async () => {
      let first = true
      for await (const batch of await hub.servers.logs({ id, follow: true, last: 500 }, { signal: left.signal })) {
        if (left.signal.aborted) return
        const fresh = first
        first = false
        setLines(before => (fresh ? batch : [...before, ...batch].slice(-MOST_LINES)))
      }
    }
    setProblem(null)
    follow().catch(error => {
      if (!left.signal.aborted) setProblem(problemFrom(error))
    })
    return () => left.abort()
  }, [id, connected])
  return { lines, problem }
}
