// Moving over: the servers in a client's own file, taken into Gatehouse with their keys in the vault, and given back.
import { Button, Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ClientServers, MovePreview, TakePreview } from '../../../contract/client-move.ts'
import type { Client } from '../../../contract/clients.ts'
import { hub, problemFrom } from '../../hub.ts'
import { Banner, plural, showDone, showProblem } from '../../ui/index.ts'
import type { ActionProps } from './client-actions.tsx'
import { ClientDialog, useActs } from './client-dialog.tsx'
import css from './clients.module.css'
import { type Choice, freshChoice, keysOf } from './move-choice.ts'
import { MoveFacts, MovePreviewed } from './move-previewed.tsx'
import { OwnServers } from './own-servers.tsx'

type Stage =
  | { kind: 'loading' }
  | { kind: 'failed' }
  | { kind: 'choose'; found: ClientServers }
  | { kind: 'take'; found: ClientServers; preview: TakePreview }
  | { kind: 'give'; found: ClientServers; names: string[]; preview: MovePreview }

interface Props {
  client: Client
  onOpen: ActionProps['onOpen']
  onClose: () => void
}

export function MoveDialog({ client, onOpen, onClose }: Props) {
  const { id, name } = client
  const [stage, setStage] = useState<Stage>({ kind: 'loading' })
  const [choice, setChoice] = useState<Choice | null>(null)
  const { run, busy, problem, setProblem } = useActs()
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round looks again
  useEffect(() => {
    let current = true
    setProblem(null)
    setStage({ kind: 'loading' })
    hub.moves.servers({ id }).then(
      found => {
        if (!current) return
        setChoice(freshChoice(found))
        setStage({ kind: 'choose', found })
      },
      error => {
        if (!current) return
        setProblem(problemFrom(error))
        setStage({ kind: 'failed' })
      },
    )
    return () => {
      current = false
    }
  }, [id, round])
  const names = [...(choice?.servers ?? [])]
  const previewTake = (found: ClientServers) =>
    run(async () => {
      const preview = await hub.moves.previewTake({ id, names, keys: keysOf(choice!, found) })
      setStage({ kind: 'take', found, preview })
    })
  const take = (found: ClientServers, preview: TakePreview) =>
    run(async () => {
      const taken = await hub.moves.take({ id, names, keys: keysOf(choice!, found), before: preview.before })
      const undo = () =>
        void hub.clients.undo({ id, before: taken.sha256 }).then(
          () => showDone(`${name} has its file back as it was.`),
          error => showProblem(problemFrom(error)),
        )
      const count = plural(taken.servers.length, 'server')
      showDone(
        `Took ${count} over from ${name}. ${taken.servers.length === 1 ? 'It waits' : 'Each waits'} for you before it runs. ${taken.afterWriting}`,
        undo,
      )
      onClose()
    })
  const previewGive = (found: ClientServers, given: string[]) =>
    run(async () => {
      const preview = await hub.moves.previewGiveBack({ id, names: given })
      setStage({ kind: 'give', found, names: given, preview })
    })
  const give = ({ names: given, preview }: Extract<Stage, { kind: 'give' }>) =>
    run(async () => {
      await hub.moves.giveBack({ id, names: given, before: preview.before })
      showDone(`Gave ${given.join(', ')} back to ${name}.`)
      onClose()
    })
  const found = 'found' in stage ? stage.found : null
  const title = stage.kind === 'give' ? `Give servers back to ${name}` : `Move the servers of ${name}`
  return (
    <ClientDialog client={client} title={title} path={found?.path ?? client.path} onClose={onClose}>
      <div className={css.diff}>
        {stage.kind === 'loading' && <Skeleton m={16} height={180} />}
        {stage.kind === 'choose' && choice && (
          <OwnServers
            client={client}
            found={stage.found}
            choice={choice}
            onChange={setChoice}
            onGiveBack={given => void previewGive(stage.found, given)}
            onUndo={() => onOpen(id, 'undo')}
          />
        )}
        {(stage.kind === 'take' || stage.kind === 'give') && (
          <MovePreviewed
            client={client}
            preview={stage.preview}
            holds={stage.kind === 'take' ? stage.preview.holds : []}
          />
        )}
      </div>
      <div className={css.dialogFoot}>
        {(stage.kind === 'take' || stage.kind === 'give') && (
          <MoveFacts
            client={client}
            preview={stage.preview}
            keys={stage.kind === 'give' ? keysGiven(stage.found, stage.names) : []}
          />
        )}
        {problem && (
          <Banner tone="red" role="alert" title={problem.message} text={problem.hint ?? 'The file was not touched.'}>
            <Button onClick={() => setRound(n => n + 1)}>Look again</Button>
          </Banner>
        )}
        <div className={css.buttons}>
          {(stage.kind === 'take' || stage.kind === 'give') && (
            <Button size="md" variant="subtle" onClick={() => setStage({ kind: 'choose', found: stage.found })}>
              Back
            </Button>
          )}
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          {stage.kind === 'choose' && stage.found.servers.some(one => one.cannot === null) && (
            <Button
              size="md"
              variant="filled"
              disabled={names.length === 0}
              loading={busy}
              onClick={() => void previewTake(stage.found)}
            >
              See the change…
            </Button>
          )}
          {stage.kind === 'take' && (
            <Button size="md" variant="filled" loading={busy} onClick={() => void take(stage.found, stage.preview)}>
              Take {plural(names.length, 'server')} over
            </Button>
          )}
          {stage.kind === 'give' && (
            <Button size="md" variant="filled" loading={busy} onClick={() => void give(stage)}>
              Give back
            </Button>
          )}
        </div>
      </div>
    </ClientDialog>
  )
}

function keysGiven({ taken }: ClientServers, names: readonly string[]): string[] {
  return [...new Set(taken.flatMap(one => (names.includes(one.name) ? one.keys : [])))]
}
