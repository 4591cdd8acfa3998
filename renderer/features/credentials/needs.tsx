// What needs a person: a credential named but not stored, or stored but not given to the server that names it.
import { Button } from '@mantine/core'
import type { Secret } from '../../../contract/secrets.ts'
import { hub, useCall } from '../../hub.ts'
import { Diamond } from '../../ui/glyphs.tsx'
import { Mono } from '../../ui/index.ts'
import css from './credentials.module.css'

export type Need =
  | { kind: 'missing'; name: string; servers: string[] }
  | { kind: 'grant'; name: string; server: { server: string; name: string } }

export function needsOf(secrets: readonly Secret[]): Need[] {
  const missing = secrets
    .filter(secret => secret.status === 'missing')
    .map<Need>(secret => ({ kind: 'missing', name: secret.name, servers: secret.usedBy.map(user => user.name) }))
  const grants = secrets
    .filter(secret => secret.status === 'stored')
    .flatMap(secret =>
      secret.usedBy.filter(user => !user.granted).map<Need>(server => ({ kind: 'grant', name: secret.name, server })),
    )
  return [...missing, ...grants]
}

export function Needs({ needs, onSet }: { needs: Need[]; onSet: (name: string) => void }) {
  const grant = useCall(hub.secrets.grant)
  return needs.map(need => (
    <div key={`${need.kind} ${need.name} ${need.kind === 'grant' ? need.server.server : ''}`} className={css.needs}>
      <span data-tone="amber" style={{ display: 'flex' }}>
        <Diamond />
      </span>
      {need.kind === 'missing' ? (
        <>
          <div>
            <Mono>{need.name}</Mono> <span className={css.amber}>is not stored yet</span>
            <div className={css.sub}>
              {need.servers.join(', ') || 'A server'} names it in its settings and cannot start without it.
            </div>
          </div>
          <Button size="xs" onClick={() => onSet(need.name)}>
            Set value…
          </Button>
        </>
      ) : (
        <>
          <div>
            <span className={css.amber}>{need.server.name} asks for</span> <Mono>{need.name}</Mono>
            <div className={css.sub}>It is stored, but was not given to this command yet.</div>
          </div>
          <Button size="xs" onClick={() => void grant({ name: need.name, server: need.server.server })}>
            Give it to {need.server.name}
          </Button>
        </>
      )}
    </div>
  ))
}
