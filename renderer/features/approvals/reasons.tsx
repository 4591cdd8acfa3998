// Why you are asked: our words, strongest first, at most four, then how many more.
import { IconFlame, IconShieldHalf, IconSparkles } from '@tabler/icons-react'
import { useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import css from './approvals.module.css'

const SHOWN = 4

export function Reasons({ approval }: { approval: Pick<Approval, 'reasons' | 'risk'> }) {
  const [all, setAll] = useState(false)
  const { reasons } = approval
  if (reasons.length === 0) return null
  const shown = all ? reasons : reasons.slice(0, SHOWN)
  return (
    <section className={css.why}>
      <h3>Why you are asked</h3>
      <ul>
        {shown.map((reason, at) => (
          <li key={reason}>
            {at === 0 ? (
              <IconShieldHalf size={15} stroke={1.7} aria-hidden />
            ) : approval.risk === 'destroys' && at === 1 ? (
              <IconFlame size={15} stroke={1.7} aria-hidden data-tone="red" />
            ) : (
              <IconSparkles size={15} stroke={1.7} aria-hidden />
            )}
            <span>{reason}</span>
          </li>
        ))}
      </ul>
      {reasons.length > shown.length && (
        <button type="button" className={css.link} onClick={() => setAll(true)}>
          {reasons.length - shown.length} more
        </button>
      )}
    </section>
  )
}
