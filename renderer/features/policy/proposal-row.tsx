// A loosening asked for outside the window: what would change. It is refused here, and accepted where it can be read whole.
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { Proposal } from '../../../contract/policy.ts'
import { hub, useCall } from '../../hub.ts'
import { Diamond } from '../../ui/glyphs.tsx'
import { Ago, Foreign, showDone } from '../../ui/index.ts'
import css from './policy.module.css'

export function ProposalRow({ proposal }: { proposal: Proposal }) {
  const navigate = useNavigate()
  const refuse = useCall(hub.proposals.refuse)
  const { id, what, before, after, from, at } = proposal
  return (
    <div className={css.proposal}>
      <span data-tone="amber">
        <Diamond />
      </span>
      <div>
        <b>
          <Foreign text={what} max={300} />
        </b>{' '}
        <span className={css.note}>
          from {from === 'cli' ? 'the command line' : from}, <Ago at={at} />
        </span>
        <div className={css.change}>
          {before !== null && (
            <>
              <del>
                <Foreign text={before} max={400} />
              </del>{' '}
              →{' '}
            </>
          )}
          <ins>
            <Foreign text={after} max={400} />
          </ins>
        </div>
      </div>
      <Button size="xs" onClick={() => void navigate({ to: '/approvals', search: { item: id } })}>
        See the change…
      </Button>
      <Button size="xs" variant="filled" onClick={() => void refuse({ id }).then(done => done && showDone('Refused'))}>
        Refuse
      </Button>
    </div>
  )
}
