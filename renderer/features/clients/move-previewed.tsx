// What moving would make of the client's file and, beside it, what Gatehouse would hold.
import { IconAlertTriangle } from '@tabler/icons-react'
import type { MovePreview, TakePreview } from '../../../contract/client-move.ts'
import type { Client } from '../../../contract/clients.ts'
import { Diff, Foreign, JsonView } from '../../ui/index.ts'
import clients from './clients.module.css'
import css from './move.module.css'
import { Facts } from './preview-dialog.tsx'

interface Props {
  client: Client
  preview: MovePreview
  holds: TakePreview['holds']
}

export function MovePreviewed({ client, preview, holds }: Props) {
  return (
    <div className={css.all}>
      <h3 className={css.part}>{client.name}’s file</h3>
      <Diff before={preview.beforeText} after={preview.afterText} maxHeight={260} />
      {holds.length > 0 && (
        <>
          <h3 className={css.part}>In Gatehouse</h3>
          {holds.map(({ name, isThere, text, secrets }) => (
            <section key={name} className={css.held} aria-label={`${name} in Gatehouse`}>
              {isThere ? (
                <p className={css.quiet}>
                  <Foreign text={name} max={80} /> is here already and stays as it is.
                </p>
              ) : (
                <JsonView text={text} maxHeight={200} />
              )}
              {secrets.length > 0 && (
                <p className={css.quiet}>
                  New in the vault: <Foreign text={secrets.join(', ')} max={300} />
                </p>
              )}
            </section>
          ))}
        </>
      )}
    </div>
  )
}

/** `keys`: credentials whose values would be written into the file. */
export function MoveFacts({ client, preview, keys }: Omit<Props, 'holds'> & { keys: readonly string[] }) {
  return (
    <div>
      <Facts preview={preview} client={client} />
      {keys.length > 0 && (
        <ul className={clients.facts}>
          <li data-tone="amber">
            <IconAlertTriangle size={15} stroke={1.7} aria-hidden /> The {keys.length === 1 ? 'value' : 'values'} of{' '}
            {keys.join(', ')} will stand in the file in plain text, and {keys.length === 1 ? 'stays' : 'stay'} in the
            vault too.
          </li>
        </ul>
      )}
    </div>
  )
}
