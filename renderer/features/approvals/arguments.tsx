// Arguments now beside those of the last allowed call; what differs stands out.
import { useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import { moment } from '../../ui/clock.tsx'
import { Foreign } from '../../ui/foreign.tsx'
import { bytes } from '../../ui/numbers.ts'
import css from './approvals.module.css'
import { unquoted } from './words.ts'

const FOLD = 240

export function Arguments({ approval }: { approval: Approval }) {
  const [json, setJson] = useState(false)
  const known = approval.lastAllowedAt !== null
  return (
    <div className={css.args}>
      <button type="button" className={`${css.link} ${css.toggle}`} aria-pressed={json} onClick={() => setJson(!json)}>
        {json ? 'Table' : 'JSON'}
      </button>
      {(json || approval.compared.length === 0) && <p className={css.argsHead}>Arguments</p>}
      {json && (
        <pre className={css.json}>
          <Foreign text={approval.arguments} max={4000} />
        </pre>
      )}
      {!json && approval.compared.length === 0 && <p className={css.argsNone}>None: the call has no arguments.</p>}
      {!json && approval.compared.length > 0 && (
        <table className={css.argsTable}>
          <thead>
            <tr>
              <th>Arguments</th>
              <th>Now</th>
              <th>{known ? `Last allowed, ${moment(approval.lastAllowedAt!)}` : 'Never allowed before'}</th>
            </tr>
          </thead>
          <tbody>
            {approval.compared.map(({ name, now, before, changed }) => (
              <tr key={name}>
                <th scope="row">
                  <Foreign text={name} max={60} mono />
                </th>
                <td>
                  <span className={css.now} data-changed={changed && known}>
                    {now === '' ? <i>left out</i> : <Value json={now} />}
                  </span>
                  {changed && known && <span className="visually-hidden"> changed</span>}
                </td>
                <td className={css.before}>{before === null ? '–' : changed ? <Value json={before} /> : 'same'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

/** A value as text; a long one folded, with its size. */
function Value({ json }: { json: string }) {
  const text = unquoted(json)
  return (
    <>
      <Foreign text={text} max={FOLD} mono />
      {text.length > FOLD && <span className={css.size}> {bytes(new TextEncoder().encode(text).length)}</span>}
    </>
  )
}
