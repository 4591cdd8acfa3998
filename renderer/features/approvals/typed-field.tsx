// What a person types to allow a call that names something they protect: by hand, and exactly so.
import { TextInput } from '@mantine/core'
import type { ClipboardEvent, DragEvent } from 'react'
import { Foreign } from '../../ui/foreign.tsx'

const byHand = (event: ClipboardEvent | DragEvent) => event.preventDefault()

export function TypedField({ value, typed, disabled, onChange }: TypedFieldProps) {
  return (
    <TextInput
      label={
        <>
          It is protected. To allow it, type{' '}
          <code>
            <Foreign text={value} max={200} />
          </code>
        </>
      }
      value={typed}
      disabled={disabled}
      maxLength={1000}
      autoComplete="off"
      autoCorrect="off"
      autoCapitalize="off"
      spellCheck={false}
      onChange={event => onChange(event.currentTarget.value)}
      onPaste={byHand}
      onDrop={byHand}
      onKeyDown={event => event.key === 'Enter' && event.preventDefault()}
    />
  )
}

interface TypedFieldProps {
  value: string
  typed: string
  disabled: boolean
  onChange: (text: string) => void
}
