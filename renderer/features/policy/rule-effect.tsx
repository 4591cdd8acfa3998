// What a rule would have done to last week's calls, before it is written.
import type { PolicyChange } from '../../../contract/policy.ts'
import { hub } from '../../hub.ts'
import { exactly, Foreign, plural } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './policy.module.css'
import { useLogAnswer } from './use-log-answer.ts'

const REST_MS = 500
const words = { allow: 'allowed', ask: 'asked about', deny: 'denied' } as const

export function RuleEffect({ change }: { change: PolicyChange }) {
  const [effect, isOld] = useLogAnswer(
    signal => hub.policy.preview(change, { signal }),
    JSON.stringify(change),
    REST_MS,
  )
  const names = useNames()
  if (effect === null) return null
  if (effect === 'unknown') return <p className={css.note}>The log does not say what this would have done.</p>
  if (effect.calls === 0) return <p className={css.note}>No call of the last 7 days is in the log.</p>
  const parts = [
    effect.denied > 0 && `${effect.denied} would be denied`,
    effect.asked > 0 && `${effect.asked} asked about`,
    effect.allowed > 0 && `${effect.allowed} let through without asking you`,
  ].filter(part => part !== false)
  return (
    <div className={css.effect} aria-live="polite" aria-busy={isOld}>
      <b>
        Of {plural(effect.calls, 'call')} in the last 7 days{effect.isCut ? ', the newest,' : ','}{' '}
        {parts.length > 0 ? parts.join(', ') : 'none would go otherwise'}.
      </b>
      {effect.unsure > 0 && (
        <p className={css.note}>The log does not hold the arguments of {effect.unsure} of them whole.</p>
      )}
      {effect.examples.map(({ time, client, server, tool, before, after }, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two calls may be alike
        <div key={nth} className={css.note} title={exactly(time)}>
          {names.client(client)} runs{' '}
          <code>
            <Foreign text={`${server} › ${tool}`} max={80} />
          </code>
          : {words[before]} → {words[after]}
        </div>
      ))}
    </div>
  )
}
