// The settings of a bundled server as a form made from what its own program says of them. Credentials go to the keychain.
import { Button, Checkbox, Stack, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { BundledServer, Wrong } from '../../../../contract/catalog.ts'
import type { Problem } from '../../../../contract/procedure.ts'
import type { Launch, Server } from '../../../../contract/servers.ts'
import { hub, useCall } from '../../../hub.ts'
import { showProblem } from '../../../ui/index.ts'
import { useForgets } from '../../credentials/use-store.ts'
import css from './catalog.module.css'
import {
  type Choices,
  type Credential,
  choicesOf,
  freshChoices,
  inSentences,
  launchFrom,
  ordered,
  unfilledIn,
  usualOf,
  wrongAtOnce,
} from './choices.ts'
import { CredentialChoice } from './credential-choice.tsx'
import { SettingField } from './setting-field.tsx'

interface Props {
  one: BundledServer
  /** The server that is changed; without, one is added. */
  server: Server | undefined
  /** Names of servers, and of credentials in the keychain. */
  taken: readonly string[]
  stored: readonly string[]
  /** What its last start said is wrong. */
  refused: Wrong
  onSave: (name: string, launch: Launch) => Promise<Problem | null>
  onBack: () => void
}

const OF_NAMES = ['registry/bad-name', 'registry/name-taken']
const NONE: Credential = { kind: 'none' }

export function BundledForm({ one, server, taken, stored, refused, onSave, onBack }: Props) {
  const [name, setName] = useState(() => server?.name ?? freeName(one.name, taken))
  const [choices, setChoices] = useState<Choices>(
    () => (server && choicesOf(one, server.launch)) ?? freshChoices(one, stored),
  )
  // What its program said of what was there when it was asked.
  const [said, setSaid] = useState<Wrong>(() => inSentences(refused))
  const [tries, setTries] = useState(0)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const keep = useCall(hub.secrets.set)
  const check = useCall(hub.catalog.check)
  const { first, more } = ordered(one)
  const isTaken = !server && taken.includes(name.trim())
  const wrong: Wrong = {
    ...said,
    ...(tries > 0 ? unfilledIn(one, name, choices) : {}),
    ...wrongAtOnce(one, choices),
    ...(isTaken ? { name: 'Another server has this name.' } : {}),
    ...(name.length > 60 ? { name: 'At most 60 characters.' } : {}),
  }
  const missing = one.needs.filter(
    setting => !choices.settings[setting] && (choices.credentials[setting] ?? NONE).kind === 'none',
  )

  // One that is there may be wrong already, in ways that only its program knows. It is asked once, and of what was
  // changed meanwhile it says nothing.
  const [opened] = useState(server?.launch)
  const changed = useRef(new Set<string>())
  useEffect(() => {
    if (!opened) return
    void check({ launch: opened }).then(found => {
      const still = Object.entries(inSentences(found ?? {})).filter(([key]) => !changed.current.has(key))
      setSaid(before => ({ ...Object.fromEntries(still), ...before }))
    })
  }, [opened, check])

  // To what is wrong; at first, where nothing is, to the first field.
  useEffect(() => {
    const wrongField = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    const folded = wrongField?.closest('details')
    if (folded) folded.open = true
    const field = wrongField ?? (tries === 0 ? form.current?.querySelector<HTMLElement>('input, textarea') : null)
    field?.focus()
  }, [tries])

  const change = (key: string, next: (before: Choices) => Partial<Choices>) => {
    changed.current.add(key)
    setChoices(before => ({ ...before, ...next(before) }))
    setSaid(({ [key]: _, ...others }) => others)
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const isWrong = Object.keys({ ...wrongAtOnce(one, choices), ...unfilledIn(one, name, choices) }).length > 0
    if (!isWrong && !wrong.name) {
      setBusy(true)
      await save()
      setBusy(false)
    }
    setTries(n => n + 1)
  }
  const save = async () => {
    const names = namesOf(one, choices, stored)
    const launch = launchFrom(one, choices, names, server?.launch)
    const found = await check({ launch })
    if (!found) return
    setSaid(inSentences(found))
    if (Object.keys(found).length > 0 || !(await kept(names))) return
    const problem = await onSave(name.trim(), launch)
    if (problem && OF_NAMES.includes(problem.code)) setSaid({ name: problem.message })
    else if (problem) showProblem(problem)
  }
  /** Typed values are in the keychain before a launch names them; false when one could not be kept. */
  const kept = async (names: Record<string, string>) => {
    for (const [setting, credential] of Object.entries(choices.credentials)) {
      if (credential.kind !== 'typed') continue
      const stored = names[setting]!
      if (!(await keep({ name: stored, value: credential.value }))) return false
      change(setting, ({ credentials }) => ({
        credentials: { ...credentials, [setting]: { kind: 'stored', name: stored } },
      }))
    }
    return true
  }

  const forgets = useForgets()
  const firstSecret = [...first, ...more].find(setting => one.secrets.includes(setting))
  const field = (setting: string) =>
    one.secrets.includes(setting) ? (
      <CredentialChoice
        key={setting}
        name={setting}
        setting={one.settings[setting] ?? {}}
        forgets={setting === firstSecret ? forgets : undefined}
        needed={one.needs.includes(setting)}
        stored={stored}
        value={choices.credentials[setting] ?? NONE}
        wrong={wrong[setting]}
        onChange={value =>
          change(setting, ({ credentials }) => ({ credentials: { ...credentials, [setting]: value } }))
        }
      />
    ) : (
      <SettingField
        key={setting}
        name={setting}
        setting={one.settings[setting] ?? {}}
        usual={usualOf(one, setting, !server)}
        because={server ? undefined : one.given[setting]?.because}
        value={choices.settings[setting] ?? ''}
        wrong={wrong[setting]}
        onChange={value => change(setting, ({ settings }) => ({ settings: { ...settings, [setting]: value } }))}
      />
    )

  return (
    <form ref={form} onSubmit={event => void submit(event)} aria-label={one.title} noValidate>
      <Stack gap={14} className={css.settings}>
        <p className={css.lead}>{one.does}.</p>
        {!server && (
          <TextInput
            label="Name"
            value={name}
            error={wrong.name}
            onChange={({ currentTarget: { value } }) => {
              setName(value)
              change('name', () => ({}))
            }}
            data-autofocus
          />
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
            error={wrong.folders}
            onChange={({ currentTarget: { value } }) => change('folders', () => ({ folders: value }))}
          />
        )}
        {one.switches.map(({ argument, label, hint }) => (
          <Checkbox
            key={argument}
            label={label}
            description={hint}
            checked={choices.switches.includes(argument)}
            onChange={({ currentTarget: { checked } }) =>
              change(argument, ({ switches }) => ({ switches: toggled(switches, argument, checked) }))
            }
          />
        ))}
        {first.map(field)}
        <details className={css.more}>
          <summary>More settings</summary>
          <Stack gap={14} className={css.settings}>
            {more.map(field)}
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
          <Button size="md" type="submit" variant="filled" loading={busy}>
            {server ? 'Save, then read the command' : 'Add, then read the command'}
          </Button>
        </div>
      </Stack>
    </form>
  )
}

/** The name each credential has, or will have, in the keychain. */
function namesOf(one: BundledServer, { credentials }: Choices, stored: readonly string[]): Record<string, string> {
  const names = one.secrets.flatMap((setting): [string, string][] => {
    const value = credentials[setting] ?? NONE
    if (value.kind === 'none') return []
    return [[setting, value.kind === 'stored' ? value.name : freeName(setting, stored, '_')]]
  })
  return Object.fromEntries(names)
}

function freeName(wanted: string, taken: readonly string[], between = '-'): string {
  if (!taken.includes(wanted)) return wanted
  for (let n = 2; ; n++) if (!taken.includes(`${wanted}${between}${n}`)) return `${wanted}${between}${n}`
}

function toggled(list: readonly string[], item: string, isOn: boolean): string[] {
  return isOn ? [...list.filter(one => one !== item), item] : list.filter(one => one !== item)
}
