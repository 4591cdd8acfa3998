// One setting: what it is, a quiet line about it, and its control.
import type { ReactNode } from 'react'
import css from './settings.module.css'

export const Row = ({ what, text, children }: { what: ReactNode; text?: ReactNode; children?: ReactNode }) => (
  <div className={css.row}>
    <div>
      <div className={css.what}>{what}</div>
      {text !== undefined && <div className={css.text}>{text}</div>}
    </div>
    {children}
  </div>
)
