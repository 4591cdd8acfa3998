// Presses on a button that lets something happen: which of them count, by mouse and by keyboard.
import { type KeyboardEvent, type MouseEvent, type PointerEvent, useRef } from 'react'
import { type Arming, mayAllow, type Press } from './arming.ts'

type Down = Pick<Press, 'by' | 'beganAt' | 'repeat'>

/** Handlers for the button. `arming`: what a press is held against, at the time of the press. */
export function usePress(arming: () => Arming, onPress: () => void) {
  const down = useRef<Down | null>(null)
  return {
    onPointerDown(event: PointerEvent) {
      down.current = { by: 'pointer', beganAt: event.timeStamp, repeat: false }
    },
    onKeyDown(event: KeyboardEvent) {
      if (event.key === 'Enter') event.preventDefault()
      if (event.key !== ' ' || (event.repeat && down.current?.by === 'space')) return
      down.current = { by: 'space', beganAt: event.timeStamp, repeat: event.repeat }
    },
    onClick(event: MouseEvent) {
      const begun = down.current ?? { by: 'pointer', beganAt: event.timeStamp, repeat: false }
      down.current = null
      if (mayAllow(arming(), { ...begun, clicks: event.detail, trusted: event.isTrusted })) onPress()
    },
  }
}
