// Three clocks, each named: how long the client waits, how long the question stays, how long a late yes is good.
import { Kbd } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import { moment, useNow, useStale } from '../../ui/clock.tsx'
import css from './approvals.module.css'
import { clock, spoken } from './words.ts'

export function Clocks({ approval, place }: { approval: Approval; place: 'pane' | 'dialog' }) {
  const now = useNow()
  const stale = useStale()
  const left = approval.clientUntil - now
  const { title } = approval.client
  return (
    <footer className={css.clocks}>
      <p>
        {stale ? (
          `${title} waited for an answer.`
        ) : left > 0 ? (
          <>
            {title} stops waiting in <b className={css.countdown}>{clock(left)}</b>. A later yes covers one identical
            repeat.
          </>
        ) : (
          <>{title} stopped waiting. A yes now covers one identical repeat, for 10 minutes.</>
        )}
        {place === 'pane' && !stale && (
          <>
            <br />
            This question stays until {moment(approval.until)}, then it counts as denied.
          </>
        )}
      </p>
      <span className={css.keys} aria-hidden>
        <Kbd>↵</Kbd> deny{' '}
        {place === 'dialog' && (
          <>
            <Kbd>esc</Kbd> later
          </>
        )}
      </span>
      <Spoken seconds={Math.ceil(left / 1000)} />
    </footer>
  )
}

/** The countdown for those who hear it: at 30, 10 and 0. */
function Spoken({ seconds }: { seconds: number }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    const words = spoken(seconds)
    if (words) setSaid(words)
  }, [seconds])
  return (
    <span className="visually-hidden" role="status">
      {said}
    </span>
  )
}
