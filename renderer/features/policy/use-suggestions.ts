// Questions that were always answered yes. One that was left as it is does not come back in this window.
import { useLocalStorage } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import type { NewRule, Suggestion } from '../../../contract/policy.ts'
import { hub, useHub, usePolicy } from '../../hub.ts'

/** Names one among all, also in an address. */
export const suggestionId = ({ client, server, tool }: Suggestion): string => `always ${client} ${server} ${tool}`

/** What it becomes, to begin with. */
export const ruleFrom = ({ client, server, tool }: Suggestion): NewRule => ({ effect: 'allow', client, server, tool })

export function useSuggestions(): { list: Suggestion[]; leave: (one: Suggestion) => void } {
  const [found, setFound] = useState<Suggestion[]>([])
  const [left, setLeft] = useLocalStorage<string[]>({ key: 'gatehouse/left-suggestions', defaultValue: [] })
  const policy = usePolicy()
  const live = useHub().kind === 'live'
  // biome-ignore lint/correctness/useExhaustiveDependencies: a rule that was written takes its suggestion away
  useEffect(() => {
    if (!live) return
    const gone = new AbortController()
    hub.policy.suggestions(undefined, { signal: gone.signal }).then(
      some => !gone.signal.aborted && setFound(some),
      () => !gone.signal.aborted && setFound([]),
    )
    return () => gone.abort()
  }, [policy, live])
  return {
    list: found.filter(one => !left.includes(suggestionId(one))),
    leave: one => setLeft([...left, suggestionId(one)].slice(-200)),
  }
}
