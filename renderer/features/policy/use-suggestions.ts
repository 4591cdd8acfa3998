// Questions that were always answered yes. One that was left as it is does not come back in this window.
import { useLocalStorage } from '@mantine/hooks'
import type { NewRule, Suggestion } from '../../../contract/policy.ts'
import { hub, usePolicy } from '../../hub.ts'
import { useLogAnswer } from './use-log-answer.ts'

/** Names one among all, also in an address. */
export const suggestionId = ({ client, server, tool }: Suggestion): string => `always ${client} ${server} ${tool}`

/** What it becomes, to begin with. */
export const ruleFrom = ({ client, server, tool }: Suggestion): NewRule => ({ effect: 'allow', client, server, tool })

export function useSuggestions(): { list: Suggestion[]; leave: (some: readonly Suggestion[]) => void } {
  const [left, setLeft] = useLocalStorage<string[]>({ key: 'gatehouse/left-suggestions', defaultValue: [] })
  // A rule that was written takes its suggestion away.
  const policy = JSON.stringify(usePolicy())
  const [answer] = useLogAnswer(signal => hub.policy.suggestions(undefined, { signal }), policy)
  const found = answer === 'unknown' || answer === null ? [] : answer
  return {
    list: found.filter(one => !left.includes(suggestionId(one))),
    leave: some => setLeft([...left, ...some.map(suggestionId)].slice(-200)),
  }
}
