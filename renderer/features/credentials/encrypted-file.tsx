// The encrypted file: made where there is no keychain, unlocked with its passphrase, moved to a keychain that came.
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { VaultStatus } from '../../../contract/secrets.ts'
import { hub, useCall } from '../../hub.ts'
import { Banner, showDone } from '../../ui/index.ts'
import css from './credentials.module.css'

const LEAST_CHARS = 12

export function EncryptedFile({ vault }: { vault: VaultStatus }) {
  if (vault.file === 'locked') return <Unlock vault={vault} />
  if (vault.file === 'open') return <Opened />
  return vault.kind === 'missing' || vault.kind === 'denied' ? <Create /> : null
}

function Unlock({ vault }: { vault: VaultStatus }) {
  const unlock = useCall(hub.secrets.unlock)
  return (
    <div className={css.file}>
      <Banner
        tone="plain"
        role="status"
        title={vault.what}
        text="Servers that need a credential wait until you give its passphrase."
      />
      <Passphrases
        labels={['Passphrase']}
        button="Unlock"
        onSend={async ([passphrase = '']) => Boolean(await unlock({ passphrase }))}
      />
    </div>
  )
}

function Create() {
  const create = useCall(hub.secrets.createFile)
  const [open, setOpen] = useState(false)
  if (!open)
    return (
      <div className={css.file}>
        <p className={css.paneText}>
          Without a keychain, credentials can be kept in a file that a passphrase encrypts.
        </p>
        <Button onClick={() => setOpen(true)}>Use an encrypted file…</Button>
      </div>
    )
  return (
    <div className={css.file}>
      <p className={css.paneText}>
        You give the passphrase each time Gatehouse starts. If it is lost, so is what the file holds. An older copy of
        the whole folder put back cannot be told, as it can with a keychain.
      </p>
      <Passphrases
        labels={['New passphrase', 'The same again']}
        button="Make the file"
        same={[0, 1]}
        onSend={async ([passphrase = '']) => Boolean(await create({ passphrase }))}
      />
    </div>
  )
}

function Opened() {
  const move = useCall(hub.secrets.moveToKeychain)
  const change = useCall(hub.secrets.changePassphrase)
  const [open, setOpen] = useState(false)
  const changeIt = async ([before = '', after = '']: string[]) => {
    if (!(await change({ before, after }))) return false
    showDone('Changed the passphrase')
    setOpen(false)
    return true
  }
  const moveIt = async () => {
    if (await move({})) showDone('Moved to the keychain')
  }
  return (
    <div className={css.file}>
      <p className={css.paneText}>
        Credentials are kept in the encrypted file. A keychain is safer where there is one.
      </p>
      <div className={css.fileRow}>
        <Button onClick={() => setOpen(!open)}>Change passphrase…</Button>
        <Button onClick={() => void moveIt()}>Move to the keychain</Button>
      </div>
      {open && (
        <Passphrases
          labels={['Passphrase now', 'New passphrase', 'The new one again']}
          button="Change"
          same={[1, 2]}
          onSend={changeIt}
        />
      )}
    </div>
  )
}

/** Hidden fields that are forgotten as soon as they were sent. `same`: two that must be equal, and long. */
function Passphrases(props: {
  labels: string[]
  button: string
  same?: [number, number]
  onSend: (values: string[]) => Promise<boolean>
}) {
  const { labels, button, same, onSend } = props
  const [values, setValues] = useState<string[]>(labels.map(() => ''))
  const [busy, setBusy] = useState(false)
  const [first = '', second = ''] = same ? [values[same[0]], values[same[1]]] : []
  const tooShort = same !== undefined && first !== '' && [...first].length < LEAST_CHARS
  const differ = same !== undefined && second !== '' && first !== second
  const problems = labels.map((_, at) => {
    if (same?.[0] === at && tooShort) return `At least ${LEAST_CHARS} characters`
    return same?.[1] === at && differ ? 'The two are not the same' : null
  })
  const ready = values.every(value => value !== '') && !tooShort && !differ
  const send = async (event: FormEvent) => {
    event.preventDefault()
    if (!ready || busy) return
    setBusy(true)
    await onSend(values)
    setBusy(false)
    setValues(labels.map(() => ''))
  }
  return (
    <form className={css.fileForm} onSubmit={event => void send(event)}>
      {labels.map((label, at) => (
        <TextInput
          key={label}
          type="password"
          autoComplete="off"
          label={label}
          error={problems[at]}
          value={values[at] ?? ''}
          onChange={event => setValues(values.with(at, event.currentTarget.value))}
        />
      ))}
      <Button type="submit" variant="filled" loading={busy} disabled={!ready}>
        {button}
      </Button>
    </form>
  )
}
