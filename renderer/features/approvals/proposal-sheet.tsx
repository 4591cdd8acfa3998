// A loosening that was asked for outside the window: what it is now, what it would be, and the answer.
import { Button } from '@mantine/core'
import { IconShieldHalf } from '@tabler/icons-react'
import { useState } from 'react'
import type { Proposal } from '../../../contract/policy.ts'
import { hub, useCall } from '../../hub.ts'
import { ArmedButton } from '../../ui/armed-button.tsx'
import { Ago } from '../../ui/clock.tsx'
import { Foreign } from '../../ui/foreign.tsx'
import { Tile } from '../../ui/tile.tsx'
import css from './approvals.module.css'

export function ProposalSheet({ proposal }: { proposal: Proposal }) {
  const accept = useCall(hub.proposals.accept)
  const refuse = useCall(hub.proposals.refuse)
  const [sent, setSent] = useState(false)
  const send = async (answer: Promise<unknown>) => {
    setSent(true)
    if ((await answer) === undefined) setSent(false)
  }
  const { id, at, ...content } = proposal
  return (
    <div className={css.sheet}>
      <header className={css.head}>
        <Tile size={32}>
          <IconShieldHalf size={18} stroke={1.6} />
        </Tile>
        <div className={css.headWords}>
          <h2 className={css.sheetTitle}>
            <Foreign text={proposal.what} max={300} />
          </h2>
          <p className={css.sheetFact}>
            asked by {proposal.from === 'cli' ? 'the command line' : proposal.from} <Ago at={at} />
          </p>
        </div>
      </header>
      <dl className={css.change}>
        <dt>Now</dt>
        <dd>{proposal.before ? <Foreign text={proposal.before} max={2000} /> : 'nothing of this kind'}</dd>
        <dt>Then</dt>
        <dd>
          <Foreign text={proposal.after} max={2000} />
        </dd>
      </dl>
      <p className={css.sheetFact}>
        This loosens what Gatehouse guards. Until you accept it, everything stays as it is.
      </p>
      <div className={css.solo}>
        <ArmedButton content={JSON.stringify([id, content])} disabled={sent} onPress={() => void send(accept({ id }))}>
          Accept
        </ArmedButton>
        <Button size="md" variant="filled" disabled={sent} onClick={() => void send(refuse({ id }))}>
          Keep it as it is
        </Button>
      </div>
    </div>
  )
}
