// AI clients by attention: how each stands and by what evidence, what it sees, and what can be done about it.
import { Button } from '@mantine/core'
import { IconPlus, IconRefresh } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { type Client, ClientAction } from '../../../contract/clients.ts'
import { hub, useCall, useClients } from '../../hub.ts'
import { EmptyState, GroupRow, Page, PageHeader, Problem, plural, RowsSkeleton } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { byAttention } from './attention.ts'
import type { Opened } from './client-actions.tsx'
import { ClientRow } from './client-row.tsx'
import css from './clients.module.css'
import { DirectDialog } from './direct-dialog.tsx'
import { HistoryPane } from './history-pane.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { OtherClient } from './other-client.tsx'
import { PreviewDialog } from './preview-dialog.tsx'
import { ProfilePane } from './profile-pane.tsx'
import { clientAt, ProjectDialog } from './project-dialog.tsx'
import { Written } from './written.tsx'

export function ClientsView() {
  const live = useClients()
  const [looked, setLooked] = useState<Client[] | null>(null)
  const [isAdding, setIsAdding] = useState(false)
  const [address, go] = useAddress()
  const list = useCall(hub.clients.list)
  // What the hub pushes is newer than what was looked for by hand.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new list from the hub drops it
  useEffect(() => setLooked(null), [live])
  const look = async () => {
    const found = await list()
    if (found) setLooked(found)
  }
  const header = (fact?: string) => (
    <PageHeader title="Clients" fact={fact}>
      <Button leftSection={<IconRefresh size={14} />} onClick={() => void look()}>
        Look again
      </Button>
      <Button leftSection={<IconPlus size={14} />} onClick={() => setIsAdding(true)}>
        Other client…
      </Button>
    </PageHeader>
  )
  if (live.kind === 'loading')
    return (
      <Page header={header()}>
        <RowsSkeleton height={52} />
      </Page>
    )
  if (live.kind === 'failed')
    return (
      <Page header={header()}>
        <Problem error={live.error} />
      </Page>
    )
  const clients = looked ?? live.list
  const groups = byAttention(clients)
  const missing = groups.find(g => g.group === 'not-installed')?.clients ?? []
  const here = clients.length - missing.length
  const open = (id: string, action: Opened) => go({ ...address, client: id, action })
  const close = () => go({ ...address, client: undefined, action: undefined })
  const chosen = clientAt(clients, textOf(address.client))
  const action = ClientAction.options.find(a => a === address.action)
  const isHistory = chosen && address.action === 'history'
  const firstFound = groups.find(g => g.group === 'found')?.clients.find(c => c.other === null)?.id
  return (
    <Page
      header={header(here > 0 ? `${here} on this computer` : undefined)}
      pane={
        isHistory ? (
          <HistoryPane client={chosen} onUndo={() => open(chosen.id, 'undo')} onClose={close} />
        ) : (
          chosen && address.action === 'profile' && <ProfilePane key={chosen.id} client={chosen} onClose={close} />
        )
      }
    >
      {here === 0 && (
        <EmptyState
          title="No AI client found."
          text={`${clients.length} were looked for: ${clients.map(c => c.name).join(', ')}. Install one, then look again.`}
        />
      )}
      <div className={css.list}>
        {here > 0 && (
          <div className={css.head} aria-hidden>
            <span>Client</span>
            <span>Status</span>
            <span>Sees</span>
            <span />
          </div>
        )}
        {groups
          .filter(g => g.group !== 'not-installed')
          .map((group, at, all) => (
            <section key={group.group} aria-label={group.title}>
              <GroupRow
                title={group.title}
                count={group.clients.length}
                right={
                  at === all.length - 1 && missing.length > 0 ? (
                    <span title={missing.map(c => c.name).join(', ')}>
                      {plural(missing.length, 'other')} looked for, not installed
                    </span>
                  ) : undefined
                }
              />
              {group.clients.map(client => (
                <ClientRow
                  key={client.id}
                  client={client}
                  dark={client.id === firstFound}
                  named={client.id === textOf(address.row)}
                  onOpen={open}
                  onLook={() => void look()}
                />
              ))}
            </section>
          ))}
      </div>
      {here > 0 && <Written clients={clients} onOpen={open} />}
      {chosen && address.action === 'servers' && <MoveDialog client={chosen} onOpen={open} onClose={close} />}
      {chosen && address.action === 'direct' && <DirectDialog client={chosen} onClose={close} />}
      {chosen && address.action === 'project' && (
        <ProjectDialog client={chosen} onChosen={id => open(id, 'connect')} onClose={close} />
      )}
      {isAdding && <OtherClient onClose={() => setIsAdding(false)} />}
      {chosen && action && (
        <PreviewDialog key={`${chosen.id} ${action}`} client={chosen} action={action} onClose={close} />
      )}
    </Page>
  )
}
