// The words that are looked for: typed here, kept in the address, reached with /.
import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { useSlash } from '../../ui/index.ts'
import css from './activity.module.css'

/** Typed text becomes part of the address after a pause. */
export function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  const field = useSlash()
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <TextInput
      ref={field}
      className={css.search ?? ''}
      aria-label="Search the log"
      placeholder="Search"
      maxLength={200}
      leftSection={<IconSearch size={14} />}
      value={text}
      onChange={event => setText(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        setText('')
        event.currentTarget.blur()
      }}
    />
  )
}
