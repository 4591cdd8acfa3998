// A server's settings: what is started, when, and whether at all. A changed command waits for a person again.
import { Button, Select, Switch, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { bundledOf } from '../../../contract/catalog.ts'
import type { Launch, Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import { useAddress } from '../use-address.ts'
import { LaunchFields, type LaunchText } from './launch-fields.tsx'
import { asLines, pairsText, readPairs } from './launch-text.ts'
import css from './servers.module.css'

export function ConfigTab({ server }: { server: Server }) {
  const update = useCall(hub.servers.update)
  const setEnabled = useCall(hub.servers.setEnabled)
  const [address, go] = useAddress()
  const { launch } = server
  const bundled = bundledOf(launch.command)
  const remote = launch.url !== undefined
  const [name, setName] = useState(server.name)
  const [subject, setSubject] = useState(launch.url ?? launch.command ?? '')
  const [text, setText] = useState<LaunchText>({
    args: launch.args.join('\n'),
    cwd: launch.cwd ?? '',
    pairs: pairsText(remote ? launch.headers : launch.env),
  })
  const [startup, setStartup] = useState(server.startup)
  const [instance, setInstance] = useState(server.instance)
  const [busy, setBusy] = useState(false)
  const { values, problem } = readPairs(text.pairs)
  const next: Launch = remote
    ? { ...launch, url: subject, headers: values }
    : { args: asLines(text.args), env: values, headers: {}, command: subject, ...(text.cwd ? { cwd: text.cwd } : {}) }
  const launchChanged = JSON.stringify(flat(next)) !== JSON.stringify(flat(launch))
  const changed = launchChanged || name !== server.name || startup !== server.startup || instance !== server.instance
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    const input = {
      id: server.id,
      startup,
      ...(instance === server.instance ? {} : { instance }),
      ...(name === server.name ? {} : { name }),
      ...(launchChanged ? { launch: next } : {}),
    }
    const saved = await update(input)
    setBusy(false)
    if (saved) showDone(launchChanged ? `Saved. ${name} waits until you have read its new command.` : 'Saved')
  }
  return (
    <form className={css.form} onSubmit={event => void save(event)}>
      <Switch
        label="In use"
        description="Off: no client sees it, and nothing starts it."
        checked={server.enabled}
        onChange={event => void setEnabled({ id: server.id, enabled: event.currentTarget.checked })}
      />
      {bundled !== undefined && (
        <div>
          <Button onClick={() => go({ ...address, add: `gatehouse:${bundled}`, of: server.id })}>
            Its settings as a form…
          </Button>
        </div>
      )}
      <TextInput label="Name" value={name} onChange={e => setName(e.currentTarget.value)} />
      <TextInput
        label={remote ? 'Address' : 'Command'}
        classNames={{ input: 'mono' }}
        value={subject}
        onChange={e => setSubject(e.currentTarget.value)}
      />
      <LaunchFields remote={remote} text={text} problem={problem} onChange={setText} />
      <Select
        label="Starts"
        data={[
          { value: 'lazy', label: 'on the first call' },
          { value: 'eager', label: 'with Gatehouse' },
        ]}
        allowDeselect={false}
        value={startup}
        onChange={value => setStartup(value === 'eager' ? 'eager' : 'lazy')}
      />
      <Select
        label="Runs"
        description="A process for each client keeps their state apart, and tells it what that client can do."
        data={[
          { value: 'shared', label: 'once, for all clients' },
          { value: 'per-client', label: 'once for each client' },
        ]}
        allowDeselect={false}
        value={instance}
        onChange={value => setInstance(value === 'per-client' ? 'per-client' : 'shared')}
      />
      <div>
        <Button
          type="submit"
          variant="filled"
          loading={busy}
          disabled={!changed || problem !== null || name.trim() === '' || subject.trim() === ''}
        >
          {launchChanged ? 'Save, then read the command' : 'Save'}
        </Button>
      </div>
    </form>
  )
}

/** All that the tab edits, as one text: changed elsewhere, it begins anew, so that what it saves is never older than what is there. */
export const settingsOf = ({ name, launch, startup, instance }: Server) =>
  JSON.stringify([name, startup, instance, flat(launch)])

/** In one order, so that equal launches compare equal. */
const flat = (launch: Launch) => [
  launch.command ?? '',
  launch.url ?? '',
  launch.cwd ?? '',
  launch.args,
  Object.entries(launch.env).sort(),
  Object.entries(launch.headers).sort(),
]
