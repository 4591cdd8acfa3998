// What is broken, with its cause and the button that helps.
import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import type { Client } from '../../../contract/clients.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { Octagon } from '../../ui/glyphs.tsx'
import { Box, ClientTile, Foreign, Mono, Row, ServerTile } from '../../ui/index.ts'
import { GuardAnswer } from '../clients/guard-answer.tsx'
import { downWords, telling } from '../servers/attention.ts'
import css from './home.module.css'

/** Lost, damaged or unreadable: not merely in need of a restart. */
export const isTroubled = ({ status }: Client): boolean =>
  status === 'dropped' || status === 'unreadable' || status === 'no-permission' || status === 'drifted'

export function BrokenRows({ servers, clients }: { servers: readonly Server[]; clients: readonly Client[] }) {
  const navigate = useNavigate()
  return (
    <Box>
      {servers.map(server => (
        <Broken key={server.id} server={server} />
      ))}
      {clients.map(client => (
        <Row
          key={client.id}
          lead={
            <span className={css.lead}>
              <Red />
              <ClientTile client={client.id} />
            </span>
          }
          title={troubleOf(client)}
          text={whyOf(client)}
          right={
            <>
              <Button
                size="xs"
                onClick={() =>
                  void navigate({
                    to: '/clients',
                    search: { row: client.id, ...(client.asks ? historyOf(client) : {}) },
                  })
                }
              >
                {client.status === 'dropped' || client.status === 'drifted' ? 'See the change…' : 'See why…'}
              </Button>
              <GuardAnswer client={client} />
            </>
          }
        />
      ))}
    </Box>
  )
}

const historyOf = ({ id }: Client) => ({ client: id, action: 'history' })

const Red = () => (
  <span className={css.red} style={{ display: 'flex' }}>
    <Octagon />
  </span>
)

function whyOf({ asks, problem, evidence }: Client): string {
  if (asks) return asks.why === 'removed' ? 'Nothing else in its file changed. The answer is remembered.' : asks.text
  return problem?.what ?? evidence
}

function troubleOf({ name, status, asks }: Client): string {
  if (asks?.why === 'removed') return `Gatehouse was taken out of ${name}. Was that you?`
  if (status === 'dropped') return `${name} dropped Gatehouse`
  if (status === 'drifted') return `${name}’s entry was changed`
  return status === 'unreadable' ? `${name}’s file cannot be read` : `No right to write ${name}’s file`
}

function Broken({ server }: { server: Server }) {
  const navigate = useNavigate()
  const start = useCall(hub.servers.start)
  const { state } = server
  if (state.kind !== 'crash-looping') return null
  const said = telling(state.because.stderr)
  return (
    <Row
      lead={
        <span className={css.lead}>
          <Red />
          <ServerTile server={server} />
        </span>
      }
      title={downWords(server.name, state.starts)}
      text={
        said ? (
          <Mono>
            <Foreign text={said} max={160} />
          </Mono>
        ) : (
          state.because.what
        )
      }
      right={
        <>
          <Button size="xs" onClick={() => void navigate({ to: '/servers/$server', params: { server: server.id } })}>
            See why…
          </Button>
          <Button size="xs" leftSection={<IconRefresh size={13} />} onClick={() => void start({ id: server.id })}>
            Start again
          </Button>
        </>
      }
    />
  )
}
