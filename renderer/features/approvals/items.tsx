// The rows of the inbox, one for each kind of thing that waits or waited.
import {
  IconArrowUpRight,
  IconChevronRight,
  IconMessageQuestion,
  IconRepeat,
  IconShieldHalf,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Approval, Proposal, Suggestion } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import type { Server } from '../../../contract/servers.ts'
import { Ago, useNow, useStale } from '../../ui/clock.tsx'
import { Foreign } from '../../ui/foreign.tsx'
import { ClientTile, ServerTile, Tile } from '../../ui/tile.tsx'
import { gist as gistOf, ending as questionEnding, WANTS } from '../questions/words.ts'
import { waitingWords } from '../servers/attention.ts'
import { heldWords } from '../servers/held-words.ts'
import { useNames } from '../use-names.ts'
import css from './approvals.module.css'
import { clock, ending, gist } from './words.ts'

interface Opens {
  current: boolean
  onOpen: () => void
}

function Item(
  props: Opens & { tile: ReactNode; title: ReactNode; text: ReactNode; right?: ReactNode; quiet?: boolean },
) {
  return (
    <button
      type="button"
      className={css.item}
      aria-current={props.current}
      data-quiet={props.quiet}
      onClick={props.onOpen}
    >
      {props.tile}
      <span className={css.itemMain}>
        <span className={css.itemTitle}>{props.title}</span>
        <span className={css.itemText} style={{ display: 'block' }}>
          {props.text}
        </span>
      </span>
      {props.right}
    </button>
  )
}

export function CallItem({ approval, ...opens }: Opens & { approval: Approval }) {
  const left = approval.clientUntil - useNow()
  const stale = useStale()
  return (
    <Item
      {...opens}
      tile={<ClientTile client={approval.client.id} />}
      title={
        <>
          <span>{approval.client.title}</span>
          <IconChevronRight size={13} aria-hidden />
          <code>
            <Foreign text={approval.tool} max={80} />
          </code>
        </>
      }
      text={
        <>
          {approval.server.name}
          {gist(approval) && ' · '}
          <Foreign text={gist(approval)} max={160} />
        </>
      }
      right={
        <span className={css.itemTime} data-waits={left > 0 && !stale}>
          {stale ? '–' : left > 0 ? clock(left) : <Ago at={approval.askedAt} as="span" />}
        </span>
      }
    />
  )
}

export function AnsweredItem({ approval, ...opens }: Opens & { approval: Approval }) {
  const { state } = approval
  return (
    <Item
      {...opens}
      quiet
      tile={<ClientTile client={approval.client.id} size={20} />}
      title={
        <code>
          <Foreign text={approval.tool} max={80} />
        </code>
      }
      text={<Foreign text={ending(state)} max={160} />}
      right={<span className={css.itemTime}>{state.kind !== 'waiting' && <Ago at={state.at} as="moment" />}</span>}
    />
  )
}

export function QuestionItem({ question, ...opens }: Opens & { question: PersonQuestion }) {
  const waits = question.state.kind === 'waiting'
  const left = question.until - useNow()
  const stale = useStale()
  return (
    <Item
      {...opens}
      quiet={!waits}
      tile={
        <Tile size={waits ? 24 : 20}>
          <IconMessageQuestion size={14} stroke={1.7} />
        </Tile>
      }
      title={
        <span>
          {question.server.name} {WANTS[question.asked.kind]}
        </span>
      }
      text={<Foreign text={waits ? gistOf(question) : questionEnding(question)} max={160} />}
      right={
        <span className={css.itemTime} data-waits={waits && !stale}>
          {question.state.kind !== 'waiting' ? <Ago at={question.state.at} as="moment" /> : stale ? '–' : clock(left)}
        </span>
      }
    />
  )
}

export function CommandItem({ server, ...opens }: Opens & { server: Server }) {
  const asksToRun = server.state.kind === 'waiting' && server.state.for === 'agreement'
  return (
    <Item
      {...opens}
      tile={<ServerTile server={server} />}
      title={
        <span>
          {server.name}, {server.agreement?.before ? 'changed command' : asksToRun ? 'first start' : 'credential'}
        </span>
      }
      text={asksToRun ? <Foreign text={server.commandLine} max={200} mono /> : waitingWords(server)}
    />
  )
}

/** Where its sheet stands in the inbox: the server itself may wait there too. */
export const heldId = (server: Pick<Server, 'id'>): string => `held ${server.id}`

export function HeldItem({ server, ...opens }: Opens & { server: Server }) {
  return (
    <Item
      {...opens}
      tile={<ServerTile server={server} />}
      title={
        <span>
          {server.name}, {heldWords(server)} not seen yet
        </span>
      }
      text="Kept from every client until you have looked."
    />
  )
}

export function ProposalItem({ proposal, ...opens }: Opens & { proposal: Proposal }) {
  return (
    <Item
      {...opens}
      tile={
        <Tile>
          {proposal.from === 'cli' ? (
            <IconArrowUpRight size={14} stroke={1.7} />
          ) : (
            <IconShieldHalf size={14} stroke={1.7} />
          )}
        </Tile>
      }
      title={<Foreign text={proposal.what} max={120} />}
      text={
        <>
          <Foreign text={proposal.after} max={90} /> · from{' '}
          {proposal.from === 'cli' ? 'the command line' : proposal.from}
        </>
      }
      right={
        <span className={css.itemTime}>
          <Ago at={proposal.at} as="span" />
        </span>
      }
    />
  )
}

export function SuggestionItem({ suggestion, ...opens }: Opens & { suggestion: Suggestion }) {
  const names = useNames()
  const { client, server, tool, yes } = suggestion
  return (
    <Item
      {...opens}
      tile={
        <Tile>
          <IconRepeat size={14} stroke={1.7} />
        </Tile>
      }
      title={
        <>
          <span>{names.client(client)}</span>
          <IconChevronRight size={13} aria-hidden />
          <code>
            <Foreign text={tool} max={80} />
          </code>
        </>
      }
      text={`${names.server(server)} · ${yes} questions, each a yes. Make a rule?`}
    />
  )
}
