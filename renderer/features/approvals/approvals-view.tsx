// The inbox: everything that waits for a person, what was answered, and the one that is looked at, whole.
import { Button } from '@mantine/core'
import { IconBell } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { listOf, useApprovals, useHub, useQuestions } from '../../hub.ts'
import { EmptyState, GroupRow, Page, PageHeader, Problem, RowsSkeleton } from '../../ui/layout.tsx'
import { plural } from '../../ui/numbers.ts'
import { LeaveAll } from '../policy/suggestions.tsx'
import { suggestionId, useSuggestions } from '../policy/use-suggestions.ts'
import { Question } from '../questions/question.tsx'
import { textOf, useAddress } from '../use-address.ts'
import { useWalk } from '../use-walk.ts'
import css from './approvals.module.css'
import { CommandSheet } from './command-sheet.tsx'
import { Decision, useTitleId } from './decision.tsx'
import { HeldSheet } from './held-sheet.tsx'
import { AnsweredItem, CommandItem, HeldItem, heldId, ProposalItem, QuestionItem, SuggestionItem } from './items.tsx'
import { KeepAll } from './keep-all.tsx'
import { ProposalSheet } from './proposal-sheet.tsx'
import { SuggestionSheet } from './suggestion-sheet.tsx'
import { grouped, useWaiting } from './waiting.ts'
import { WaitingCalls } from './waiting-calls.tsx'

export function ApprovalsView() {
  const approvals = useApprovals()
  const waiting = useWaiting()
  const [address, go] = useAddress()
  const titleId = useTitleId()
  const all = listOf(approvals)
  const asked = listOf(useQuestions())
  const suggestions = useSuggestions()
  const answered = [...all, ...asked].filter(a => a.state.kind !== 'waiting').sort((a, b) => b.askedAt - a.askedAt)
  const ids = [
    ...grouped(waiting.calls).flatMap(group => group.calls.map(one => one.id)),
    ...[...waiting.questions, ...waiting.commands].map(one => one.id),
    ...waiting.held.map(heldId),
    ...waiting.proposals.map(one => one.id),
    ...suggestions.list.map(suggestionId),
    ...answered.map(one => one.id),
  ]
  const wanted = textOf(address.item)
  // What was looked at stays, also when it was answered meanwhile; nothing takes its place by itself.
  const [first, setFirst] = useState<string | null>(null)
  const selected = wanted ?? first
  const firstWaiting = waiting.count > 0 ? ids[0]! : null
  useEffect(() => {
    if (first === null && firstWaiting !== null) setFirst(firstWaiting)
  }, [first, firstWaiting])
  const select = (id: string) => go({ item: id }, { replace: wanted !== undefined })
  useWalk(ids, selected, select)
  if (approvals.kind === 'loading')
    return (
      <Page header={<PageHeader title="Approvals" />}>
        <RowsSkeleton height={60} />
      </Page>
    )
  if (approvals.kind === 'failed')
    return (
      <Page header={<PageHeader title="Approvals" />}>
        <Problem error={approvals.error} />
      </Page>
    )
  const header = (
    <PageHeader
      title="Approvals"
      fact={waiting.count > 0 ? `${waiting.count} ${waiting.count === 1 ? 'waits' : 'wait'}` : undefined}
    >
      <NotificationButton />
    </PageHeader>
  )
  if (ids.length === 0) {
    return (
      <Page header={header}>
        <EmptyState
          title="Nothing waits for you."
          text="When an AI client wants to run something that changes or destroys, or a server asks you something, it waits here until you have decided."
        />
      </Page>
    )
  }
  const call = all.find(a => a.id === selected)
  const question = asked.find(q => q.id === selected)
  const command = waiting.commands.find(s => s.id === selected)
  const held = waiting.held.find(s => heldId(s) === selected)
  const proposal = waiting.proposals.find(p => p.id === selected)
  const suggestion = suggestions.list.find(one => suggestionId(one) === selected)
  const item = (id: string) => ({ current: id === selected, onOpen: () => select(id) })
  return (
    <Page header={header}>
      <div className={css.inbox}>
        <div className={css.list}>
          <WaitingCalls calls={waiting.calls} item={item} />
          {waiting.questions.length > 0 && <GroupRow title="Questions of servers" count={waiting.questions.length} />}
          {waiting.questions.map(one => (
            <QuestionItem key={one.id} question={one} {...item(one.id)} />
          ))}
          {waiting.commands.length > 0 && <GroupRow title="Commands" count={waiting.commands.length} />}
          {waiting.commands.map(one => (
            <CommandItem key={one.id} server={one} {...item(one.id)} />
          ))}
          {waiting.held.length > 0 && <GroupRow title="Changed tools" count={waiting.held.length} />}
          {waiting.held.map(one => (
            <HeldItem key={one.id} server={one} {...item(heldId(one))} />
          ))}
          {waiting.proposals.length > 0 && (
            <GroupRow
              title="Asked for outside this window"
              count={waiting.proposals.length}
              right={<KeepAll proposals={waiting.proposals} />}
            />
          )}
          {waiting.proposals.map(one => (
            <ProposalItem key={one.id} proposal={one} {...item(one.id)} />
          ))}
          {suggestions.list.length > 0 && (
            <GroupRow title="Always yes" count={suggestions.list.length} right={<LeaveAll {...suggestions} />} />
          )}
          {suggestions.list.map(one => (
            <SuggestionItem key={suggestionId(one)} suggestion={one} {...item(suggestionId(one))} />
          ))}
          {answered.length > 0 && <GroupRow title="Answered" count={answered.length} />}
          {answered.map(one =>
            'asked' in one ? (
              <QuestionItem key={one.id} question={one} {...item(one.id)} />
            ) : (
              <AnsweredItem key={one.id} approval={one} {...item(one.id)} />
            ),
          )}
        </div>
        <div className={css.pane}>
          {call && <Decision key={call.id} approval={call} place="pane" titleId={titleId} />}
          {question && <Question key={question.id} question={question} place="pane" titleId={titleId} />}
          {command?.agreement && (
            <CommandSheet key={command.agreement.digest} server={command} agreement={command.agreement} />
          )}
          {held && <HeldSheet key={heldId(held)} server={held} />}
          {proposal && <ProposalSheet key={proposal.id} proposal={proposal} />}
          {suggestion && (
            <SuggestionSheet
              key={suggestionId(suggestion)}
              suggestion={suggestion}
              onLeave={() => suggestions.leave([suggestion])}
              onDone={() => go({})}
            />
          )}
          {!call && !question && !command && !held && !proposal && !suggestion && (
            <EmptyState
              title={waiting.count === 0 ? 'Nothing waits for you.' : selected ? 'This one is settled.' : 'Choose one.'}
              text={answered.length > 0 ? `${plural(answered.length, 'was', 'were')} answered lately.` : undefined}
            />
          )}
        </div>
      </div>
    </Page>
  )
}

/** Asks the browser for notifications, once, by a press: without one it would not be heard. */
function NotificationButton() {
  const [permission, setPermission] = useState(() => ('Notification' in window ? Notification.permission : 'denied'))
  const live = useHub().kind === 'live'
  if (permission !== 'default' || !live) return null
  return (
    <Button
      leftSection={<IconBell size={14} />}
      onClick={() => void Notification.requestPermission().then(setPermission)}
    >
      Notify me when I am elsewhere
    </Button>
  )
}
