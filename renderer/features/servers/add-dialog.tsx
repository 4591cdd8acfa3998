// Adding a server, from any page: paste, by hand, or one that comes with Gatehouse. `?add=` opens it.
import { Button, Modal, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { bundledOf } from '../../../contract/catalog.ts'
import { hub, listOf, useCall, useServers } from '../../hub.ts'
import { textOf, useAddress } from '../use-address.ts'
import { CatalogWay } from './catalog/catalog-way.tsx'
import { useCatalog } from './catalog/use-catalog.ts'
import { LaunchFields, type LaunchText } from './launch-fields.tsx'
import { asLines, readPairs } from './launch-text.ts'
import { PasteField, tell } from './paste-field.tsx'

type Way = 'paste' | 'by-hand' | 'catalog'

/** `add`: a way, or a server of the catalog as `gatehouse:NAME`; `of`: the server whose settings these are. */
export function AddServerDialog() {
  const [address, go] = useAddress()
  const add = textOf(address.add)
  const of = textOf(address.of)
  const close = () => go({ ...address, add: undefined, of: undefined })
  const choose = (next: string) => go({ ...address, add: next }, { replace: true })
  const chosen = bundledOf(add)
  const way: Way = chosen !== undefined || add === 'catalog' ? 'catalog' : add === 'by-hand' ? 'by-hand' : 'paste'
  return (
    <Modal
      opened={add !== undefined}
      onClose={close}
      size={640}
      title={<Title chosen={chosen} of={of} />}
      withCloseButton
    >
      {add !== undefined && (
        <Stack gap={16}>
          {chosen === undefined && (
            <SegmentedControl
              value={way}
              onChange={choose}
              data={[
                { value: 'paste', label: 'Paste' },
                { value: 'by-hand', label: 'By hand' },
                { value: 'catalog', label: 'Comes with Gatehouse' },
              ]}
            />
          )}
          {way === 'paste' && <PasteField autoFocus />}
          {way === 'by-hand' && <ByHand onCancel={close} />}
          {way === 'catalog' && (
            <CatalogWay
              chosen={chosen}
              of={of}
              onChoose={name => choose(name === undefined ? 'catalog' : `gatehouse:${name}`)}
              onDone={close}
            />
          )}
        </Stack>
      )}
    </Modal>
  )
}

/** What is added, or whose settings these are. */
function Title({ chosen, of }: { chosen: string | undefined; of: string | undefined }) {
  const catalog = listOf(useCatalog())
  const servers = listOf(useServers())
  if (chosen === undefined) return 'Add a server'
  const server = servers.find(each => each.id === of)
  if (server) return `Settings of ${server.name}`
  return `Set up ${catalog.find(one => one.name === chosen)?.title ?? chosen}`
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

const Foot = ({ onCancel, ready, busy }: { onCancel: () => void; ready: boolean; busy: boolean }) => (
  <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end' }}>
    <Button size="md" onClick={onCancel}>
      Cancel
    </Button>
    <Button size="md" type="submit" variant="filled" loading={busy} disabled={!ready}>
      Add, then read the command
    </Button>
  </div>
)

function ByHand({ onCancel }: { onCancel: () => void }) {
  const add = useAdd()
  const [name, setName] = useState('')
  const [command, setCommand] = useState('')
  const [text, setText] = useState<LaunchText>({ args: '', cwd: '', pairs: '' })
  const [busy, setBusy] = useState(false)
  const remote = /^https?:\/\//.test(command)
  const { values, problem } = readPairs(text.pairs)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    await add({
      name,
      launch: remote
        ? { args: [], env: {}, headers: values, url: command }
        : { command, args: asLines(text.args), env: values, headers: {}, ...(text.cwd ? { cwd: text.cwd } : {}) },
    })
    setBusy(false)
  }
  return (
    <form onSubmit={event => void submit(event)}>
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
        <LaunchFields remote={remote} text={text} problem={problem} onChange={setText} />
        <Foot onCancel={onCancel} busy={busy} ready={name.trim() !== '' && command.trim() !== '' && problem === null} />
      </Stack>
    </form>
  )
}
