// One server: how it is, why it failed, its tools with risk and policy, its log, its settings.
import { ActionIcon, Button, Menu, Tabs } from '@mantine/core'
import { IconDots, IconFlask, IconPlayerPlay, IconPlayerStop, IconRefresh, IconTrash } from '@tabler/icons-react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Server } from '../../../contract/servers.ts'
import { useServers } from '../../hub.ts'
import {
  Ago,
  Banner,
  CopyButton,
  EmptyState,
  Foreign,
  Mono,
  Page,
  PageHeader,
  Problem,
  RowsSkeleton,
  ServerTile,
  StateMark,
} from '../../ui/index.ts'
import { heldId } from '../approvals/items.tsx'
import { textOf, useAddress } from '../use-address.ts'
import { useServerActions } from './actions.ts'
import { Agreement } from './agreement.tsx'
import { canStart, canStop, isBroken } from './attention.ts'
import { ConfigTab, settingsOf } from './config-tab.tsx'
import { Failed } from './failed.tsx'
import { heldWords } from './held-words.ts'
import { LogView } from './log-view.tsx'
import { PromptsTab, ResourcesTab, ToolsTab } from './offers.tsx'
import { Overview } from './overview.tsx'
import css from './servers.module.css'
import { useListing } from './use-listing.ts'

const above = <Link to="/servers">Servers</Link>

export function ServerView() {
  const { server: named } = useParams({ strict: false })
  const servers = useServers()
  const shell = (children: ReactNode) => (
    <Page header={<PageHeader title={named ?? ''} above={above} />}>{children}</Page>
  )
  if (servers.kind === 'loading') return shell(<RowsSkeleton />)
  if (servers.kind === 'failed') return shell(<Problem error={servers.error} />)
  const server = servers.list.find(each => each.id === named) ?? servers.list.find(each => each.name === named)
  if (!server)
    return shell(<EmptyState title="No server has this name" text={<Link to="/servers">See all servers</Link>} />)
  return <Known key={server.id} server={server} />
}

function Known({ server }: { server: Server }) {
  const [address, go] = useAddress()
  const live = useListing(server)
  const listing = live.kind === 'ready' ? live.listing : null
  const waiting = server.state.kind === 'waiting' && server.agreement !== null
  const tab = textOf(address.tab) ?? 'overview'
  const tabs = [
    ['overview', 'Overview', undefined],
    ['tools', 'Tools', server.tools],
    ['resources', 'Resources', listing && listing.resources.length + listing.resourceTemplates.length],
    ['prompts', 'Prompts', listing?.prompts.length],
    ['logs', 'Log', undefined],
    ['config', 'Settings', undefined],
  ] as const
  return (
    <Page header={<Header server={server} />}>
      <Tabs
        value={tab}
        onChange={value => go({ tab: value === 'overview' ? undefined : value })}
        className={css.full ?? ''}
      >
        <Top server={server} />
        {server.held > 0 && <HeldBanner server={server} />}
        <div className={css.tabs}>
          <Tabs.List>
            {tabs.map(([value, name, count]) => (
              <Tabs.Tab key={value} value={value}>
                {name}
                {typeof count === 'number' && count > 0 && <span className={css.tabCount}>{count}</span>}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        <Tabs.Panel value="overview" className={css.rest ?? ''}>
          {waiting ? (
            <div className={css.inPage}>
              <Agreement server={server} agreement={server.agreement!} />
            </div>
          ) : (
            <Overview server={server} live={live} failed={isBroken(server) ? <Failed server={server} /> : null} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="tools" className={css.content}>
          <ToolsTab server={server} live={live} />
        </Tabs.Panel>
        <Tabs.Panel value="resources" className={css.content}>
          <ResourcesTab server={server} live={live} />
        </Tabs.Panel>
        <Tabs.Panel value="prompts" className={css.content}>
          <PromptsTab server={server} live={live} />
        </Tabs.Panel>
        <Tabs.Panel value="logs" className={`${css.content} ${css.full}`}>
          <LogView server={server} height="calc(100vh - 260px)" />
        </Tabs.Panel>
        <Tabs.Panel value="config" className={css.content}>
          <ConfigTab key={settingsOf(server)} server={server} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

function HeldBanner({ server }: { server: Server }) {
  const navigate = useNavigate()
  return (
    <div className={css.heldBanner}>
      <Banner
        tone="amber"
        title={`${server.name} offers ${heldWords(server)} you have not seen`}
        text="No client sees them until you have looked."
      >
        <Button onClick={() => void navigate({ to: '/approvals', search: { item: heldId(server) } })}>
          See the change…
        </Button>
      </Banner>
    </div>
  )
}

function Header({ server }: { server: Server }) {
  const actions = useServerActions(server)
  const navigate = useNavigate()
  return (
    <PageHeader title={server.name} above={above}>
      {server.state.kind === 'running' && server.answeredAt !== null && (
        <span className={css.quiet}>
          Answered <Ago at={server.answeredAt} />
        </span>
      )}
      {server.tools !== null && (
        <Button
          leftSection={<IconFlask size={14} />}
          onClick={() => void navigate({ to: '/inspector', search: { server: server.name } })}
        >
          Inspect
        </Button>
      )}
      {server.state.kind === 'running' && (
        <Button leftSection={<IconRefresh size={14} />} onClick={() => void actions.restart()}>
          Restart
        </Button>
      )}
      {canStop(server) && (
        <Button leftSection={<IconPlayerStop size={14} />} onClick={() => void actions.stop()}>
          Stop
        </Button>
      )}
      {canStart(server) && (
        <Button leftSection={<IconPlayerPlay size={14} />} onClick={() => void actions.start()}>
          {server.state.kind === 'crash-looping'
            ? 'Start again'
            : server.state.kind === 'backing-off'
              ? 'Try now'
              : 'Start'}
        </Button>
      )}
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconTrash size={14} />}
            onClick={() => {
              void navigate({ to: '/servers' })
              void actions.remove()
            }}
          >
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </PageHeader>
  )
}

function Top({ server }: { server: Server }) {
  const { state } = server
  const facts = [
    state.kind === 'running' && state.pid !== null ? `pid ${state.pid}` : null,
    server.protocolVersion ? `MCP ${server.protocolVersion}` : null,
    server.bundled ? 'Comes with Gatehouse' : null,
    server.trusted ? 'Trusted' : 'Not trusted',
    server.restarts > 0 ? `${server.restarts === 1 ? 'one restart' : `${server.restarts} restarts`}` : null,
  ].filter(fact => fact !== null)
  return (
    <div className={css.top}>
      <ServerTile server={server} size={32} />
      <div className={css.topMain}>
        <div className={css.topFacts}>
          <span>
            <StateMark state={state} />
          </span>
          {facts.map(fact => (
            <span key={fact}>{fact}</span>
          ))}
        </div>
        <div className={css.topCommand}>
          <Mono>
            <Foreign text={server.commandLine} max={400} />
          </Mono>
          <CopyButton text={server.commandLine} label="Copy the command" />
        </div>
      </div>
    </div>
  )
}
