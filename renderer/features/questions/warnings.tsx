// What a person must see before they answer: a form that asks for a secret, and where an address leads.
import { IconAlertTriangle, IconLock, IconLockOpen } from '@tabler/icons-react'
import type { FormField, PersonQuestion } from '../../../contract/questions.ts'
import { Foreign } from '../../ui/index.ts'
import css from './questions.module.css'
import { hasForeignLetters } from './words.ts'

/** Stands above the server's words, which could push it out of sight. */
export function SecretWarning({ fields: all, server }: { fields: readonly FormField[]; server: string }) {
  const fields = all.filter(field => field.secret)
  if (fields.length === 0) return null
  const names = fields.slice(0, 3).map(field => field.title ?? field.name)
  return (
    <div className={css.warning} role="note">
      <IconAlertTriangle size={16} stroke={1.7} aria-hidden />
      <p>
        <b>This form asks for what looks like a secret:</b> <Foreign text={names.join(', ')} max={120} mono />
        {fields.length > 3 && ` and ${fields.length - 3} more`}. A server must not ask for passwords or keys in a form.
        What you type goes to {server} as it is. Decline it, and give secrets in Credentials, where the server’s
        settings name them.
      </p>
    </div>
  )
}

export function Visit({ asked }: { asked: Extract<PersonQuestion['asked'], { kind: 'url' }> }) {
  const Lock = asked.encrypted ? IconLock : IconLockOpen
  return (
    <div className={css.visit}>
      <p className={css.host}>
        <Lock size={16} stroke={1.7} aria-hidden />
        <Foreign text={asked.host} max={260} mono />
      </p>
      <p className={css.url}>
        <Foreign text={asked.url} max={300} mono />
      </p>
      {hasForeignLetters(asked.host) && (
        <p className={css.caution}>
          This name has letters that look like others. It is shown as browsers ask for it, so that it cannot pass for
          another.
        </p>
      )}
      {!asked.encrypted && !isHere(asked.host) && (
        <p className={css.caution}>The connection is not encrypted: others on the way can read and change it.</p>
      )}
      <p className={css.fact}>
        It opens in your browser, outside Gatehouse. What you do there, Gatehouse does not see.
      </p>
    </div>
  )
}

const isHere = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
