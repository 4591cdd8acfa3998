// The button that lets something happen: off until armed, filled from the left meanwhile, and only for fresh presses.
import { type KeyboardEvent, type MouseEvent, type PointerEvent, useRef } from 'react'
import { mayAllow, type Press } from '../../ui/arming.ts'
import type { ArmingNow } from '../../ui/use-arming.ts'
import css from './approvals.module.css'

type Down = Pick<Press, 'by' | 'beganAt' | 'repeat'>

export function AllowButton({ arming, label, busy, onAllow }: AllowButtonProps) {
  const down = useRef<Down | null>(null)
  const click = (event: MouseEvent) => {
    const begun = down.current ?? { by: 'pointer', beganAt: event.timeStamp, repeat: false }
    down.current = null
    if (!busy && mayAllow(arming.current(), { ...begun, clicks: event.detail, trusted: event.isTrusted })) onAllow()
  }
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') event.preventDefault()
    if (event.key !== ' ' || (event.repeat && down.current?.by === 'space')) return
    down.current = { by: 'space', beganAt: event.timeStamp, repeat: event.repeat }
  }
  const pointerDown = (event: PointerEvent) => {
    down.current = { by: 'pointer', beganAt: event.timeStamp, repeat: false }
  }
  const off = arming.progress !== 'armed' || busy
  return (
    <button
      type="button"
      className={css.allow}
      data-progress={arming.progress}
      aria-disabled={off}
      aria-keyshortcuts="Control+Shift+A Meta+Shift+A"
      onPointerDown={pointerDown}
      onKeyDown={keyDown}
      onClick={click}
    >
      <span className={css.fill} aria-hidden />
      <span className={css.allowLabel}>{label}</span>
    </button>
  )
}

interface AllowButtonProps {
  arming: ArmingNow
  label: string
  busy: boolean
  onAllow: () => void
}
