// A question over the page that must not be answered by accident: modal, named, its safe answer focused.
import { type ReactNode, useLayoutEffect, useRef } from 'react'
import css from './alert-dialog.module.css'
import { raiseToasts } from './notify.tsx'

/** Mount it while it is open. `labelledBy`: its heading. Esc calls `onAside`. The element marked `data-safe` gets the focus, else the first. */
export function AlertDialog(props: { labelledBy: string; width: number; onAside: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Before it leaves the page, not after: the toasts would leave with it.
  useLayoutEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    raiseToasts()
    element?.querySelector<HTMLElement>('[data-safe]')?.focus()
    return () => {
      element?.close()
      raiseToasts()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      role="alertdialog"
      aria-modal="true"
      aria-labelledby={props.labelledBy}
      className={css.dialog}
      style={{ width: `min(${props.width}px, calc(100vw - 48px))` }}
      onCancel={event => {
        event.preventDefault()
        props.onAside()
      }}
    >
      {props.children}
    </dialog>
  )
}
