// What a wider yes writes or covers, as a sentence, before it is given.
import type { Approval, Scope } from '../../../contract/policy.ts'
import { Foreign } from '../../ui/foreign.tsx'
import css from './approvals.module.css'
import { conditionsOf, covers, unquoted } from './words.ts'

export function RuleSentence({ approval, scope }: { approval: Approval; scope: Scope }) {
  if (scope === 'once') return null
  const writes = scope === 'arguments' || scope === 'tool'
  const where = scope === 'arguments' ? conditionsOf(approval) : []
  return (
    <div className={css.rule}>
      {writes && <p className={css.ruleTitle}>This rule will be written.</p>}
      {writes && (
        <p className={css.pills}>
          <span className={css.pill} data-tone="allow">
            Allow
          </span>
          <span className={css.pill}>{approval.client.title}</span>
          <span className={css.pill} data-tone="mono">
            {approval.server.name} › <Foreign text={approval.tool} max={80} />
          </span>
          {scope === 'arguments' && where.length === 0 && <span>without arguments</span>}
          {where.length > 0 && <span>where</span>}
          {where.map(({ name, value }) => (
            <span key={name} className={css.pill} data-tone="mono">
              <Foreign text={`${name} = ${unquoted(value)}`} max={80} />
            </span>
          ))}
        </p>
      )}
      <p className={css.covers}>{covers(scope, approval)}</p>
    </div>
  )
}
