// The dialog for one waiting call or question, on every page but Approvals; mounted once by the frame. Also tells of new ones.
import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import { listOf, useApprovals, useHub, useQuestions } from '../../hub.ts'
import { AlertDialog } from '../../ui/alert-dialog.tsx'
import { isTyping } from '../../ui/controls.tsx'
import { isInPlace } from '../questions/in-place.ts'
import { Question } from '../questions/question.tsx'
import { Decision, useTitleId } from './decision.tsx'
import { NOBODY, nextTurn, type Turn } from './dialog-turn.ts'
import { useTold } from './tell.ts'

const STEP_MS = 200
/** How long keys are not taken for an answer when the dialog came while somebody typed. */
const CALM_MS = 700

export function DecisionDialog() {
  const approvals = listOf(useApprovals())
  const questions = listOf(useQuestions())
  const live = useHub().kind === 'live'
  const onPage = useLocation({ select: location => location.pathname.startsWith('/approvals') })
  const [turn, setTurn] = useState<Turn>(NOBODY)
  const [aside, setAside] = useState<ReadonlySet<string>>(new Set())
  const last = useRef<Approval | PersonQuestion | null>(null)
  const spoken = useTold(live)
  const busy = turn.kind === 'showing' || [...approvals, ...questions].some(a => a.state.kind === 'waiting')
  useEffect(() => {
    if (!live) return setTurn(NOBODY)
    const step = () => {
      const mayOpen = !onPage && inFront() && !document.querySelector('dialog[open], [aria-modal="true"]')
      const asked = [...approvals, ...questions.filter(one => !isInPlace(one.id))]
      setTurn(now => nextTurn(now, { asked, aside, mayOpen, now: Date.now() }))
    }
    step()
    if (!busy) return
    const timer = setInterval(step, STEP_MS)
    return () => clearInterval(timer)
  }, [approvals, questions, aside, onPage, live, busy])
  const found = turn.kind === 'showing' ? [...approvals, ...questions].find(a => a.id === turn.id) : undefined
  if (found) last.current = found
  const shown = turn.kind !== 'showing' ? null : (found ?? (last.current?.id === turn.id ? gone(last.current) : null))
  return (
    <>
      <div className="visually-hidden" role="alert">
        {spoken}
      </div>
      {shown && <Dialog key={shown.id} asked={shown} onAside={() => setAside(ids => new Set([...ids, shown.id]))} />}
    </>
  )
}

const inFront = () => document.visibilityState === 'visible' && document.hasFocus()

/** The hub forgot it while it was shown; it stays greyed with what we know. */
function gone(asked: Approval | PersonQuestion): Approval | PersonQuestion {
  if (asked.state.kind !== 'waiting') return asked
  const state = (why: string) => ({ kind: 'withdrawn' as const, why, at: Date.now() })
  return isQuestion(asked)
    ? { ...asked, state: state(`${asked.server.name} does not wait for it any more.`) }
    : { ...asked, state: state('This call does not wait any more. Nothing was run.') }
}

const isQuestion = (asked: Approval | PersonQuestion): asked is PersonQuestion => 'asked' in asked

function Dialog({ asked, onAside }: { asked: Approval | PersonQuestion; onAside: () => void }) {
  const [calmUntil] = useState(() => (isTyping(document.activeElement) ? performance.now() + CALM_MS : 0))
  const titleId = useTitleId()
  const how = { place: 'dialog', titleId, calmUntil, onClose: onAside } as const
  return (
    <AlertDialog labelledBy={titleId} width={isQuestion(asked) ? 600 : 680} onAside={onAside}>
      {isQuestion(asked) ? <Question question={asked} {...how} /> : <Decision approval={asked} {...how} />}
    </AlertDialog>
  )
}
