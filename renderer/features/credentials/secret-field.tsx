// A value typed straight into the keychain: the window forgets it as soon as it is saved and cannot show it again.
import { Button, Checkbox, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import css from './credentials.module.css'
import { useForgets, useStore } from './use-store.ts'

/** What runs with the value from before, once another is saved. */
export type Running = Awaited<ReturnType<typeof hub.secrets.set>>['running']

/** `name`: which credential. `onSaved`: what follows. `label`: shown when the place does not name it. */
export function SecretField(props: {
  name: string
  label?: string
  /** The main thing to do here. */
  main?: boolean
  onSaved?: (left: Running) => void
  autoFocus?: boolean
  /** Says under the field where the value goes. */
  hint?: boolean
  disabled?: boolean
  /** Names of servers that run with the value from before. */
  running?: readonly string[]
}) {
  const { name, running = [] } = props
  const [value, setValue] = useState('')
  const [busy, setBusy] = useState(false)
  const [restart, setRestart] = useState(true)
  const set = useCall(hub.secrets.set)
  const store = useStore()
  const forgets = useForgets()
  const save = async (event: FormEvent) => {
    event.preventDefault()
    event.stopPropagation()
    if (value === '' || busy) return
    setBusy(true)
    const saved = await set({ name, value, restart: restart && running.length > 0 })
    setBusy(false)
    if (!saved) return
    setValue('')
    const names = inWords(saved.running.map(one => one.name))
    showDone(saved.restarting ? `Saved ${name}; ${names} restarts with it` : `Saved ${name}`)
    props.onSaved?.(saved.restarting ? [] : saved.running)
  }
  return (
    <form className={css.field} onSubmit={event => void save(event)}>
      <TextInput
        label={props.label ?? `Value of ${name}`}
        disabled={props.disabled ?? false}
        autoComplete="off"
        autoFocus={props.autoFocus ?? false}
        type="password"
        value={value}
        onChange={event => setValue(event.currentTarget.value)}
      />
      <Button type="submit" variant={props.main ? 'filled' : 'default'} loading={busy} disabled={value === ''}>
        Save to {store}
      </Button>
      {running.length > 0 && (
        <Checkbox
          className={css.hint}
          label={`Restart ${inWords(running)} with the new value`}
          description="Calls that run there now are ended. Without it the old value stays in use until the next start."
          checked={restart}
          onChange={event => setRestart(event.currentTarget.checked)}
        />
      )}
      {props.hint && <p className={css.hint}>{forgets}</p>}
    </form>
  )
}

export function inWords(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
