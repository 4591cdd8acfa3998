// Servers written into a client's own file, past the gate: what is lost, what would stand in it, and taking them back.
import { Button, Checkbox } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useState } from 'react'
import type { DirectPreview } from '../../../contract/client-direct.ts'
import type { MovePreview } from '../../../contract/client-move.ts'
import type { Client } from '../../../contract/clients.ts'
import { hub, listOf, useServers } from '../../hub.ts'
import { Banner, Diff, Foreign, showDone } from '../../ui/index.ts'
import { ClientDialog, useActs } from './client-dialog.tsx'
import css from './clients.module.css'
import move from './move.module.css'
import { Facts } from './preview-dialog.tsx'

type Stage =
  | { kind: 'choose' }
  | { kind: 'write'; preview: DirectPreview }
  | { kind: 'take-back'; preview: MovePreview }

export function DirectDialog({ client, onClose }: { client: Client; onClose: () => void }) {
  const { id, name, direct } = client
  const servers = listOf(useServers()).filter(one => !direct.includes(one.slug))
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [stage, setStage] = useState<Stage>({ kind: 'choose' })
  const [plain, setPlain] = useState(false)
  const { run, busy, problem } = useActs()
  const input = { id, servers: [...chosen] }
  const look = () => run(async () => setStage({ kind: 'write', preview: await hub.direct.preview(input) }))
  const lookBack = () =>
    run(async () => setStage({ kind: 'take-back', preview: await hub.direct.previewTakeBack({ id }) }))
  const finish = () =>
    run(async () => {
      if (stage.kind === 'choose') return
      const { before } = stage.preview
      if (stage.kind === 'write') await hub.direct.write({ ...input, before, plain })
      else await hub.direct.takeBack({ id, before })
      const done = stage.kind === 'write' ? `Wrote servers into ${name}, past the gate.` : `Took them out of ${name}.`
      showDone(`${done} ${client.afterWriting}`)
      onClose()
    })
  const title = `Servers past the gate in ${name}`
  const secrets = stage.kind === 'write' ? stage.preview.plain : []
  return (
    <ClientDialog client={client} title={title} path={client.path} onClose={onClose}>
      <div className={css.diff}>
        {stage.kind === 'choose' ? (
          <div className={move.all}>
            <p className={move.intro}>
              {name} would start the chosen servers itself. Gatehouse sees none of their calls: nothing is asked, no
              rule holds, and nothing is in the log. Connect {name} to Gatehouse instead where you can.
            </p>
            {servers.length === 0 && <p className={move.none}>There is no server to write.</p>}
            {servers.map(one => (
              <Checkbox
                key={one.id}
                checked={chosen.has(one.id)}
                onChange={event => setChosen(toggled(chosen, one.id, event.currentTarget.checked))}
                label={<Foreign text={one.name} max={80} />}
              />
            ))}
            {direct.length > 0 && (
              <section className={move.taken} aria-label="Written before">
                <h3>Written before</h3>
                <div className={move.takenRow}>
                  <Foreign text={direct.join(', ')} max={300} />
                  <span />
                  <Button size="xs" onClick={() => void lookBack()}>
                    Take back…
                  </Button>
                </div>
              </section>
            )}
          </div>
        ) : (
          <Diff before={stage.preview.beforeText} after={stage.preview.afterText} />
        )}
      </div>
      <div className={css.dialogFoot}>
        {stage.kind !== 'choose' && <Facts preview={stage.preview} client={client} />}
        {stage.kind === 'write' && (
          <ul className={css.facts}>
            {stage.preview.losses.map(loss => (
              <li key={loss} data-tone="amber">
                <IconAlertTriangle size={15} stroke={1.7} aria-hidden /> {loss}
              </li>
            ))}
          </ul>
        )}
        {secrets.length > 0 && (
          <Checkbox
            checked={plain}
            onChange={event => setPlain(event.currentTarget.checked)}
            label={`Write the ${secrets.length === 1 ? 'value' : 'values'} of ${secrets.join(', ')} into the file, in plain text`}
          />
        )}
        {problem && (
          <Banner tone="red" role="alert" title={problem.message} text={problem.hint ?? 'Nothing was written.'} />
        )}
        <div className={css.buttons}>
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          {stage.kind === 'choose' ? (
            <Button size="md" variant="filled" disabled={chosen.size === 0} loading={busy} onClick={() => void look()}>
              Look at the change
            </Button>
          ) : (
            <Button
              size="md"
              variant="filled"
              disabled={secrets.length > 0 && !plain}
              loading={busy}
              onClick={() => void finish()}
            >
              {stage.kind === 'write' ? 'Write past the gate' : 'Take back'}
            </Button>
          )}
        </div>
      </div>
    </ClientDialog>
  )
}

function toggled(set: ReadonlySet<string>, one: string, on: boolean): ReadonlySet<string> {
  const next = new Set(set)
  if (on) next.add(one)
  else next.delete(one)
  return next
}
