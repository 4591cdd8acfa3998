// The button that lets a call run: off until armed, filled from the left meanwhile, and only for fresh presses.
import type { ArmingNow } from '../../ui/use-arming.ts'
import { usePress } from '../../ui/use-press.ts'
import css from './approvals.module.css'

export function AllowButton({ arming, label, busy, onAllow }: AllowButtonProps) {
  return (
    <button
      type="button"
      className={css.allow}
      data-progress={arming.progress}
      aria-disabled={arming.progress !== 'armed' || busy}
      aria-keyshortcuts="Control+Shift+A Meta+Shift+A"
      {...usePress(arming.current, () => !busy && onAllow())}
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
