// What happened to our entry in a client's file, newest first, each with what changed in the file.
import { Button } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { Client, ClientEvent } from '../../../contract/clients.ts'
import type { Problem as ProblemData } from '../../../contract/procedure.ts'
import { hub, problemFrom } from '../../hub.ts'
import { Ago, Foreign, Pane, Problem } from '../../ui/index.ts'
import css from './clients.module.css'
import { KeepSwitch } from './keep-switch.tsx'

type Loaded = { kind: 'loading' } | { kind: 'failed'; error: ProblemData } | { kind: 'ready'; events: ClientEvent[] }

export function HistoryPane({ client, onUndo, onClose }: { client: Client; onUndo: () => void; onClose: () => void }) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' })
  useEffect(() => {
    let current = true
    hub.clients.history({ id: client.id }).then(
      events => current && setLoaded({ kind: 'ready', events }),
      error => current && setLoaded({ kind: 'failed', error: problemFrom(error) }),
    )
    return () => {
      current = false
    }
  }, [client])
  const isGuarded = client.writtenAt !== null
  return (
    <Pane
      label={`History of ${client.name}`}
      title={client.name}
      fact="what happened to our entry in its file"
      width={388}
      onClose={onClose}
      foot={
        (isGuarded || client.canUndo) && (
          <>
            {isGuarded && <KeepSwitch client={client} label="Keep it there" />}
            {client.canUndo && (
              <Button ml="auto" leftSection={<IconArrowBackUp size={14} />} onClick={onUndo}>
                Undo the last write…
              </Button>
            )}
          </>
        )
      }
    >
      {loaded.kind === 'failed' && <Problem error={loaded.error} />}
      {loaded.kind === 'ready' && loaded.events.length === 0 && (
        <p className={css.quiet}>Nothing yet. What is written into its file, or taken out of it, is shown here.</p>
      )}
      {loaded.kind === 'ready' && (
        <ol className={css.events}>
          {loaded.events.map((event, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two things may have happened at one time
            <li key={`${event.at} ${n}`}>
              <div className={css.eventHead}>
                <Ago at={event.at} as="moment" />
                <span>{byWhom(event.by)}</span>
              </div>
              <p>
                <Foreign text={event.words} max={400} />
              </p>
              {event.diff.trim() !== '' && <Change diff={event.diff} open={n === 0} />}
            </li>
          ))}
        </ol>
      )}
    </Pane>
  )
}

/** The lines that changed, and those around them. Secrets in them were hidden before they came here. */
function Change({ diff, open }: { diff: string; open: boolean }) {
  const lines = diff
    .trimEnd()
    .split('\n')
    .filter((line, n) => n > 1 || !/^(---|\+\+\+) /.test(line))
  const count = (sign: string) => lines.filter(line => line.startsWith(sign)).length
  return (
    <details className={css.change} open={open}>
      <summary>
        What changed{' '}
        <span className="num">
          +{count('+')} −{count('-')}
        </span>
      </summary>
      <pre>
        {lines.map((line, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text have no other name
          <span key={n} data-sign={line[0]}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  )
}

function byWhom(by: string): string {
  if (by.startsWith('window')) return 'you, in the window'
  if (by === 'cli') return 'the command line'
  return by === 'guardian' || by === 'gatehouse' ? 'Gatehouse' : by
}
