// Fields for what takes words only: a resource template's variables, a prompt's arguments.
import { TextInput } from '@mantine/core'
import { Foreign } from '../../ui/index.ts'
import { expand, readArguments, variablesOf } from './arguments.ts'
import css from './inspector.module.css'
import type { PromptOffer, ResourceOffer } from './offers.ts'

interface Props {
  offer: ResourceOffer | PromptOffer
  text: string
  onChange: (text: string) => void
  onSubmit: () => void
}

export function PlainFields({ offer, text, onChange, onSubmit }: Props) {
  const value = readArguments(text)
  const values = value.kind === 'value' ? value.value : {}
  const word = (name: string) => (typeof values[name] === 'string' ? values[name] : '')
  const fields =
    offer.kind === 'prompts'
      ? offer.arguments
      : (offer.template ? variablesOf(offer.uri) : []).map(name => ({ name, words: '', required: true }))
  const filled = Object.fromEntries(fields.map(({ name }) => [name, word(name)]))
  return (
    <>
      {offer.kind === 'resources' && (
        <p className={css.uri}>
          <Foreign text={offer.template ? expand(offer.uri, filled) : offer.uri} max={600} mono />
          {offer.mime && (
            <span className={css.quiet}>
              {' '}
              <Foreign text={offer.mime} max={60} />
            </span>
          )}
        </p>
      )}
      {fields.map(({ name, words, required }) => (
        <TextInput
          key={name}
          label={<Foreign text={name} max={60} mono />}
          description={words ? <Foreign text={words} max={200} /> : required ? undefined : 'optional'}
          required={required}
          value={word(name)}
          onChange={event => onChange(JSON.stringify({ ...values, [name]: event.currentTarget.value }))}
          onKeyDown={event => event.key === 'Enter' && onSubmit()}
        />
      ))}
      {fields.length === 0 && offer.kind === 'prompts' && <p className={css.quiet}>It takes no arguments.</p>}
    </>
  )
}
