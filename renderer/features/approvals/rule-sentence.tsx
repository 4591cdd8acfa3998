// What a wider yes writes or covers, as a sentence, before it is given; a rule can be made narrower here.
import type { Approval, ArgumentCondition, Scope } from '../../../contract/policy.ts'
import { Foreign } from '../../ui/foreign.tsx'
import css from './approvals.module.css'
import { narrowingOf, type RuleDraft } from './rule-draft.ts'
import { RuleEdit } from './rule-edit.tsx'
import { conditionText, covers } from './words.ts'

export function RuleSentence({ approval, scope, draft, disabled, onChange }: RuleSentenceProps) {
  if (scope === 'once') return null
  const rule = scope === 'arguments' || scope === 'tool' ? approval.rules[scope] : undefined
  const where = [...(rule?.arguments ?? []), ...(narrowingOf(approval, draft, 0)?.where ?? [])]
  return (
    <div className={css.rule}>
      {rule && <p className={css.ruleTitle}>This rule will be written.</p>}
      {rule && (
        <p className={css.pills}>
          <span className={css.pill} data-tone="allow">
            Allow
          </span>
          <span className={css.pill}>{approval.client.title}</span>
          <span className={css.pill} data-tone="mono">
            {approval.server.name} › <Foreign text={approval.tool} max={80} />
          </span>
          {where.length > 0 && <span>where</span>}
          {where.map((condition, at) => (
            <Where key={`${condition.path} ${String(at)}`} condition={condition} />
          ))}
          {rule.exactly && <span>and nothing else is given</span>}
          {draft.hours > 0 && <span className={css.pill}>{END[draft.hours] ?? `for ${draft.hours} hours`}</span>}
        </p>
      )}
      {rule && (
        <RuleEdit approval={approval} draft={draft} mayAdd={scope === 'tool'} disabled={disabled} onChange={onChange} />
      )}
      <p className={css.covers}>{covers(scope, approval, draft)}</p>
    </div>
  )
}

const END: Record<number, string> = { 1: 'for an hour', 168: 'for a week' }

function Where({ condition }: { condition: ArgumentCondition }) {
  return (
    <span className={css.pill} data-tone="mono">
      <Foreign text={conditionText(condition)} max={80} />
    </span>
  )
}

interface RuleSentenceProps {
  approval: Approval
  scope: Scope
  draft: RuleDraft
  disabled: boolean
  onChange: (draft: RuleDraft) => void
}
