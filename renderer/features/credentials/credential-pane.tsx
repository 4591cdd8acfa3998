// One credential: a new value, who names it and whether it was given to them, and the way to remove it.
import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { runsWithOldValue, type Secret } from '../../../contract/secrets.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { Mono, moment, Pane, showDone } from '../../ui/index.ts'
import css from './credentials.module.css'
import { inWords, type Running, SecretField } from './secret-field.tsx'
import { useForgets, useStore } from './use-store.ts'

export function CredentialPane(props: { secret: Secret; servers: readonly Server[]; onClose: () => void }) {
  const { secret, servers } = props
  const { name, status, setAt, usedBy } = secret
  const grant = useCall(hub.secrets.grant)
  const stored = status !== 'missing'
  const [left, setLeft] = useState<Running>([])
  const store = useStore()
  const forgets = useForgets()
  const named = servers.filter(server => usedBy.some(user => user.server === server.id))
  const given = new Set(usedBy.filter(user => user.granted).map(user => user.server))
  const running = named.filter(one => given.has(one.id) && (runsWithOldValue(one.state) || one.instances > 0))
  return (
    <Pane
      label={name}
      title={<Mono>{name}</Mono>}
      fact={stored ? `Set ${setAt === null ? 'earlier' : moment(setAt)}, value never shown` : `Not in the ${store} yet`}
      onClose={props.onClose}
    >
      <SecretField
        name={name}
        label={stored ? 'New value' : 'Value'}
        main
        autoFocus={!stored}
        running={stored ? running.map(one => one.name) : []}
        onSaved={setLeft}
      />
      <p className={css.paneText}>{forgets}</p>
      {left.length > 0 && <OldValue servers={left} onDone={() => setLeft([])} />}
      {usedBy.length > 0 && (
        <section className={css.paneSection}>
          <h3>Used by</h3>
          {usedBy.map(user => (
            <div key={user.server} className={css.pair}>
              <span>{user.name}</span>
              {user.granted ? (
                <span className={css.sub}>given</span>
              ) : (
                <Button
                  size="xs"
                  disabled={status !== 'stored'}
                  onClick={() => void grant({ name, server: user.server })}
                >
                  Give it to {user.name}
                </Button>
              )}
            </div>
          ))}
        </section>
      )}
      {named.length > 0 && (
        <section className={css.paneSection}>
          <h3>Named in</h3>
          {named.flatMap(server =>
            [...Object.entries(server.launch.env), ...Object.entries(server.launch.headers)]
              .filter(([, value]) => value.includes(`\${secret:${name}}`))
              .map(([key, value]) => (
                <div key={`${server.id} ${key}`} className={css.sub}>
                  {server.name}: <Mono>{`${key}=${value}`}</Mono>
                </div>
              )),
          )}
        </section>
      )}
      {stored && <Remove name={name} used={usedBy.length > 0} onRemoved={props.onClose} />}
    </Pane>
  )
}

/** Saved without a restart: these go on with what they were started with. */
function OldValue({ servers, onDone }: { servers: Running; onDone: () => void }) {
  const restart = useCall(hub.servers.restart)
  const names = inWords(servers.map(one => one.name))
  const restartAll = async () => {
    onDone()
    await Promise.all(servers.map(one => restart({ id: one.server })))
  }
  return (
    <section className={css.paneSection} role="status">
      <div className={css.pair}>
        <span>
          {names} {servers.length === 1 ? 'runs' : 'run'} with the old value until the next start.
        </span>
        <Button size="xs" onClick={() => void restartAll()}>
          Restart {servers.length === 1 ? names : 'them'}
        </Button>
      </div>
    </section>
  )
}

/** A removed value cannot be brought back, so this one asks. */
function Remove({ name, used, onRemoved }: { name: string; used: boolean; onRemoved: () => void }) {
  const [asking, setAsking] = useState(false)
  const store = useStore()
  const remove = useCall(hub.secrets.remove)
  const removeIt = async () => {
    if (!(await remove({ name }))) return
    showDone(`Removed ${name}`)
    onRemoved()
  }
  return (
    <section className={css.paneSection}>
      <Button size="xs" onClick={() => setAsking(true)}>
        Remove…
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} size={440} title={`Remove ${name}?`}>
        <p className={css.sub}>
          Its value is erased from the {store} and cannot be brought back.
          {used && ' The servers that name it cannot start until it is set again and given to them again.'}
        </p>
        <div style={{ display: 'flex', gap: 8, justifyContent: 'flex-end', marginTop: 20 }}>
          <Button size="md" onClick={() => void removeIt()}>
            Remove {name}
          </Button>
          <Button size="md" variant="filled" data-autofocus onClick={() => setAsking(false)}>
            Keep it
          </Button>
        </div>
      </Modal>
    </section>
  )
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/

export function NewCredentialPane(props: {
  known: readonly Secret[]
  onClose: () => void
  onSaved: (name: string) => void
}) {
  const [name, setName] = useState('')
  const store = useStore()
  const forgets = useForgets()
  const exists = props.known.some(secret => secret.name === name && secret.status !== 'missing')
  const problem = name !== '' && !NAME.test(name) ? 'Letters, digits, _ . - and not first a digit' : null
  return (
    <Pane label="Add a credential" title="Add a credential" onClose={props.onClose}>
      <TextInput
        label="Name"
        description={'Servers name it in their settings as ${secret:NAME}'}
        placeholder="GITHUB_TOKEN"
        classNames={{ input: 'mono' }}
        error={problem ?? (exists ? `This name is in the ${store} already. Saving replaces its value.` : null)}
        mb={16}
        autoFocus
        value={name}
        onChange={event => setName(event.currentTarget.value.trim())}
      />
      <SecretField
        name={name}
        label="Value"
        main
        disabled={name === '' || problem !== null}
        onSaved={() => props.onSaved(name)}
      />
      <p className={css.paneText}>{forgets}</p>
    </Pane>
  )
}
