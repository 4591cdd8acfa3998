// Adding a server, from any page: paste, by hand, or the files server with a folder. `?add=` opens it.
import { Button, Checkbox, Modal, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hub, useCall } from '../../hub.ts'
import { textOf, useAddress } from '../use-address.ts'
import { asLines, readPairs } from './launch-text.ts'
import { PasteField, tell } from './paste-field.tsx'

type Way = 'paste' | 'by-hand' | 'files'

export function AddServerDialog() {
  const [address, go] = useAddress()
  const add = textOf(address.add)
  const close = () => go({ ...address, add: undefined })
  return (
    <Modal opened={add !== undefined} onClose={close} size={640} title="Add a server" withCloseButton>
      {add !== undefined && (
        <Ways key={add} first={add === 'by-hand' || add === 'files' ? add : 'paste'} onDone={close} />
      )}
    </Modal>
  )
}

function Ways({ first, onDone }: { first: Way; onDone: () => void }) {
  const [way, setWay] = useState<Way>(first)
  return (
    <Stack gap={16}>
      <SegmentedControl
        value={way}
        onChange={value => setWay(value as Way)}
        data={[
          { value: 'paste', label: 'Paste' },
          { value: 'by-hand', label: 'By hand' },
          { value: 'files', label: 'Files (comes with Gatehouse)' },
        ]}
      />
      {way === 'paste' && <PasteField autoFocus />}
      {way === 'by-hand' && <ByHand onCancel={onDone} />}
      {way === 'files' && <Files onCancel={onDone} />}
    </Stack>
  )
}

/** Adds, says so, and opens the command to be read. */
function useAdd() {
  const add = useCall(hub.servers.add)
  const navigate = useNavigate()
  return async (input: Parameters<typeof hub.servers.add>[0]) => {
    const added = await add(input)
    if (!added) return
    tell(added)
    const first = added.servers[0]
    void navigate({ to: '/servers', search: first?.state === 'waiting' ? { agree: first.id } : {} })
  }
}

const Foot = ({ onCancel, ready }: { onCancel: () => void; ready: boolean }) => (
  <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
    <Button size="md" onClick={onCancel}>
      Cancel
    </Button>
    <Button size="md" type="submit" variant="filled" disabled={!ready}>
      Add, then read the command
    </Button>
  </div>
)

function ByHand({ onCancel }: { onCancel: () => void }) {
  const add = useAdd()
  const [name, setName] = useState('')
  const [command, setCommand] = useState('')
  const [args, setArgs] = useState('')
  const [cwd, setCwd] = useState('')
  const [pairs, setPairs] = useState('')
  const remote = /^https?:\/\//.test(command)
  const { values, problem } = readPairs(pairs)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void add({
      name,
      launch: remote
        ? { args: [], env: {}, headers: values, url: command }
        : { command, args: asLines(args), env: values, headers: {}, ...(cwd ? { cwd } : {}) },
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap={12}>
        <TextInput
          label="Name"
          data-autofocus
          required
          withAsterisk={false}
          value={name}
          onChange={e => setName(e.currentTarget.value)}
        />
        <TextInput
          label="Command or address"
          placeholder="npx, /usr/bin/…, or https://…"
          required
          withAsterisk={false}
          classNames={{ input: 'mono' }}
          value={command}
          onChange={e => setCommand(e.currentTarget.value)}
        />
        {!remote && (
          <>
            <Textarea
              label="Arguments"
              description="One per line, without quotes"
              autosize
              minRows={2}
              classNames={{ input: 'mono' }}
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
          description={`One per line, NAME=value. A credential is named, not written here: ${'API_KEY=${secret:API_KEY}'}`}
          error={problem}
          autosize
          minRows={2}
          classNames={{ input: 'mono' }}
          value={pairs}
          onChange={e => setPairs(e.currentTarget.value)}
        />
        <Foot onCancel={onCancel} ready={name.trim() !== '' && command.trim() !== '' && problem === null} />
      </Stack>
    </form>
  )
}

function Files({ onCancel }: { onCancel: () => void }) {
  const add = useAdd()
  const [name, setName] = useState('files')
  const [folders, setFolders] = useState('')
  const [writes, setWrites] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const args = [...asLines(folders), ...(writes ? ['--allow-writing'] : [])]
    void add({ name, launch: { command: 'gatehouse:files', args, env: {}, headers: {} } })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap={12}>
        <TextInput
          label="Name"
          required
          withAsterisk={false}
          value={name}
          onChange={e => setName(e.currentTarget.value)}
        />
        <Textarea
          label="Folders it may use"
          description="One per line, whole paths. It sees nothing outside them, and never credentials, even inside."
          placeholder="/home/ana/code"
          data-autofocus
          autosize
          minRows={2}
          classNames={{ input: 'mono' }}
          value={folders}
          onChange={e => setFolders(e.currentTarget.value)}
        />
        <Checkbox
          label="It may also write, move and delete there"
          description="Each such call still asks you first; what is deleted goes to a trash and can be restored."
          checked={writes}
          onChange={event => setWrites(event.currentTarget.checked)}
        />
        <Foot onCancel={onCancel} ready={name.trim() !== '' && asLines(folders).length > 0} />
      </Stack>
    </form>
  )
}
