// Keys of the whole window. Single letters are off while typing.
import { Modal } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useReadOnly } from '../features/policy/use-switches.ts'
import { AFTER_G_MS, dialogIsOpen, isTyping, Keys, mod } from '../ui/index.ts'
import { places } from './places.ts'

/** Listens while the frame is shown; returns the list of all keys, which `?` opens. */
export function useFrameKeys(toggleSidebar: () => void): ReactNode {
  const navigate = useNavigate()
  const [readOnly, setReadOnly] = useReadOnly()
  const [listed, setListed] = useState(false)
  const afterG = useRef(Number.NEGATIVE_INFINITY)
  useHotkeys(
    [
      ['mod+K', () => dialogIsOpen() || spotlight.open()],
      ['mod+shift+L', () => void setReadOnly(!readOnly)],
      ['mod+,', () => void navigate({ to: '/settings' })],
      ['mod+\\', toggleSidebar],
    ],
    [],
  )
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return
      if (dialogIsOpen()) return
      if (event.key === '?') return setListed(true)
      const place = places.find(({ letter }) => letter === event.key.toLowerCase())
      if (place && event.timeStamp - afterG.current < AFTER_G_MS) {
        event.preventDefault()
        afterG.current = Number.NEGATIVE_INFINITY
        return void navigate({ to: place.to })
      }
      if (event.key.toLowerCase() === 'g') afterG.current = event.timeStamp
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
  return <KeyList opened={listed} onClose={() => setListed(false)} />
}

const listed = [
  [`${mod} K`, 'Search or run'],
  [`${mod} Shift L`, 'Read-only on or off'],
  [`${mod} \\`, 'Fold the sidebar'],
  [`${mod} ,`, 'Settings'],
  ['/', 'Filter of this page'],
  ['J K', 'Next and previous row'],
  ['Enter', 'Open'],
  ['Esc', 'Back'],
  ['N', 'Servers: add'],
  ['R', 'Servers: restart'],
  ['S', 'Servers: start or stop'],
  ['L', 'Servers: log'],
  ['E', 'Servers: settings'],
  [`${mod} Enter`, 'Inspector: run'],
  [`${mod} Shift .`, 'Inspector: cancel'],
  [`${mod} J`, 'Inspector: form, JSON, both'],
  ['W', 'Inspector: wire'],
  ['D', 'Approvals: a word to the model'],
  ['1 2 3', 'Approvals: how far an allow goes'],
  [`${mod} Shift A`, 'Approvals: allow once, when ready'],
] as const

function KeyList({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const rows = [
    ...places.filter(p => p.letter !== ',').map(p => [`G ${p.letter.toUpperCase()}`, p.name] as const),
    ...listed,
  ]
  return (
    <Modal opened={opened} onClose={onClose} title="All keys" size={560} withCloseButton>
      <dl style={{ columns: 2, columnGap: 32 }}>
        {rows.map(([keys, what]) => (
          <div key={what} style={{ display: 'flex', gap: 8, padding: '4px 0', breakInside: 'avoid' }}>
            <dt style={{ flex: 1, color: 'var(--text-2)' }}>{what}</dt>
            <dd style={{ display: 'flex', gap: 3 }}>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
