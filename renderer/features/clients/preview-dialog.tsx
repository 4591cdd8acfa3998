// What connecting, disconnecting or undoing would change in a client's file, before anything is written.
import { Button, CopyButton as MantineCopy, Skeleton } from '@mantine/core'
import { IconAlertTriangle, IconArchive, IconCircleCheck, IconInfoCircle, IconPower } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { MovePreview } from '../../../contract/client-move.ts'
import type { Client, ClientAction, Preview } from '../../../contract/clients.ts'
import type { Problem as ProblemData } from '../../../contract/procedure.ts'
import { hub, problemFrom } from '../../hub.ts'
import { Banner, Diff, showDone, showProblem } from '../../ui/index.ts'
import { ClientDialog, useActs } from './client-dialog.tsx'
import css from './clients.module.css'

type Loaded = { kind: 'loading' } | { kind: 'failed'; error: ProblemData } | { kind: 'ready'; preview: Preview }

const TITLES = {
  connect: (c: Client) =>
    c.status === 'dropped' || c.status === 'drifted' ? `Put Gatehouse back into ${c.name}` : `Connect ${c.name}`,
  disconnect: (c: Client) => `Disconnect ${c.name}`,
  undo: (c: Client) => `Undo the last write to ${c.name}`,
  token: (c: Client) => `Replace the token of ${c.name}`,
} as const

const DONE = {
  connect: (c: Client) => `Wrote Gatehouse into ${c.name}.`,
  disconnect: (c: Client) => `Took the entry out of ${c.name}.`,
  undo: (c: Client) => `${c.name} has its file back as it was.`,
  token: (c: Client) => `Replaced the token of ${c.name}. ${c.afterWriting}`,
} as const

export function PreviewDialog({
  client,
  action,
  onClose,
}: {
  client: Client
  action: ClientAction
  onClose: () => void
}) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' })
  const { run, busy: writing, problem, setProblem } = useActs()
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round looks again
  useEffect(() => {
    let current = true
    setLoaded({ kind: 'loading' })
    setProblem(null)
    hub.clients.preview({ id: client.id, action }).then(
      preview => current && setLoaded({ kind: 'ready', preview }),
      error => current && setLoaded({ kind: 'failed', error: problemFrom(error) }),
    )
    return () => {
      current = false
    }
  }, [client.id, action, round])
  const write = (preview: Preview) =>
    run(async () => {
      const { id } = client
      const write = { id, before: preview.before }
      const written = await (action === 'token' ? hub.clients.replaceToken(write) : hub.clients[action](write))
      const undo = () =>
        hub.clients.undo({ id, before: written.sha256 }).then(
          () => showDone(DONE.undo(client)),
          error => showProblem(problemFrom(error)),
        )
      const again = action === 'undo' || action === 'token' ? undefined : () => void undo()
      showDone(DONE[action](client), again)
      onClose()
    })
  const reopen = () =>
    run(async () => {
      const { reopened } = await hub.clients.quitAndWrite({ id: client.id })
      showDone(`${DONE.connect(client)} ${reopened ? 'It was opened again.' : `Open ${client.name} again.`}`)
      onClose()
    })
  const preview = loaded.kind === 'ready' ? loaded.preview : null
  const quits = preview?.canQuit === true && action === 'connect'
  const same = preview?.changes === false
  return (
    <ClientDialog client={client} title={TITLES[action](client)} path={preview?.path ?? client.path} onClose={onClose}>
      <div className={css.diff}>
        {loaded.kind === 'loading' && <Skeleton m={16} height={180} />}
        {preview && !same && <Diff before={preview.beforeText} after={preview.afterText} />}
        {same && <p className={css.same}>The file is already as it would be. There is nothing to write.</p>}
      </div>
      <div className={css.dialogFoot}>
        {loaded.kind === 'failed' && (
          <Banner
            tone="red"
            role="alert"
            title={loaded.error.message}
            text={loaded.error.hint ?? 'The file was not touched.'}
          >
            <Button onClick={() => setRound(n => n + 1)}>Look again</Button>
          </Banner>
        )}
        {preview && !same && <Facts preview={preview} client={client} />}
        {problem && (
          <Banner tone="red" role="alert" title={problem.message} text={problem.hint ?? 'Nothing was written.'}>
            <Button onClick={() => setRound(n => n + 1)}>Look again</Button>
          </Banner>
        )}
        <div className={css.buttons}>
          {preview && !same && (
            <MantineCopy value={preview.diff}>
              {({ copied, copy }) => (
                <Button size="md" variant="subtle" onClick={copy}>
                  {copied ? 'Copied' : 'Copy the change'}
                </Button>
              )}
            </MantineCopy>
          )}
          <Button size="md" onClick={onClose}>
            {same ? 'Close' : 'Cancel'}
          </Button>
          {!same && (
            <Button
              size="md"
              variant={quits ? 'default' : 'filled'}
              disabled={!preview || (quits && writing)}
              loading={writing && !quits}
              onClick={() => preview && void write(preview)}
            >
              {quits ? 'Write all the same' : 'Write'}
            </Button>
          )}
          {!same && quits && (
            <Button size="md" variant="filled" loading={writing} onClick={() => void reopen()}>
              Quit, write, reopen
            </Button>
          )}
        </div>
      </div>
    </ClientDialog>
  )
}

export function Facts({ preview, client }: { preview: MovePreview & { action?: ClientAction }; client: Client }) {
  return (
    <ul className={css.facts}>
      <li data-tone="green">
        <IconCircleCheck size={15} stroke={1.7} aria-hidden /> {preview.summary}
      </li>
      {!/copy|Undo/i.test(preview.summary) && (
        <li>
          <IconArchive size={15} stroke={1.7} aria-hidden />
          {preview.exists
            ? 'A copy of the file as it is now is kept.'
            : 'The file does not exist yet. Undo takes it away again.'}
        </li>
      )}
      {preview.warnings.map(warning => (
        <li key={warning} data-tone="amber">
          <IconAlertTriangle size={15} stroke={1.7} aria-hidden /> {warning}
        </li>
      ))}
      {preview.alsoReadBy.length > 0 && (
        <li>
          <IconInfoCircle size={15} stroke={1.7} aria-hidden /> Also read by {preview.alsoReadBy.join('; ')}.
        </li>
      )}
      {preview.action === 'token' && (
        <li>
          <IconInfoCircle size={15} stroke={1.7} aria-hidden /> What is open with the old token ends when this is
          written.
        </li>
      )}
      {(preview.action === 'connect' || preview.action === 'token') && client.afterWriting && (
        <li>
          <IconPower size={15} stroke={1.7} aria-hidden /> {client.afterWriting}
        </li>
      )}
    </ul>
  )
}
