// A client that Gatehouse does not know: it gets a name, a token of its own and an entry to paste, shown this once.
import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { Client, OtherEntry } from '../../../contract/clients.ts'
import { hub, useCall } from '../../hub.ts'
import { CopyButton, JsonView, showDone } from '../../ui/index.ts'
import css from './clients.module.css'

type Transport = OtherEntry['transport']

const HOW: Record<Transport, string> = {
  stdio: 'It starts a program of Gatehouse and speaks with it. Works with every client that can start a server.',
  http: 'It connects to this computer’s own address. Gatehouse listens there from then on, for clients with a token alone.',
}

export function OtherClient({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [transport, setTransport] = useState<Transport>('stdio')
  const [busy, setBusy] = useState(false)
  const [added, setAdded] = useState<OtherEntry | null>(null)
  const add = useCall(hub.clients.addOther)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    const entry = await add({ name: name.trim(), transport })
    setBusy(false)
    if (entry) setAdded(entry)
  }
  if (added) return <Entry entry={added} title={`${added.name} can be connected`} onClose={onClose} />
  return (
    <Modal opened onClose={onClose} size={520} title={<span className={css.dialogTitle}>Other client</span>}>
      <form onSubmit={event => void submit(event)}>
        <TextInput
          label="Name"
          description="As you want to see it in questions and in the log"
          value={name}
          maxLength={60}
          data-autofocus
          onChange={event => setName(event.currentTarget.value)}
        />
        <div className={css.how}>
          <SegmentedControl
            aria-label="How it connects"
            value={transport}
            onChange={value => setTransport(value as Transport)}
            data={[
              { value: 'stdio', label: 'Starts a program' },
              { value: 'http', label: 'Over HTTP' },
            ]}
          />
          <p className={css.text}>{HOW[transport]}</p>
        </div>
        <p className={css.text}>The rules for clients that Gatehouse does not know apply to it.</p>
        <div className={css.buttons}>
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button size="md" variant="filled" type="submit" loading={busy} disabled={name.trim() === ''}>
            Make its entry
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** The entry with its token. Once it is closed nobody can read the token again, only make another. */
function Entry({ entry, title, onClose }: { entry: OtherEntry; title: string; onClose: () => void }) {
  return (
    <Modal
      opened
      onClose={onClose}
      size={620}
      closeOnClickOutside={false}
      title={<span className={css.dialogTitle}>{title}</span>}
    >
      <p className={css.text}>
        Paste this into its settings. The token in it is shown this once; a lost one is replaced with another.
      </p>
      <div className={css.entry}>
        <JsonView text={entry.entry} />
        <CopyButton text={entry.entry} label="Copy the entry" />
      </div>
      <div className={css.buttons}>
        <Button size="md" variant="filled" onClick={onClose}>
          Done
        </Button>
      </div>
    </Modal>
  )
}

/** Another token for such a client, or its end. */
export function ChangeOther({
  client,
  what,
  onClose,
}: {
  client: Client
  what: 'token' | 'remove'
  onClose: () => void
}) {
  const [busy, setBusy] = useState(false)
  const [fresh, setFresh] = useState<OtherEntry | null>(null)
  const renew = useCall(hub.clients.newOtherToken)
  const remove = useCall(hub.clients.removeOther)
  const run = async () => {
    setBusy(true)
    const { id } = client
    if (what === 'token') {
      const entry = await renew({ id })
      if (entry) setFresh(entry)
    } else if (await remove({ id })) {
      showDone(`Removed ${client.name}.`)
      onClose()
    }
    setBusy(false)
  }
  if (fresh) return <Entry entry={fresh} title={`A new token for ${client.name}`} onClose={onClose} />
  const title = what === 'token' ? `Replace the token of ${client.name}?` : `Remove ${client.name}?`
  return (
    <Modal opened onClose={onClose} size={480} title={<span className={css.dialogTitle}>{title}</span>}>
      <p className={css.text}>The token it has now opens nothing from then on, and its links end.</p>
      <div className={css.buttons}>
        <Button size="md" onClick={onClose}>
          Cancel
        </Button>
        <Button size="md" variant="filled" loading={busy} onClick={() => void run()}>
          {what === 'token' ? 'Replace' : 'Remove'}
        </Button>
      </div>
    </Modal>
  )
}
