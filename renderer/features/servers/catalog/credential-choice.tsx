// One credential of a bundled server: one that is stored already, or a value that goes to the keychain, or none.
import { Select, TextInput } from '@mantine/core'
import type { Setting } from '../../../../contract/catalog.ts'
import css from './catalog.module.css'
import type { Credential } from './choices.ts'
import { SettingHelp } from './setting-field.tsx'

export function CredentialChoice(props: {
  name: string
  setting: Setting
  /** What becomes of what is typed; said once in a form. */
  forgets: string | undefined
  needed: boolean
  /** Names in the keychain. */
  stored: readonly string[]
  value: Credential
  wrong: string | undefined
  onChange: (value: Credential) => void
}) {
  const { name, value, wrong, onChange, stored } = props
  const near = stored.filter(one => one === name || one.startsWith(`${name}_`) || isChosen(value, one))
  const description = <SettingHelp text={props.setting.description} because={props.forgets} />
  const isAlone = near.length === 0
  const field = (
    <TextInput
      {...(isAlone ? { label: name, description } : { 'aria-label': `Value of ${name}` })}
      classNames={{ label: css.name ?? '' }}
      type="password"
      autoComplete="off"
      placeholder={props.needed ? '' : 'none'}
      error={wrong}
      value={value.kind === 'typed' ? value.value : ''}
      onChange={event =>
        onChange(event.currentTarget.value === '' && isAlone ? { kind: 'none' } : typed(event.currentTarget.value))
      }
    />
  )
  if (isAlone) return field
  return (
    <div className={css.credential}>
      <Select
        label={name}
        classNames={{ label: css.name ?? '' }}
        description={description}
        error={value.kind === 'typed' ? undefined : wrong}
        allowDeselect={false}
        data={[
          ...near.map(one => ({ value: `stored ${one}`, label: `${one}, which is stored` })),
          { value: 'typed', label: 'Another value…' },
          { value: 'none', label: 'None' },
        ]}
        value={value.kind === 'stored' ? `stored ${value.name}` : value.kind}
        onChange={choice => {
          if (choice === 'typed') onChange(typed(''))
          else if (choice === 'none' || choice === null) onChange({ kind: 'none' })
          else onChange({ kind: 'stored', name: choice.slice('stored '.length) })
        }}
      />
      {value.kind === 'typed' && field}
    </div>
  )
}

const typed = (value: string): Credential => ({ kind: 'typed', value })
const isChosen = (value: Credential, name: string) => value.kind === 'stored' && value.name === name
