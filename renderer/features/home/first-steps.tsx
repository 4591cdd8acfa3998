// The first run: three steps, and which are left.
import { Button } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { listOf, useClients, useServers, useStatus } from '../../hub.ts'
import { Box, Row } from '../../ui/index.ts'
import css from './home.module.css'

export function FirstSteps() {
  const navigate = useNavigate()
  const servers = listOf(useServers())
  const clients = listOf(useClients())
  const status = useStatus()
  const written = clients.some(client => ['written', 'waiting', 'connected'].includes(client.status))
  const linked = status.kind === 'ready' && status.value.links.length > 0
  return (
    <div className={css.steps}>
      <p className={css.sentence}>Three steps, and your AI clients share one gate.</p>
      <p className={css.aside}>Each can be undone. Gatehouse talks only to the servers you choose.</p>
      <Box>
        <Step
          n={1}
          done={servers.length > 0}
          title="Add a server"
          text="Paste what its README says, or choose one that comes with Gatehouse"
        >
          <Button variant="filled" size="xs" onClick={() => void navigate({ to: '/servers' })}>
            Add server…
          </Button>
        </Step>
        <Step n={2} done={written} title="Connect a client" text="One entry is written, shown as a diff before">
          <Button size="xs" onClick={() => void navigate({ to: '/clients' })}>
            Choose client…
          </Button>
        </Step>
        <Step
          n={3}
          done={linked}
          title="Use it"
          text="Restart the client. Calls that change something wait for you here"
        />
      </Box>
    </div>
  )
}

function Step(props: { n: number; done: boolean; title: string; text: string; children?: ReactNode }) {
  return (
    <Row
      lead={
        <span className={css.step} data-done={props.done}>
          {props.done ? <IconCheck size={14} aria-label="Done" /> : props.n}
        </span>
      }
      title={props.title}
      text={props.text}
      right={props.done ? null : props.children}
    />
  )
}
