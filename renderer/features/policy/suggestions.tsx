// Questions that were always answered yes: each can become a rule, which the form shows first.
import { Button } from '@mantine/core'
import type { NewRule } from '../../../contract/policy.ts'
import { Foreign, GroupRow } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './policy.module.css'
import { ruleFrom, suggestionId, useSuggestions } from './use-suggestions.ts'

/** All at once. One alone has its own button. */
export function LeaveAll({ list, leave }: ReturnType<typeof useSuggestions>) {
  if (list.length < 2) return null
  return (
    <Button size="xs" onClick={() => leave(list)}>
      Go on asking about all
    </Button>
  )
}

export function Suggestions({ onUse }: { onUse: (rule: NewRule) => void }) {
  const { list, leave } = useSuggestions()
  const names = useNames()
  if (list.length === 0) return null
  return (
    <>
      <GroupRow
        title="Always yes"
        count={list.length}
        right={
          <>
            In the last 30 days, and never a no
            <LeaveAll list={list} leave={leave} />
          </>
        }
      />
      {list.map(one => (
        <div key={suggestionId(one)} className={css.proposal}>
          <div className={css.when}>
            These {one.yes} questions were always yes: <b>{names.client(one.client)}</b> runs{' '}
            <code>
              {names.server(one.server)} › <Foreign text={one.tool} max={80} />
            </code>
          </div>
          <Button size="xs" variant="subtle" onClick={() => leave([one])}>
            Go on asking
          </Button>
          <Button size="xs" onClick={() => onUse(ruleFrom(one))}>
            Make a rule…
          </Button>
        </div>
      ))}
    </>
  )
}
