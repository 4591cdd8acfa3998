// A server that waits: the command it would run, whole, and the way to the page where it is agreed to.
import { Button } from '@mantine/core'
import type { Server } from '../../../contract/servers.ts'
import { Foreign } from '../../ui/foreign.tsx'
import { ServerTile } from '../../ui/tile.tsx'
import { useAddress } from '../use-address.ts'
import css from './approvals.module.css'

export function CommandSheet({ server }: { server: Server }) {
  const [address, go] = useAddress()
  const { state, agreement } = server
  const agrees = state.kind === 'waiting' && state.for === 'agreement'
  return (
    <div className={css.sheet}>
      <header className={css.head}>
        <ServerTile server={server} size={32} />
        <div className={css.headWords}>
          <h2 className={css.sheetTitle}>{agrees ? 'Run this command as you?' : `${server.name} waits for you`}</h2>
          <p className={css.sheetFact}>
            {agrees
              ? agreement?.before
                ? `${server.name}, its command differs from the one you agreed to`
                : `${server.name} has never run here`
              : state.kind === 'waiting' && state.what}
          </p>
        </div>
      </header>
      <code className={css.command}>
        <Foreign text={server.commandLine} max={2000} />
      </code>
      {agreement && agreement.notes.length > 0 && (
        <ul className={css.why}>
          {agreement.notes.map(note => (
            <li key={note}>
              <span>{note}</span>
            </li>
          ))}
        </ul>
      )}
      <div className={css.solo}>
        <Button size="md" variant="filled" onClick={() => go({ ...address, agree: server.id })}>
          {agrees ? 'Read the command…' : 'See what it needs…'}
        </Button>
      </div>
    </div>
  )
}
