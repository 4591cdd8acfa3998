// A server's settings: what is started, when, and whether at all. A changed command waits for a person again.
import { Button, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { bundledOf } from '../../../contract/catalog.ts'
import type { Launch, Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import { useAddress } from '../use-address.ts'
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
  const [args, setArgs] = useState(launch.args.join('\n'))
  const [cwd, setCwd] = useState(launch.cwd ?? '')
  const [pairs, setPairs] = useState(pairsText(remote ? launch.headers : launch.env))
  const [startup, setStartup] = useState(server.startup)
  const [instance, setInstance] = useState(server.instance)
  const { values, problem } = readPairs(pairs)
  const next: Launch = remote
    ? { ...launch, url: subject, headers: values }
    : { args: asLines(args), env: values, headers: {}, command: subject, ...(cwd ? { cwd } : {}) }
  const launchChanged = JSON.stringify(flat(next)) !== JSON.stringify(flat(launch))
  const changed = launchChanged || name !== server.name || startup !== server.startup || instance !== server.instance
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const input = {
      id: server.id,
      startup,
      ...(instance === server.instance ? {} : { instance }),
      ...(name === server.name ? {} : { name }),
      ...(launchChanged ? { launch: next } : {}),
    }
    if (await update(input))
      showDone(launchChanged ? `Saved. ${name} waits until you have read its new command.` : 'Saved')
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
      {!remote && (
        <>
          <Textarea
            label="Arguments"
            description="One per line, without quotes"
            classNames={{ input: 'mono' }}
            autosize
            minRows={2}
            value={args}
            onChange={e => setArgs(e.currentTarget.value)}
          />
          <TextInput
            label="Folder it starts in"
            placeholder="your home folder"
            value={cwd}
            onChange={e => setCwd(e.currentTarget.value)}
          />
        </>
      )}
      <Textarea
        label={remote ? 'Headers' : 'Environment'}
        description={'One per line, NAME=value. A credential is named, not written here: API_KEY=${secret:API_KEY}'}
        classNames={{ input: 'mono' }}
        autosize
        minRows={2}
        error={problem}
        value={pairs}
        onChange={e => setPairs(e.currentTarget.value)}
      />
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
          disabled={!changed || problem !== null || name.trim() === '' || subject.trim() === ''}
        >
          {launchChanged ? 'Save, then read the command' : 'Save'}
        </Button>
      </div>
    </form>
  )
}

/** In one order, so that equal launches compare equal. */
const flat = (launch: Launch) => [
  launch.command ?? '',
  launch.url ?? '',
  launch.cwd ?? '',
  launch.args,
  Object.entries(launch.env).sort(),
  Object.entries(launch.headers).sort(),
]
