// Small controls that many pages have: filter field, copy, key hints.
import { ActionIcon, Kbd, CopyButton as MantineCopy, TextInput, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy, IconSearch } from '@tabler/icons-react'
import { type RefObject, useEffect, useRef } from 'react'
import css from './layout.module.css'

/** The page's filter: `/` goes there, Escape empties it and goes back. */
export function FilterField(props: {
  value: string
  onChange: (text: string) => void
  label?: string
  width?: number
}) {
  const field = useSlash()
  return (
    <TextInput
      ref={field}
      className={css.filter ?? ''}
      style={props.width ? { width: props.width } : {}}
      aria-label={props.label ?? 'Filter'}
      placeholder={props.label ?? 'Filter'}
      leftSection={<IconSearch size={14} />}
      rightSection={props.value ? null : <Kbd>/</Kbd>}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        props.onChange('')
        event.currentTarget.blur()
      }}
    />
  )
}

/** For a field to search in: / leads to it. */
export function useSlash(): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || isTyping(event.target) || dialogIsOpen()) return
      event.preventDefault()
      field.current?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return field
}

/** How long G waits for the letter of a place. */
export const AFTER_G_MS = 1_200

/** Whether keys belong to a dialog now; what is behind it hears none. */
export function dialogIsOpen(): boolean {
  return document.querySelector('dialog[open], [aria-modal="true"]') !== null
}

/** Whether single letters belong to a field now. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  return (
    <MantineCopy value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon aria-label={copied ? 'Copied' : label} size="xs" onClick={copy}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </MantineCopy>
  )
}

/** "⌘" on a Mac, "Ctrl" elsewhere. */
export const mod = typeof navigator !== 'undefined' && /Mac/.test(navigator.userAgent) ? '⌘' : 'Ctrl'

/** Keys in a row: `G A`. */
export const Keys = ({ keys }: { keys: string }) => (
  <>
    {keys.split(' ').map(key => (
      <Kbd key={key}>{key}</Kbd>
    ))}
  </>
)
