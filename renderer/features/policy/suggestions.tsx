// Questions that were always answered yes: each can become a rule, which the form shows first.
import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Policy, Rule, Suggestion } from '../../../contract/policy.ts'
import { hub, useHub } from '../../hub.ts'
import { Foreign, GroupRow } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './policy.module.css'

export function Suggestions({ policy, onUse }: { policy: Policy; onUse: (rule: Omit<Rule, 'id'>) => void }) {
  const suggestions = useSuggestions(policy)
  const names = useNames()
  if (suggestions.length === 0) return null
  return (
    <>
      <GroupRow title="Always yes" count={suggestions.length} right="In the last 30 days, and never a no" />
      {suggestions.map(({ client, server, tool, yes }) => (
        <div key={`${client} ${server} ${tool}`} className={css.proposal}>
          <div className={css.when}>
            These {yes} questions were always yes: <b>{names.client(client)}</b> runs{' '}
            <code>
              {names.server(server)} › <Foreign text={tool} max={80} />
            </code>
          </div>
          <Button size="xs" onClick={() => onUse({ effect: 'allow', client, server, tool })}>
            Make a rule…
          </Button>
        </div>
      ))}
    </>
  )
}

function useSuggestions(policy: Policy): Suggestion[] {
  const [found, setFound] = useState<Suggestion[]>([])
  const live = useHub().kind === 'live'
  // biome-ignore lint/correctness/useExhaustiveDependencies: a rule that was written takes its suggestion away
  useEffect(() => {
    if (!live) return
    let current = true
    hub.policy.suggestions().then(
      some => current && setFound(some),
      () => current && setFound([]),
    )
    return () => {
      current = false
    }
  }, [policy, live])
  return found
}
