// The servers in a client's own file: what each starts, what stands in it, and which values go to the vault.
import { Button, Checkbox, TextInput } from '@mantine/core'
import type { ClientServer, ClientServers } from '../../../contract/client-move.ts'
import type { Client } from '../../../contract/clients.ts'
import { Foreign, Mono, plural } from '../../ui/index.ts'
import css from './move.module.css'
import { type Choice, placeOf } from './move-choice.ts'

interface Props {
  client: Client
  found: ClientServers
  choice: Choice
  onChange: (choice: Choice) => void
  onGiveBack: (names: string[]) => void
  onUndo: () => void
}

export function OwnServers({ client, found, choice, onChange, onGiveBack, onUndo }: Props) {
  const { servers, taken, undoGives } = found
  const choose = (name: string, on: boolean) => {
    const chosen = new Set(choice.servers)
    if (on) chosen.add(name)
    else chosen.delete(name)
    onChange({ ...choice, servers: chosen })
  }
  return (
    <div className={css.all}>
      {servers.length === 0 && <p className={css.none}>{client.name} has no servers of its own in this file.</p>}
      {servers.some(one => one.cannot === null) && (
        <p className={css.intro}>
          Chosen servers move into Gatehouse, and {client.name} keeps one entry that leads here. Each waits for your
          agreement before it runs.
        </p>
      )}
      {servers.map(server => (
        <One
          key={server.name}
          server={server}
          choice={choice}
          onChoose={on => choose(server.name, on)}
          onKey={(place, key) => onChange({ ...choice, keys: new Map(choice.keys).set(place, key) })}
        />
      ))}
      {taken.length > 0 && (
        <section className={css.taken} aria-label="Taken over before">
          <h3>Taken over before</h3>
          {taken.map(({ name, keys }) => (
            <div key={name} className={css.takenRow}>
              <span>
                <Mono>
                  <Foreign text={name} max={80} />
                </Mono>
              </span>
              <span className={css.quiet}>
                {keys.length > 0 && `its ${keys.length === 1 ? 'key' : 'keys'} would stand in the file again`}
              </span>
              <Button size="xs" aria-label={`Give ${name} back…`} onClick={() => onGiveBack([name])}>
                Give back…
              </Button>
            </div>
          ))}
          {undoGives.length > 0 && (
            <p className={css.quiet}>
              The file was not changed since.{' '}
              <button type="button" className={css.link} onClick={onUndo}>
                Give {undoGives.length === 1 ? 'it' : `all ${plural(undoGives.length, 'server')}`} back, byte for byte
                as it was…
              </button>
            </p>
          )}
        </section>
      )}
    </div>
  )
}

interface OneProps {
  server: ClientServer
  choice: Choice
  onChoose: (on: boolean) => void
  onKey: (place: string, key: { keep: boolean; secret: string }) => void
}

function One({ server, choice, onChoose, onKey }: OneProps) {
  const { name, as, there, cannot, values } = server
  const isChosen = choice.servers.has(name)
  return (
    <section className={css.server} aria-label={name}>
      <Checkbox
        checked={isChosen}
        disabled={cannot !== null}
        onChange={event => onChoose(event.currentTarget.checked)}
        label={<Foreign text={name} max={80} />}
      />
      <p className={css.line}>
        <Mono>
          <Foreign text={server.line} max={400} />
        </Mono>
      </p>
      {cannot && <p className={css.cannot}>Stays where it is: {cannot}</p>}
      {there && <p className={css.quiet}>Gatehouse has it already, as {there}. Its entry goes from this file.</p>}
      {!there && !cannot && as !== name && <p className={css.quiet}>It is called {as} here.</p>}
      {server.off && <p className={css.quiet}>Switched off there; it comes over switched off.</p>}
      {server.notes.map(note => (
        <p key={note} className={css.quiet}>
          <Foreign text={note} max={300} />
        </p>
      ))}
      {!cannot && isChosen && values.length > 0 && (
        <ul className={css.values}>
          {values.map(value => {
            const place = placeOf(name, value)
            const key = choice.keys.get(place) ?? { keep: false, secret: '' }
            const typed = key.secret === '' ? value.secret : key.secret
            return (
              <li key={place}>
                <Mono>
                  <Foreign text={value.name} max={60} />
                </Mono>
                <span className={css.quiet}>
                  {value.where === 'env' ? '' : value.where === 'url' ? 'in the address, ' : 'a header, '}
                  <span aria-hidden>••• </span>
                  {value.looksLike}
                </span>
                {value.tooPlain === null ? (
                  <Checkbox
                    checked={key.keep}
                    label="Keep in the vault as"
                    aria-label={`Keep ${value.name} of ${name} in the vault`}
                    onChange={event => onKey(place, { ...key, keep: event.currentTarget.checked })}
                  />
                ) : (
                  <span className={`${css.quiet} ${css.plain}`}>Stays in plain text. {value.tooPlain}</span>
                )}
                {value.tooPlain === null && (
                  <TextInput
                    className={css.secret}
                    aria-label={`Name in the vault of ${value.name} of ${name}`}
                    value={typed}
                    disabled={!key.keep}
                    maxLength={100}
                    spellCheck={false}
                    error={/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/.test(typed) ? undefined : 'Letters, digits, _ . -'}
                    onChange={event => onKey(place, { ...key, secret: event.currentTarget.value })}
                  />
                )}
                {!key.keep && value.isKey && (
                  <span className={css.amber}>It would stand in Gatehouse’s settings in plain text.</span>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
