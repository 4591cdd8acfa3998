// How often each rule decided in the last seven days, as far as the log has it; asked anew each minute while somebody looks.
import type { PolicyUse } from '../../../contract/policy.ts'
import { hub, usePolicy } from '../../hub.ts'
import { exactly, useNow } from '../../ui/index.ts'
import css from './policy.module.css'
import { useLogAnswer } from './use-log-answer.ts'

const MINUTE_MS = 60_000

export function useLastWeek(): PolicyUse | null {
  const minute = Math.floor(useNow() / MINUTE_MS)
  const policy = JSON.stringify(usePolicy())
  const [use] = useLogAnswer(signal => hub.policy.use(undefined, { signal }), `${minute} ${policy}`)
  return use === 'unknown' ? null : use
}

/** The number of calls that a rule decided; nothing while it is not known. */
export function Hits({ use, rule }: { use: PolicyUse | null; rule: string }) {
  if (use === null) return <span className={css.hits} />
  const calls = use.rules.find(one => one.rule === rule)?.calls ?? 0
  return (
    <span className={css.hits} data-none={calls === 0} title={`Decided by this rule since ${exactly(use.since)}`}>
      {calls}
      {use.isCut && '+'}
    </span>
  )
}

export function WeekInWords({ use }: { use: PolicyUse | null }) {
  if (use === null) return null
  return (
    <p className={css.week}>
      In the last 7 days{use.isCut && ', of the newest calls'}: {use.allowed} allowed, {use.asked} asked, {use.denied}{' '}
      denied.
    </p>
  )
}
