// Calls that wait, those of one client's tool together; a group can be denied at once. Nothing can be allowed at once.
import { useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import { hub, problemFrom } from '../../hub.ts'
import { Foreign } from '../../ui/foreign.tsx'
import { GroupRow } from '../../ui/layout.tsx'
import { showProblem } from '../../ui/notify.tsx'
import css from './approvals.module.css'
import { CallItem } from './items.tsx'
import { grouped } from './waiting.ts'

/** Above so many calls the groups are closed. */
const MANY = 20

export function WaitingCalls({ calls, item }: WaitingCallsProps) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  if (calls.length === 0) return null
  const turn = (key: string) =>
    setTurned(keys => new Set([...keys].filter(k => k !== key).concat(keys.has(key) ? [] : key)))
  return (
    <>
      <GroupRow title="Calls" count={calls.length} right={calls.length > 1 && <DenyAll calls={calls} />} />
      {grouped(calls).map(({ key, calls: of }) => {
        if (of.length === 1) return <CallItem key={of[0]!.id} approval={of[0]!} {...item(of[0]!.id)} />
        const isOpen = turned.has(key) ? calls.length > MANY : calls.length <= MANY
        return (
          <section key={key}>
            <Heading calls={of} isOpen={isOpen} onTurn={() => turn(key)} />
            {isOpen && of.map(one => <CallItem key={one.id} approval={one} {...item(one.id)} />)}
          </section>
        )
      })}
    </>
  )
}

function Heading({ calls, isOpen, onTurn }: { calls: Approval[]; isOpen: boolean; onTurn: () => void }) {
  const { client, server, tool } = calls[0]!
  return (
    <div className={css.group}>
      <button type="button" className={css.groupTitle} aria-expanded={isOpen} onClick={onTurn}>
        {client.title} ·{' '}
        <code>
          {server.name} › <Foreign text={tool} max={60} />
        </code>
      </button>
      <DenyAll calls={calls} />
    </div>
  )
}

function DenyAll({ calls }: { calls: readonly Approval[] }) {
  const [sent, setSent] = useState(false)
  const denyAll = async () => {
    setSent(true)
    await Promise.all(
      calls.map(one => hub.approvals.answer({ id: one.id, answer: { kind: 'deny' } }).catch(tellUnlessOver)),
    )
    setSent(false)
  }
  return (
    <button type="button" className={css.link} disabled={sent} onClick={() => void denyAll()}>
      Deny all {calls.length}
    </button>
  )
}

/** One that its client took back meanwhile is as good as denied. */
function tellUnlessOver(error: unknown): void {
  const problem = problemFrom(error)
  if (problem.code !== 'approvals/over') showProblem(problem)
}

interface WaitingCallsProps {
  calls: Approval[]
  item: (id: string) => { current: boolean; onOpen: () => void }
}
