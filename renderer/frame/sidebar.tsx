// The way around: places with grey counts, one amber pill for all that waits for you, and the read-only switch.
import { Kbd, Switch, Tooltip } from '@mantine/core'
import { spotlight } from '@mantine/spotlight'
import { IconLock, IconSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { shell } from '../connection/shell.ts'
import { useWaiting } from '../features/approvals/waiting.ts'
import { useReadOnly } from '../features/policy/use-switches.ts'
import { listOf, useClients, usePolicy, useSecrets, useServers } from '../hub.ts'
import { mod, useStale } from '../ui/index.ts'
import css from './frame.module.css'
import { type Place, places } from './places.ts'

export function Sidebar({ narrow }: { narrow: boolean }) {
  const groups = ['', 'Connect', 'Guard'] as const
  return (
    <nav className={css.side} aria-label="Main">
      {shell && <div className={css.shellSpace} />}
      <button
        type="button"
        className={css.search}
        onClick={spotlight.open}
        aria-label="Search or run"
        aria-keyshortcuts="Control+K Meta+K"
      >
        <IconSearch size={14} aria-hidden="true" />
        {!narrow && (
          <>
            <span>Search or run</span>
            <Kbd>{mod === '⌘' ? '⌘K' : 'Ctrl K'}</Kbd>
          </>
        )}
      </button>
      {groups.map(group => (
        <div key={group}>
          {group && <div className={css.label}>{group}</div>}
          {places
            .filter(place => place.group === group)
            .map(place => (
              <Item key={place.to} place={place} narrow={narrow} />
            ))}
        </div>
      ))}
      <div className={css.foot}>
        <ReadOnlySwitch narrow={narrow} />
        {places
          .filter(place => place.group === 'foot')
          .map(place => (
            <Item key={place.to} place={place} narrow={narrow} />
          ))}
      </div>
    </nav>
  )
}

function Item({ place, narrow }: { place: Place; narrow: boolean }) {
  const { to, name, Icon } = place
  const waiting = useWaiting().count
  const count = useCount(to)
  const stale = useStale()
  const pill = to === '/approvals' && waiting > 0 && !stale
  return (
    <Tooltip label={name} position="right" disabled={!narrow} openDelay={100}>
      <Link
        to={to}
        className={css.item}
        activeOptions={{ exact: to === '/', includeSearch: false }}
        aria-label={narrow ? name : undefined}
      >
        <Icon size={16} stroke={1.7} aria-hidden="true" />
        {!narrow && <span className={css.name}>{name}</span>}
        {!narrow && pill && (
          <span className={css.pill}>
            {waiting}
            <span className="visually-hidden"> wait for you</span>
          </span>
        )}
        {!narrow && !pill && count > 0 && <span className={css.count}>{count}</span>}
        {narrow && pill && <span className={css.dot} />}
      </Link>
    </Tooltip>
  )
}

function useCount(to: Place['to']): number {
  const servers = listOf(useServers())
  const clients = listOf(useClients())
  const secrets = listOf(useSecrets())
  if (to === '/servers') return servers.length
  if (to === '/clients') return clients.filter(client => client.status !== 'not-installed').length
  if (to === '/credentials') return secrets.length
  return 0
}

function ReadOnlySwitch({ narrow }: { narrow: boolean }) {
  const policy = usePolicy()
  const [on, set] = useReadOnly()
  const stale = useStale()
  const control = (
    <Switch
      aria-label="Read-only"
      aria-keyshortcuts="Control+Shift+L Meta+Shift+L"
      checked={on}
      disabled={policy.kind !== 'ready' || stale}
      onChange={event => void set(event.currentTarget.checked)}
    />
  )
  return (
    <Tooltip label={`Nothing writes, for any client (${mod}+Shift+L)`} position="right">
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch inside is the control */}
      <label className={css.readOnly}>
        {!narrow && (
          <>
            <IconLock size={14} stroke={1.7} aria-hidden="true" />
            <span>Read-only</span>
          </>
        )}
        {control}
      </label>
    </Tooltip>
  )
}
