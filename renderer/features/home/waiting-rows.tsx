// Everything that waits, one row each: calls with their clock first, then commands, then changes asked for elsewhere.
import { Button } from '@mantine/core'
import { IconArrowUpRight, IconChevronRight, IconMessageQuestion } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { Diamond } from '../../ui/glyphs.tsx'
import {
  Ago,
  Box,
  ClientTile,
  Foreign,
  left,
  Mono,
  RiskMark,
  Row,
  ServerTile,
  Tile,
  useNow,
  useStale,
} from '../../ui/index.ts'
import { heldId } from '../approvals/items.tsx'
import type { Waiting } from '../approvals/waiting.ts'
import { gist } from '../approvals/words.ts'
import { gist as gistOf, WANTS } from '../questions/words.ts'
import { waitingWords } from '../servers/attention.ts'
import { heldWords } from '../servers/held-words.ts'
import css from './home.module.css'

const MOST = 6

export function WaitingRows({ waiting }: { waiting: Waiting }) {
  const navigate = useNavigate()
  const more = Math.max(0, waiting.calls.length - MOST)
  return (
    <Box>
      {waiting.calls.slice(0, MOST).map(approval => (
        <Call key={approval.id} approval={approval} />
      ))}
      {more > 0 && (
        <Row
          title={`${more} more calls wait`}
          right={
            <Button size="xs" onClick={() => void navigate({ to: '/approvals' })}>
              Open approvals
            </Button>
          }
        />
      )}
      {waiting.questions.slice(0, MOST).map(question => (
        <Question key={question.id} question={question} />
      ))}
      {waiting.commands.map(server => (
        <Command key={server.id} server={server} />
      ))}
      {waiting.held.map(server => (
        <Held key={server.id} server={server} />
      ))}
      {waiting.proposals.map(proposal => (
        <Row
          key={proposal.id}
          lead={
            <Lead>
              <Tile>
                <IconArrowUpRight size={14} stroke={1.7} />
              </Tile>
            </Lead>
          }
          title={<Foreign text={proposal.what} max={160} />}
          text={`asked for from ${proposal.from === 'cli' ? 'the command line' : proposal.from}; nothing has changed yet`}
          right={
            <>
              <span className={css.quiet}>
                <Ago at={proposal.at} as="span" />
              </span>
              <Button size="xs" onClick={() => void navigate({ to: '/approvals', search: { item: proposal.id } })}>
                See the change…
              </Button>
            </>
          }
        />
      ))}
    </Box>
  )
}

const Lead = ({ children }: { children: ReactNode }) => (
  <span className={css.lead}>
    <span className={css.amber} style={{ display: 'flex' }}>
      <Diamond />
    </span>
    {children}
  </span>
)

function Call({ approval }: { approval: Approval }) {
  const navigate = useNavigate()
  const answer = useCall(hub.approvals.answer)
  const remains = approval.clientUntil - useNow()
  const stale = useStale()
  return (
    <Row
      lead={
        <Lead>
          <ClientTile client={approval.client.id} />
        </Lead>
      }
      title={
        <span className={css.who}>
          <span>{approval.client.title}</span>
          <IconChevronRight size={12} aria-hidden="true" />
          <span style={{ fontWeight: 400, color: 'var(--text-2)' }}>{approval.server.name}</span>
          <code>
            <Foreign text={approval.tool} max={80} />
          </code>
        </span>
      }
      text={<Foreign text={gist(approval) || 'no arguments'} max={160} />}
      right={
        <>
          <RiskMark risk={approval.risk} />
          <span className={css.left}>{stale ? '–' : remains > 0 ? `${left(remains)} left` : 'still open'}</span>
          <Button
            size="xs"
            ml={16}
            onClick={() => void answer({ id: approval.id, answer: { kind: 'deny' } })}
            aria-label={`Deny ${approval.tool}`}
          >
            Deny
          </Button>
          <Button size="xs" onClick={() => void navigate({ to: '/approvals', search: { item: approval.id } })}>
            Review…
          </Button>
        </>
      }
    />
  )
}

function Question({ question }: { question: PersonQuestion }) {
  const navigate = useNavigate()
  return (
    <Row
      lead={
        <Lead>
          <Tile>
            <IconMessageQuestion size={14} stroke={1.7} />
          </Tile>
        </Lead>
      }
      title={
        <>
          {question.server.name} <span style={{ fontWeight: 400 }}>{WANTS[question.asked.kind]}</span>
        </>
      }
      text={<Foreign text={gistOf(question)} max={160} />}
      right={
        <>
          <span className={css.quiet}>
            <Ago at={question.askedAt} as="span" />
          </span>
          <Button size="xs" onClick={() => void navigate({ to: '/approvals', search: { item: question.id } })}>
            Answer…
          </Button>
        </>
      }
    />
  )
}

function Held({ server }: { server: Server }) {
  const navigate = useNavigate()
  return (
    <Row
      lead={
        <Lead>
          <ServerTile server={server} />
        </Lead>
      }
      title={
        <>
          {server.name} <span style={{ fontWeight: 400 }}>offers {heldWords(server)} you have not seen</span>
        </>
      }
      text="Kept from every client until you have looked."
      right={
        <Button size="xs" onClick={() => void navigate({ to: '/approvals', search: { item: heldId(server) } })}>
          See the change…
        </Button>
      }
    />
  )
}

function Command({ server }: { server: Server }) {
  const navigate = useNavigate()
  const { state, agreement } = server
  const first = state.kind === 'waiting' && state.for === 'agreement'
  return (
    <Row
      lead={
        <Lead>
          <ServerTile server={server} />
        </Lead>
      }
      title={
        <>
          {server.name}{' '}
          <span style={{ fontWeight: 400 }}>
            {first && agreement?.unread
              ? 'waits for the keychain'
              : first
                ? agreement?.before
                  ? 'wants to run another command'
                  : 'wants to start for the first time'
                : 'needs a credential'}
          </span>
        </>
      }
      text={
        first && !agreement?.unread ? (
          <Mono>
            <Foreign text={server.commandLine} max={200} />
          </Mono>
        ) : (
          waitingWords(server)
        )
      }
      right={
        agreement?.unread ? (
          <Button size="xs" onClick={() => void navigate({ to: '/credentials' })}>
            See Credentials
          </Button>
        ) : (
          <Button size="xs" onClick={() => void navigate({ to: '.', search: { agree: server.id } })}>
            {first ? 'Read the command…' : 'Give credential…'}
          </Button>
        )
      }
    />
  )
}
