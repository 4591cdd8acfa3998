// Where a server or a client stands: always a glyph and a word. While the hub is gone, grey and past tense.
import type { ReactNode } from 'react'
import type { Client, ClientStatus } from '../../contract/clients.ts'
import type { ServerState } from '../../contract/servers.ts'
import { Ago, Countdown, moment, useStale } from './clock.tsx'
import { Arc, BrokenRing, Crescent, Diamond, Disc, Octagon, Ring } from './glyphs.tsx'
import css from './marks.module.css'
import { plural } from './numbers.ts'

type Tone = 'green' | 'grey' | 'blue' | 'amber' | 'red'
interface Look {
  glyph: ReactNode
  tone: Tone
  word: string
  fact?: ReactNode
}

function lookOf(state: ServerState): Look {
  switch (state.kind) {
    case 'running':
      return { glyph: <Disc />, tone: 'green', word: 'Running', fact: <Ago at={state.since} as="span" /> }
    case 'sleeping':
      return { glyph: <Crescent />, tone: 'grey', word: 'Sleeping', fact: `since ${moment(state.since)}` }
    case 'stopped':
      return { glyph: <Ring />, tone: 'grey', word: 'Stopped' }
    case 'starting':
      return {
        glyph: <Arc className={css.turning} />,
        tone: 'blue',
        word: 'Starting',
        fact: <Ago at={state.since} as="span" />,
      }
    case 'stopping':
      return {
        glyph: <Arc className={css.turning} />,
        tone: 'blue',
        word: state.next === 'starting' ? 'Restarting' : 'Stopping',
        fact: <Ago at={state.since} as="span" />,
      }
    case 'backing-off':
      return {
        glyph: <BrokenRing />,
        tone: 'red',
        word: 'Backing off',
        fact: (
          <>
            again in <Countdown until={state.retryAt} />
          </>
        ),
      }
    case 'crash-looping':
      // A command that cannot start at all is not tried again.
      if (state.starts <= 1) return { glyph: <Octagon />, tone: 'red', word: 'Cannot start' }
      return { glyph: <Octagon />, tone: 'red', word: 'Crash-looping', fact: plural(state.starts, 'start') }
    case 'waiting':
      return { glyph: <Diamond />, tone: 'amber', word: 'Waits for you' }
  }
}

/** "Running" as one word, for titles and speech. */
export const stateWord = (state: ServerState): string => lookOf(state).word

const past = (word: string) => {
  if (word === 'Waits for you') return 'Waited for you'
  if (word === 'Cannot start') return 'Could not start'
  return `Was ${word[0]!.toLowerCase()}${word.slice(1)}`
}

function Mark({ look, quiet }: { look: Look; quiet: boolean | undefined }) {
  const stale = useStale()
  return (
    <span className={`${css.mark} ${stale ? css.past : css[look.tone]}`}>
      {look.glyph}
      <span>{stale ? past(look.word) : look.word}</span>
      {!stale && !quiet && look.fact && <span className={`${css.fact} num`}>{look.fact}</span>}
    </span>
  )
}

/** A server's state. `quiet` leaves out its age. */
export function StateMark({ state, quiet }: { state: ServerState; quiet?: boolean }) {
  return <Mark look={lookOf(state)} quiet={quiet} />
}

const clientLooks: Record<ClientStatus, Look> = {
  connected: { glyph: <Disc />, tone: 'green', word: 'Connected' },
  written: { glyph: <Diamond />, tone: 'amber', word: 'Written' },
  waiting: { glyph: <Diamond />, tone: 'amber', word: 'Waits for the client' },
  drifted: { glyph: <Diamond />, tone: 'amber', word: 'Entry was changed' },
  dropped: { glyph: <Octagon />, tone: 'red', word: 'Dropped by the client' },
  unreadable: { glyph: <Octagon />, tone: 'red', word: 'File cannot be read' },
  'no-permission': { glyph: <Octagon />, tone: 'red', word: 'Needs your permission' },
  found: { glyph: <Ring />, tone: 'grey', word: 'Not connected' },
  'not-installed': { glyph: <Ring />, tone: 'grey', word: 'Not installed' },
}

const wasLinked: Look = { glyph: <Ring />, tone: 'grey', word: 'Not linked now' }
const isGone: Look = { ...clientLooks.dropped, word: 'Entry is gone' }

/** How an AI client stands: "written" is not "connected", and who took an entry out is not always known. */
export function ClientMark({ client }: { client: Pick<Client, 'status' | 'linkedAt' | 'asks'> }) {
  const { status, linkedAt, asks } = client
  const look =
    status === 'written' && linkedAt !== null
      ? wasLinked
      : status === 'dropped' && asks?.why === 'removed'
        ? isGone
        : clientLooks[status]
  return <Mark look={look} quiet />
}
