// The dialog for one waiting call, on every page but Approvals; mounted once by the frame. Also tells of new calls.
import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import { listOf, useApprovals, useHub } from '../../hub.ts'
import { AlertDialog } from '../../ui/alert-dialog.tsx'
import { isTyping } from '../../ui/controls.tsx'
import { Decision, useTitleId } from './decision.tsx'
import { NOBODY, nextTurn, type Turn } from './dialog-turn.ts'
import { useTold } from './tell.ts'

const STEP_MS = 200
/** How long keys are not taken for an answer when the dialog came while somebody typed. */
const CALM_MS = 700

export function DecisionDialog() {
  const approvals = listOf(useApprovals())
  const live = useHub().kind === 'live'
  const onPage = useLocation({ select: location => location.pathname.startsWith('/approvals') })
  const [turn, setTurn] = useState<Turn>(NOBODY)
  const [aside, setAside] = useState<ReadonlySet<string>>(new Set())
  const last = useRef<Approval | null>(null)
  const spoken = useTold(live)
  const busy = turn.kind === 'showing' || approvals.some(a => a.state.kind === 'waiting')
  useEffect(() => {
    if (!live) return setTurn(NOBODY)
    const step = () => {
      const mayOpen = !onPage && inFront() && !document.querySelector('dialog[open], [aria-modal="true"]')
      setTurn(now => nextTurn(now, { approvals, aside, mayOpen, now: Date.now() }))
    }
    step()
    if (!busy) return
    const timer = setInterval(step, STEP_MS)
    return () => clearInterval(timer)
  }, [approvals, aside, onPage, live, busy])
  const found = turn.kind === 'showing' ? approvals.find(a => a.id === turn.id) : undefined
  if (found) last.current = found
  const shown = turn.kind !== 'showing' ? null : (found ?? (last.current?.id === turn.id ? gone(last.current) : null))
  return (
    <>
      <div className="visually-hidden" role="alert">
        {spoken}
      </div>
      {shown && <Dialog key={shown.id} approval={shown} onAside={() => setAside(ids => new Set([...ids, shown.id]))} />}
    </>
  )
}

const inFront = () => document.visibilityState === 'visible' && document.hasFocus()

/** The hub forgot it while it was shown; it stays greyed with what we know. */
const gone = (approval: Approval): Approval =>
  approval.state.kind === 'waiting'
    ? {
        ...approval,
        state: { kind: 'withdrawn', why: 'This call does not wait any more. Nothing was run.', at: Date.now() },
      }
    : approval

function Dialog({ approval, onAside }: { approval: Approval; onAside: () => void }) {
  const [calmUntil] = useState(() => (isTyping(document.activeElement) ? performance.now() + CALM_MS : 0))
  const titleId = useTitleId()
  return (
    <AlertDialog labelledBy={titleId} width={680} onAside={onAside}>
      <Decision approval={approval} place="dialog" titleId={titleId} calmUntil={calmUntil} onClose={onAside} />
    </AlertDialog>
  )
}
