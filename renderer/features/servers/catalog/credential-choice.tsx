// One credential of a bundled server: one that is stored already, or a value that goes to the keychain, or none.
import { Select, TextInput } from '@mantine/core'
import css from './catalog.module.css'
import type { Credential } from './choices.ts'

export function CredentialChoice(props: {
  name: string
  description: string | undefined
  pattern: string | undefined
  needed: boolean
  /** Names in the keychain. */
  stored: readonly string[]
  value: Credential
  onChange: (value: Credential) => void
}) {
  const { name, value, onChange, stored } = props
  const near = stored.filter(one => one === name || one.startsWith(`${name}_`) || isChosen(value, one))
  const wrong = value.kind === 'typed' && value.value !== '' && isWrong(value.value, props.pattern)
  const field = (
    <TextInput
      aria-label={near.length > 0 ? `Value of ${name}` : undefined}
      label={near.length > 0 ? undefined : name}
      description={near.length > 0 ? undefined : props.description}
      type="password"
      autoComplete="off"
      placeholder={props.needed ? '' : 'none'}
      error={wrong ? `A ${name} looks otherwise.` : undefined}
      value={value.kind === 'typed' ? value.value : ''}
      onChange={event =>
        onChange(event.currentTarget.value === '' ? { kind: 'none' } : typed(event.currentTarget.value))
      }
    />
  )
  if (near.length === 0) return <div className={css.credential}>{field}</div>
  return (
    <div className={css.credential}>
      <Select
        label={name}
        description={props.description}
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

/** A pattern that this browser cannot read says nothing. */
function isWrong(value: string, pattern: string | undefined): boolean {
  try {
    return pattern !== undefined && !new RegExp(pattern, 'u').test(value)
  } catch {
    return false
  }
}

export function isComplete(value: Credential, pattern: string | undefined): boolean {
  return value.kind !== 'typed' || (value.value !== '' && !isWrong(value.value, pattern))
}
