// The settings of a bundled server as a form made from what its own program says of them. Credentials go to the keychain.
import { Button, Checkbox, Stack, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { BundledServer } from '../../../../contract/catalog.ts'
import type { Launch, Server } from '../../../../contract/servers.ts'
import { hub, listOf, useCall, useSecrets, useServers } from '../../../hub.ts'
import { SchemaForm } from '../../../ui/index.ts'
import { useForgets } from '../../credentials/use-store.ts'
import { asLines } from '../launch-text.ts'
import css from './catalog.module.css'
import {
  type Choices,
  type Credential,
  choicesOf,
  freshChoices,
  launchFrom,
  lookOf,
  ordered,
  schemaOf,
} from './choices.ts'
import { CredentialChoice, isComplete } from './credential-choice.tsx'

interface Props {
  one: BundledServer
  /** The server that is changed; without, one is added. */
  server: Server | undefined
  onSave: (name: string, launch: Launch) => Promise<boolean>
  onBack: () => void
}

const NO_STORED: Credential = { kind: 'none' }

export function BundledForm({ one, server, onSave, onBack }: Props) {
  const stored = listOf(useSecrets()).filter(secret => secret.status !== 'missing')
  const names = stored.map(secret => secret.name)
  const taken = listOf(useServers()).map(each => each.name)
  const [name, setName] = useState(server?.name ?? freeName(one.name, taken))
  const [choices, setChoices] = useState<Choices>(
    () => (server && choicesOf(one, server.launch)) ?? freshChoices(one, names),
  )
  const [complete, setComplete] = useState({ first: true, more: true })
  const [busy, setBusy] = useState(false)
  const keep = useCall(hub.secrets.set)
  const { first, more } = ordered(one)
  const change = (next: Partial<Choices>) => setChoices(before => ({ ...before, ...next }))
  const patternOf = (secret: string) => one.settings[secret]?.pattern as string | undefined
  const missing = one.needs.filter(
    setting => !choices.settings[setting] && (choices.credentials[setting] ?? NO_STORED).kind === 'none',
  )
  const lacksFolder = one.folders?.needed === true && asLines(choices.folders).length === 0
  const isReady =
    name.trim() !== '' &&
    !lacksFolder &&
    complete.first &&
    complete.more &&
    one.secrets.every(secret => isComplete(choices.credentials[secret] ?? NO_STORED, patternOf(secret)))

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || !isReady) return
    setBusy(true)
    const secrets = await kept()
    if (secrets) await onSave(name, launchFrom(one, choices, secrets))
    setBusy(false)
  }
  /** Typed values are in the keychain before a launch names them; undefined when one could not be kept. */
  const kept = async () => {
    const secrets: Record<string, string> = {}
    for (const setting of one.secrets) {
      const value = choices.credentials[setting] ?? NO_STORED
      if (value.kind === 'none') continue
      secrets[setting] = value.kind === 'stored' ? value.name : freeName(setting, names, '_')
      if (value.kind === 'stored') continue
      if (!(await keep({ name: secrets[setting], value: value.value }))) return undefined
      const credential: Credential = { kind: 'stored', name: secrets[setting] }
      setChoices(before => ({ ...before, credentials: { ...before.credentials, [setting]: credential } }))
    }
    return secrets
  }

  const fields = (settings: string[], part: 'first' | 'more') => (
    <SchemaForm
      schema={schemaOf(one, settings)}
      value={Object.fromEntries(Object.entries(choices.settings).filter(([setting]) => settings.includes(setting)))}
      onChange={(value, isComplete) => {
        change({ settings: { ...choices.settings, ...(value as object) } })
        setComplete(before => ({ ...before, [part]: isComplete }))
      }}
      look={lookOf(one, settings)}
    />
  )
  const credentials = (wanted: boolean) =>
    one.secrets
      .filter(secret => (one.needs.includes(secret) || one.first.includes(secret)) === wanted)
      .map(secret => (
        <CredentialChoice
          key={secret}
          name={secret}
          description={one.settings[secret]?.description}
          pattern={patternOf(secret)}
          needed={one.needs.includes(secret)}
          stored={names}
          value={choices.credentials[secret] ?? NO_STORED}
          onChange={value => change({ credentials: { ...choices.credentials, [secret]: value } })}
        />
      ))
  const asked = credentials(true)
  const rare = credentials(false)
  const forgets = useForgets()

  return (
    <form onSubmit={event => void submit(event)} aria-label={one.title}>
      <Stack gap={14}>
        <p className={css.lead}>{one.does}.</p>
        {!server && (
          <TextInput label="Name" value={name} onChange={event => setName(event.currentTarget.value)} data-autofocus />
        )}
        {one.folders && (
          <Textarea
            label={one.folders.label}
            description="One per line, whole paths. It sees nothing outside them, and never credentials, even inside."
            placeholder="/home/ana/code"
            autosize
            minRows={2}
            classNames={{ input: 'mono' }}
            value={choices.folders}
            onChange={event => change({ folders: event.currentTarget.value })}
          />
        )}
        {one.switches.map(({ argument, label, hint }) => (
          <Checkbox
            key={argument}
            label={label}
            description={hint}
            checked={choices.switches.includes(argument)}
            onChange={event => change({ switches: toggled(choices.switches, argument, event.currentTarget.checked) })}
          />
        ))}
        {asked}
        {asked.length > 0 && <p className={css.hint}>{forgets}</p>}
        {first.length > 0 && fields(first, 'first')}
        <details className={css.more}>
          <summary>More settings</summary>
          <Stack gap={14}>
            {rare}
            {fields(more, 'more')}
          </Stack>
        </details>
        {missing.length > 0 && (
          <p className={css.missing} role="status">
            Without {missing.join(' and ')} it starts and lists its tools, and its calls only say what is missing.
          </p>
        )}
        <div className={css.foot}>
          <Button size="md" onClick={onBack}>
            {server ? 'Cancel' : 'Back'}
          </Button>
          <Button size="md" type="submit" variant="filled" disabled={!isReady} loading={busy}>
            {server ? 'Save, then read the command' : 'Add, then read the command'}
          </Button>
        </div>
      </Stack>
    </form>
  )
}

function freeName(wanted: string, taken: readonly string[], between = '-'): string {
  if (!taken.includes(wanted)) return wanted
  for (let n = 2; ; n++) if (!taken.includes(`${wanted}${between}${n}`)) return `${wanted}${between}${n}`
}

function toggled(list: readonly string[], item: string, isOn: boolean): string[] {
  return isOn ? [...list.filter(one => one !== item), item] : list.filter(one => one !== item)
}
