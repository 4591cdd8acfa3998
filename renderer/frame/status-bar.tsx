// The bottom line: how hub, servers, clients, log and keychain are. Trouble of the app itself shows here, in red.
import { IconKey, IconLink } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { HubStatus } from '../../contract/hub.ts'
import { useReadOnly } from '../features/policy/use-switches.ts'
import { listOf, useHub, useServers, useStatus } from '../hub.ts'
import { Disc, Octagon } from '../ui/glyphs.tsx'
import { Ago, count, plural, seconds } from '../ui/index.ts'
import css from './frame.module.css'

export function StatusBar() {
  const hub = useHub()
  const status = useStatus()
  const [readOnly, setReadOnly] = useReadOnly()
  const known = status.kind === 'ready' ? status.value : null
  const gone = hub.kind === 'gone'
  return (
    <footer className={css.status} data-read-only={readOnly && !gone}>
      {readOnly && !gone ? (
        <>
          <b>Read-only: nothing writes, for any client</b>
          <button type="button" className={css.switchOff} onClick={() => void setReadOnly(false)}>
            Turn off
          </button>
        </>
      ) : (
        <HubFact />
      )}
      {!gone && known && <Traffic status={known} />}
      <span className={css.right}>
        {!gone && known && <LogFact status={known} />}
        {!gone && known && <KeychainFact status={known} />}
        <Link to="/settings" className={css.version}>
          {known?.version ?? ''}
        </Link>
      </span>
    </footer>
  )
}

function HubFact() {
  const hub = useHub()
  switch (hub.kind) {
    case 'live':
      return (
        <Link to="/settings" className={css.ok}>
          <Disc />
          Hub running
        </Link>
      )
    case 'gone':
      return (
        <>
          <span className={css.bad} role="status">
            <Octagon /> Hub not answering
          </span>
          {hub.lastHeardAt && (
            <span>
              Last heard {seconds(hub.lastHeardAt)}, <Ago at={hub.lastHeardAt} />
            </span>
          )}
        </>
      )
    default:
      return <span>Connecting to the hub</span>
  }
}

function Traffic({ status }: { status: HubStatus }) {
  const servers = listOf(useServers())
  const running = servers.filter(server => server.state.kind === 'running').length
  return (
    <>
      {status.mode === 'unattended' && (
        <Link to="/settings" className={css.bad}>
          Unattended: nobody is asked
        </Link>
      )}
      <Link to="/servers">
        {servers.length === 0 ? 'No servers yet' : `${running} of ${plural(servers.length, 'server')} running`}
      </Link>
      <Link to="/clients">
        {status.links.length === 0 ? 'No clients linked' : `${plural(status.links.length, 'client')} linked`}
      </Link>
      <Link to="/activity" className={css.wide}>
        {count(Math.round(status.callsPerMinute))} calls/min
      </Link>
    </>
  )
}

const Fact = (props: { to: '/activity' | '/credentials'; bad: boolean; icon: ReactNode; children: ReactNode }) => (
  <Link to={props.to} className={props.bad ? css.bad : css.wide}>
    {props.icon}
    {props.children}
  </Link>
)

function LogFact({ status: { audit } }: { status: HubStatus }) {
  const bad = !audit.writable || audit.problem !== null
  const words = !audit.writable
    ? 'The log cannot be written'
    : audit.problem !== null
      ? 'The log is broken'
      : audit.verifiedTo !== null
        ? `Log verified to row ${count(audit.verifiedTo)}`
        : `${plural(audit.rows, 'row')} logged`
  return (
    <Fact to="/activity" bad={bad} icon={<IconLink size={13} aria-hidden="true" />}>
      {words}
    </Fact>
  )
}

const keychain = {
  open: 'Keychain unlocked',
  waiting: 'Waiting for your keychain',
  locked: 'Keychain locked',
  missing: 'No keychain',
  denied: 'Keychain refused us',
} satisfies Record<HubStatus['vault']['kind'], string>

const file = { open: 'Encrypted file open', locked: 'Encrypted file locked' }

function KeychainFact({ status: { vault } }: { status: HubStatus }) {
  const bad = vault.kind !== 'open' && vault.kind !== 'waiting'
  return (
    <Fact to="/credentials" bad={bad} icon={<IconKey size={13} aria-hidden="true" />}>
      {vault.file ? file[vault.file] : keychain[vault.kind]}
    </Fact>
  )
}
