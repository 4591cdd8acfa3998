// Under the list: what each client pays for the tools it sees, and what was written here and can be undone.
import type { Client } from '../../../contract/clients.ts'
import { listOf, useProfiles } from '../../hub.ts'
import { Ago, Box, Section, tokens } from '../../ui/index.ts'
import type { ActionProps } from './client-actions.tsx'
import css from './clients.module.css'
import { KeepSwitch } from './keep-switch.tsx'

export function Written({ clients, onOpen }: { clients: readonly Client[]; onOpen: ActionProps['onOpen'] }) {
  const pays = listOf(useProfiles())
    .flatMap(({ client: id, tokens: sum }) => {
      const client = clients.find(one => one.id === id && one.status !== 'dropped')
      return client && sum > 0 ? [{ client, sum }] : []
    })
    .sort((a, b) => b.sum - a.sum)
  const most = pays[0]?.sum ?? 1
  const written = clients.filter(c => c.writtenAt !== null && !c.other).sort((a, b) => b.writtenAt! - a.writtenAt!)
  if (pays.length === 0 && written.length === 0) return null
  return (
    <div className={css.below}>
      {pays.length > 0 && (
        <Section title="What each client pays" fact="estimated tokens of its tool list">
          <Box>
            {pays.map(({ client, sum }) => (
              <div key={client.id} className={css.pays}>
                <span>{client.name}</span>
                <span className={css.bar} aria-hidden>
                  <span style={{ width: `${Math.round((sum / most) * 100)}%` }} />
                </span>
                <b className="num">{tokens(sum)}</b>
              </div>
            ))}
          </Box>
        </Section>
      )}
      {written.length > 0 && (
        <Section title="Written by Gatehouse" fact="every write can be undone, byte for byte">
          <Box>
            {written.map(client => (
              <div key={client.id} className={css.writtenRow}>
                <span className={css.quiet}>
                  <Ago at={client.writtenAt!} as="moment" />
                </span>
                <span>{client.name}</span>
                <KeepSwitch client={client} label="Keep it there" />
                <button
                  type="button"
                  className={css.link}
                  aria-label={`History of ${client.name}`}
                  onClick={() => onOpen(client.id, 'history')}
                >
                  History…
                </button>
                {client.canUndo ? (
                  <button type="button" className={css.link} onClick={() => onOpen(client.id, 'undo')}>
                    Undo…
                  </button>
                ) : (
                  <span className={css.quiet}>{client.status === 'dropped' ? 'dropped' : 'cannot be undone'}</span>
                )}
              </div>
            ))}
          </Box>
        </Section>
      )}
    </div>
  )
}
