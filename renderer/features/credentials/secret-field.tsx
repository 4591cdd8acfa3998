// A value typed straight into the keychain: the window forgets it as soon as it is saved and cannot show it again.
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import css from './credentials.module.css'

export const FORGETS =
  'Goes to the keychain. The window forgets it as soon as it is saved; it cannot be shown again, only replaced.'

/** `name`: which credential. `onSaved`: what follows. `label`: shown when the place does not name it. */
export function SecretField(props: {
  name: string
  label?: string
  button?: string
  onSaved?: () => void
  autoFocus?: boolean
  /** Says under the field where the value goes. */
  hint?: boolean
  disabled?: boolean
}) {
  const [value, setValue] = useState('')
  const [busy, setBusy] = useState(false)
  const set = useCall(hub.secrets.set)
  const save = async (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    if (value === '' || busy) return
    setBusy(true)
    const saved = await set({ name: props.name, value })
    setBusy(false)
    if (!saved) return
    setValue('')
    showDone(`Saved ${props.name}`)
    props.onSaved?.()
  }
  return (
    <form className={css.field} onSubmit={event => void save(event)}>
      <TextInput
        label={props.label ?? `Value of ${props.name}`}
        disabled={props.disabled ?? false}
        autoComplete="off"
        autoFocus={props.autoFocus ?? false}
        type="password"
        value={value}
        onChange={event => setValue(event.currentTarget.value)}
      />
      <Button type="submit" variant={props.button ? 'filled' : 'default'} loading={busy} disabled={value === ''}>
        {props.button ?? 'Save to keychain'}
      </Button>
      {props.hint && <p className={css.hint}>{FORGETS}</p>}
    </form>
  )
}
