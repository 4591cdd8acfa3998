// This window is not known to the hub yet: how to get a link, a field for it, or the PIN it asks for.
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { answerLink, answerPin, type HubState } from '../../hub.ts'
import { Banner, CopyButton, Mono } from '../../ui/index.ts'
import css from './pairing.module.css'

type Unpaired = Extract<HubState, { kind: 'pairing-needed' | 'pin-needed' }>

export function PairingView({ hub }: { hub: Unpaired }) {
  useEffect(() => {
    document.title = 'Pair this window · Gatehouse'
  }, [])
  return (
    <main className={css.page}>
      <div className={css.card}>
        {hub.problem && (
          <div className={css.problem}>
            <Banner tone="red" role="alert" title={hub.problem.message} text={hub.problem.hint} />
          </div>
        )}
        {hub.kind === 'pin-needed' ? <Pin /> : <Link />}
      </div>
    </main>
  )
}

function Pin() {
  const [pin, setPin] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (pin) answerPin(pin)
    setPin('')
  }
  return (
    <form onSubmit={submit}>
      <h1 className={css.title}>Which PIN did you choose?</h1>
      <p className={css.text}>
        Every window after the first asks for it, so that no other program can pair one for you.
      </p>
      <div className={css.row}>
        <TextInput
          label="PIN"
          autoFocus
          autoComplete="off"
          type="password"
          value={pin}
          onChange={event => setPin(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" disabled={pin.length < 4}>
          Pair this window
        </Button>
      </div>
    </form>
  )
}

const COMMAND = 'gatehouse open'

function Link() {
  const [link, setLink] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    answerLink(link)
  }
  return (
    <form onSubmit={submit}>
      <h1 className={css.title}>Pair this window</h1>
      <p className={css.text}>The hub does not know this browser yet. In a terminal on the machine it runs on, type</p>
      <div className={css.command}>
        <Mono>{COMMAND}</Mono>
        <CopyButton text={COMMAND} label="Copy the command" />
      </div>
      <div className={css.row}>
        <TextInput
          label="and open the link it prints, or paste it here"
          placeholder="http://127.0.0.1:…/#pair=…"
          autoComplete="off"
          value={link}
          onChange={event => setLink(event.currentTarget.value)}
        />
        <Button type="submit" disabled={link.trim() === ''}>
          Pair
        </Button>
      </div>
      <p className={css.why}>
        A link works once, for two minutes. This browser then keeps a key that cannot be copied out of it; Settings
        lists every paired window and can revoke each.
      </p>
    </form>
  )
}
