// J and K, arrows too, walk over a list; letters rest while somebody types or a dialog is open.
import { useEffect } from 'react'
import { dialogIsOpen, isTyping } from '../ui/controls.tsx'

const STEPS: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }

export function useWalk(
  keys: readonly string[],
  selected: string | null | undefined,
  select: (key: string) => void,
): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const step = STEPS[event.key]
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const target = event.target instanceof Element ? event.target : null
      if (dialogIsOpen() || target?.closest('[role="radiogroup"], [role="menu"]')) return
      const at = keys.indexOf(selected ?? '')
      const next = keys[Math.min(keys.length - 1, Math.max(0, at + step))]
      if (next === undefined) return
      event.preventDefault()
      select(next)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  })
}
