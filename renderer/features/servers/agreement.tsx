// The exact command, whole, with what stands out about it: run it, or do not. Doing nothing keeps it from running.
import { Button, Checkbox } from '@mantine/core'
import { IconAlertTriangle, IconKey, IconUser } from '@tabler/icons-react'
import { useState } from 'react'
import type { Problem } from '../../../contract/procedure.ts'
import type { Agreement as AgreementData, Server } from '../../../contract/servers.ts'
import { hub, problemFrom, useCall } from '../../hub.ts'
import { ArmedButton, Banner, Box, CopyButton, Diff, Foreign, Mono, ServerTile, showDone } from '../../ui/index.ts'
import { SecretField } from '../credentials/secret-field.tsx'
import { useServerActions } from './actions.ts'
import { AgreementFacts } from './agreement-facts.tsx'
import { pairsText } from './launch-text.ts'
import css from './servers.module.css'
import { TrustEffect } from './trust-effect.tsx'

interface AgreementProps {
  server: Server
  agreement: AgreementData
  /** Names the dialog it stands in. */
  titleId?: string
  /** Closes that dialog; absent on the server's own page. */
  onClose?: () => void
}

export function Agreement({ server, agreement, titleId, onClose }: AgreementProps) {
  const waitsFor = server.state.kind === 'waiting' ? server.state.for : null
  return waitsFor === 'secret' ? (
    <NeedsSecret server={server} agreement={agreement} titleId={titleId} onClose={onClose} />
  ) : (
    <FirstRun server={server} agreement={agreement} titleId={titleId} onClose={onClose} />
  )
}

type Inner = Omit<AgreementProps, 'onClose' | 'titleId'> & {
  titleId: string | undefined
  onClose: (() => void) | undefined
}

function Head(props: { server: Server; titleId: string | undefined; title: string; fact: string }) {
  return (
    <div className={css.agreeHead}>
      <ServerTile server={props.server} size={32} />
      <div id={props.titleId}>
        <h2 className={css.agreeTitle}>{props.title}</h2>
        <div className={css.agreeFact}>{props.fact}</div>
      </div>
    </div>
  )
}

function FirstRun({ server, agreement, titleId, onClose }: Inner) {
  const actions = useServerActions(server)
  const [trust, setTrust] = useState(false)
  const [grants, setGrants] = useState<Record<string, boolean>>({})
  const [problem, setProblem] = useState<Problem | null>(null)
  const { digest, launch, before, secrets, notes } = agreement
  const granted = secrets.filter(secret => secret.stored && (grants[secret.name] ?? true)).map(secret => secret.name)
  const run = async () => {
    try {
      await hub.servers.agree({ id: server.id, digest, secrets: granted, trust })
    } catch (error) {
      // Said here, where it is looked for.
      return setProblem(problemFrom(error))
    }
    showDone(`${server.name} may run`)
    onClose?.()
  }
  return (
    <div>
      <Head
        server={server}
        titleId={titleId}
        title={
          launch.url
            ? 'Connect to this server?'
            : before
              ? 'Run this changed command as you?'
              : 'Run this command as you?'
        }
        fact={
          agreement.unread
            ? `What you agreed to before is locked away with the keychain; open that instead`
            : before
              ? `${server.name} ran with another command before`
              : `${server.name} has never run here`
        }
      />
      <Box>
        <div className={css.command1}>
          <Foreign text={server.commandLine} max={20_000} />
          <CopyButton text={server.commandLine} label="Copy the command" />
        </div>
        <AgreementFacts launch={launch} />
      </Box>
      {before && (
        <div style={{ marginTop: 14 }}>
          <div className={css.agreeFact}>What is new since you agreed:</div>
          <Diff before={launchText(before)} after={launchText(launch)} maxHeight={200} />
        </div>
      )}
      <Notes notes={notes} remote={launch.url !== undefined} />
      {secrets.length > 0 && (
        <div className={css.secrets}>
          <Box>
            {secrets.map(secret => (
              <div key={secret.name} className={css.secretRow}>
                {secret.stored ? (
                  <Checkbox
                    label={
                      <>
                        Give it <Mono>{secret.name}</Mono>
                      </>
                    }
                    checked={grants[secret.name] ?? true}
                    onChange={event => setGrants({ ...grants, [secret.name]: event.currentTarget.checked })}
                  />
                ) : (
                  <SecretField name={secret.name} hint />
                )}
              </div>
            ))}
          </Box>
        </div>
      )}
      <div className={css.trust}>
        <Checkbox
          label={`Believe ${server.name} about its own tools`}
          checked={trust}
          onChange={event => setTrust(event.currentTarget.checked)}
        />
        <div className={css.trustText}>
          <TrustEffect server={server} />
        </div>
      </div>
      {problem && (
        <div className={css.agreeProblem}>
          <Banner tone="red" role="alert" title={problem.message} text={problem.hint} />
        </div>
      )}
      <div className={css.agreeFoot}>
        <Button
          size="md"
          variant="subtle"
          onClick={() => {
            onClose?.()
            void actions.edit()
          }}
        >
          Edit command…
        </Button>
        <ArmedButton content={JSON.stringify([digest, granted, trust])} onPress={() => void run()}>
          {launch.url ? 'Connect' : 'Run it'}
        </ArmedButton>
        <DoNotRun onPress={() => (onClose ? onClose() : void actions.remove())} inDialog={onClose !== undefined} />
      </div>
    </div>
  )
}

/** The safe answer: dark, focused in the dialog, and it changes nothing but the screen (on the server's page it removes the server). */
const DoNotRun = ({ onPress, inDialog }: { onPress: () => void; inDialog: boolean }) => (
  <Button size="md" variant="filled" data-safe={inDialog || undefined} onClick={onPress}>
    {inDialog ? 'Do not run' : 'Do not run, remove it'}
  </Button>
)

function Notes({ notes, remote }: { notes: string[]; remote: boolean }) {
  return (
    <ul className={css.notes}>
      <li>
        <IconUser size={15} stroke={1.7} aria-hidden="true" />
        {remote
          ? 'What your clients send to its tools leaves this computer.'
          : 'It runs with your rights: it can read and change what you can, and use the network.'}
      </li>
      {notes.map(note => (
        <li key={note} className={css.stands}>
          <IconAlertTriangle size={15} stroke={1.7} aria-hidden="true" />
          <Foreign text={note} />
        </li>
      ))}
    </ul>
  )
}

function NeedsSecret({ server, agreement, titleId, onClose }: Inner) {
  const grant = useCall(hub.secrets.grant)
  return (
    <div>
      <Head
        server={server}
        titleId={titleId}
        title={`${server.name} needs a credential`}
        fact="Its command was agreed to. It starts once it has what it names."
      />
      <Box>
        {agreement.secrets.map(({ name, stored, granted }) => (
          <div key={name} className={css.secretRow}>
            {!stored && <SecretField name={name} hint />}
            {stored && (
              <>
                <span>
                  <IconKey
                    size={14}
                    stroke={1.7}
                    style={{ verticalAlign: -2, marginInlineEnd: 8 }}
                    aria-hidden="true"
                  />
                  <Mono>{name}</Mono>
                </span>
                {granted ? (
                  <span className={css.quiet}>given</span>
                ) : (
                  <Button size="xs" onClick={() => void grant({ name, server: server.id })}>
                    Give it to {server.name}
                  </Button>
                )}
              </>
            )}
          </div>
        ))}
      </Box>
      {onClose && (
        <div className={css.agreeFoot}>
          <span />
          <Button size="md" onClick={onClose}>
            Later
          </Button>
        </div>
      )}
    </div>
  )
}

/** A launch as lines, so that a difference is a line. */
const launchText = (launch: AgreementData['launch']): string =>
  [
    launch.url ?? launch.command ?? '',
    ...launch.args,
    launch.cwd ? `in ${launch.cwd}` : '',
    pairsText(launch.env),
    pairsText(launch.headers),
  ]
    .filter(Boolean)
    .join('\n')
