// Credentials by name: what needs you first, then what the keychain holds. Values are set and replaced, never shown.
import { Button } from '@mantine/core'
import { IconLockOpen, IconPlus } from '@tabler/icons-react'
import type { Secret } from '../../../contract/secrets.ts'
import { listOf, useSecrets, useServers, useStatus } from '../../hub.ts'
import { EmptyState, GroupRow, Page, PageHeader, Problem, RowsSkeleton } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { useWalk } from '../use-walk.ts'
import { CredentialPane, NewCredentialPane } from './credential-pane.tsx'
import { CredentialRow } from './credential-row.tsx'
import css from './credentials.module.css'
import { EncryptedFile } from './encrypted-file.tsx'
import { KeychainTrouble } from './keychain-trouble.tsx'
import { Needs, needsOf } from './needs.tsx'

const NEW = '+'

export function CredentialsView() {
  const secrets = useSecrets()
  const servers = listOf(useServers())
  const status = useStatus()
  const [address, go] = useAddress()
  const named = textOf(address.row)
  const open = (row: string | undefined) => go({ ...address, row })
  const list = listOf(secrets)
  const kept = list.filter(secret => secret.status !== 'missing').sort((a, b) => a.name.localeCompare(b.name))
  const needs = needsOf(list)
  useWalk(
    kept.map(secret => secret.name),
    named,
    open,
  )
  const vault = status.kind === 'ready' ? status.value.vault : null
  const store = vault?.file ? 'encrypted file' : 'keychain'
  const header = (
    <PageHeader
      title="Credentials"
      fact={vault && kept.length > 0 ? `${kept.length} in the ${vault.store}` : undefined}
    >
      {vault?.kind === 'open' && (
        <span className={css.ok}>
          <IconLockOpen size={15} stroke={1.8} aria-hidden="true" />
          Unlocked
        </span>
      )}
      <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={() => open(NEW)}>
        Add credential
      </Button>
    </PageHeader>
  )
  const selected = list.find(secret => secret.name === named)
  const close = () => open(undefined)
  const pane =
    named === NEW ? (
      <NewCredentialPane known={list} onClose={close} onSaved={name => open(name)} />
    ) : (
      selected && <CredentialPane key={selected.name} secret={selected} servers={servers} onClose={close} />
    )
  return (
    <Page header={header} pane={pane}>
      {vault && vault.file === undefined && <KeychainTrouble vault={vault} />}
      {vault && <EncryptedFile vault={vault} />}
      {secrets.kind === 'loading' && <RowsSkeleton rows={6} height={40} />}
      {secrets.kind === 'failed' && <Problem error={secrets.error} />}
      {secrets.kind === 'ready' && list.length === 0 && (
        <EmptyState
          title="No credentials yet"
          text="A server that needs one will ask here. Its settings name it, like API_KEY=${secret:API_KEY}; the value is shown to nobody."
        />
      )}
      {list.length > 0 && <List needs={needs} kept={kept} selected={named} store={store} onOpen={open} />}
    </Page>
  )
}

interface ListProps {
  needs: ReturnType<typeof needsOf>
  kept: Secret[]
  selected: string | undefined
  /** What keeps them, in words. */
  store: string
  onOpen: (name: string) => void
}

function List({ needs, kept, selected, store, onOpen }: ListProps) {
  return (
    <div className={css.grid}>
      <div className={css.head} aria-hidden="true">
        <span>Name</span>
        <span>Looks like</span>
        <span>Used by</span>
        <span>Last used</span>
        <span>Set</span>
      </div>
      {needs.length > 0 && <GroupRow title="Needs you" count={needs.length} />}
      <Needs needs={needs} onSet={onOpen} />
      {kept.length > 0 && <GroupRow title={`In the ${store}`} count={kept.length} />}
      <ul>
        {kept.map(secret => (
          <CredentialRow
            key={secret.name}
            secret={secret}
            selected={secret.name === selected}
            onOpen={() => onOpen(secret.name)}
          />
        ))}
      </ul>
      <p className={css.foot}>
        Values leave the {store} only for the start of a server that names them. They cannot be shown here, only
        replaced.
      </p>
    </div>
  )
}
