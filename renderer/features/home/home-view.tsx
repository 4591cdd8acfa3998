// First the sentence, then what waits, what is broken, what is at work; beside it the last hour.
import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { listOf, useApprovals, useClients, useServers } from '../../hub.ts'
import { Keys, moment, Page, PageHeader, Pane, Problem, RowsSkeleton, Section, useNow } from '../../ui/index.ts'
import { useWaiting } from '../approvals/waiting.ts'
import { useStopped } from '../policy/use-switches.ts'
import { groupByAttention } from '../servers/attention.ts'
import { useAddress } from '../use-address.ts'
import { ActiveServers } from './active-servers.tsx'
import { BrokenRows, isTroubled } from './broken-rows.tsx'
import { FirstSteps } from './first-steps.tsx'
import css from './home.module.css'
import { LastHour } from './last-hour.tsx'
import { StateDoubt } from './state-doubt.tsx'
import { WaitingRows } from './waiting-rows.tsx'
import { aside, isQuiet, sentence } from './words.ts'

export function HomeView() {
  const servers = useServers()
  const approvals = useApprovals()
  const [address, go] = useAddress()
  const list = listOf(servers)
  const fresh = servers.kind === 'ready' && list.length === 0
  const header = (
    <PageHeader title="Home" fact={<Today />}>
      <Button leftSection={<IconPlus size={14} />} onClick={() => go({ ...address, add: 'server' })}>
        Add server
      </Button>
    </PageHeader>
  )
  const pane = list.length > 0 && (
    <Pane label="The last hour">
      <LastHour />
    </Pane>
  )
  return (
    <Page header={header} pane={pane} padded>
      <StateDoubt />
      {(servers.kind === 'loading' || approvals.kind === 'loading') && servers.kind !== 'failed' && <RowsSkeleton />}
      {servers.kind === 'failed' && <Problem error={servers.error} />}
      {fresh && <FirstSteps />}
      {list.length > 0 && approvals.kind !== 'loading' && <Standing />}
    </Page>
  )
}

function Today() {
  const now = useNow()
  return `${new Date(now).toLocaleDateString('en-GB', { weekday: 'long' })}, ${moment(now, now)}`
}

function Standing() {
  const servers = listOf(useServers())
  const clients = listOf(useClients())
  const waiting = useWaiting()
  const [stopped] = useStopped()
  const { active, atRest } = groupByAttention(servers)
  const broken = servers.filter(server => server.state.kind === 'crash-looping')
  const troubled = clients.filter(isTroubled)
  const asking = waiting.questions.map(one => one.server.name)
  const { calls, proposals } = waiting
  const standing = { calls: calls.length, asking, proposals: proposals.length, stopped, servers, clients }
  return (
    <div className={css.main}>
      <p className={css.sentence}>{sentence(standing)}</p>
      <p className={css.aside}>{isQuiet(standing) && troubled.length === 0 ? '' : aside(standing)}</p>
      {waiting.count > 0 && (
        <Section
          title="Waits for you"
          count={waiting.count}
          right={
            <span className={css.keys}>
              <Link to="/approvals">Open approvals</Link>
              <Keys keys="G A" />
            </span>
          }
        >
          <WaitingRows waiting={waiting} />
        </Section>
      )}
      {broken.length + troubled.length > 0 && (
        <Section title="Broken" count={broken.length + troubled.length}>
          <BrokenRows servers={broken} clients={troubled} />
        </Section>
      )}
      {active.length > 0 && (
        <Section
          title="Servers"
          fact={`${active.length} active`}
          right={
            atRest.length > 0 && (
              <Link to="/servers" className={css.quietLink}>
                {atRest.length} at rest
              </Link>
            )
          }
        >
          <ActiveServers servers={active} />
        </Section>
      )}
    </div>
  )
}
