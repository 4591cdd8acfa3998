// Every server by who must act: those that need you with reason and fix, those at work, those at rest.
// biome-ignore-all lint/a11y/useSemanticElements: a grid of CSS columns that reasons may span; a table cannot.
// biome-ignore-all lint/a11y/useFocusableInteractive: the keyboard walks over rows; cells and heads take no focus.
import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall, useServers, useStatus } from '../../hub.ts'
import {
  AFTER_G_MS,
  Banner,
  CopyButton,
  dialogIsOpen,
  EmptyState,
  FilterField,
  GroupRow,
  isTyping,
  Page,
  PageHeader,
  Problem,
  RowsSkeleton,
  showDone,
} from '../../ui/index.ts'
import { useStopped } from '../policy/use-switches.ts'
import { textOf, useAddress } from '../use-address.ts'
import { useWalk } from '../use-walk.ts'
import { canStart, canStop, fits, groupByAttention } from './attention.ts'
import { NoServersYet } from './no-servers-yet.tsx'
import { ServerRow } from './server-row.tsx'
import css from './servers.module.css'

export function ServersView() {
  const servers = useServers()
  const [address, go] = useAddress()
  const filter = textOf(address.filter) ?? ''
  const add = () => go({ ...address, add: 'server' })
  const list = servers.kind === 'ready' ? servers.list : []
  const header = (
    <PageHeader title="Servers" fact={list.length || undefined}>
      {list.length > 0 && (
        <FilterField
          value={filter}
          onChange={text => go({ ...address, filter: text || undefined }, { replace: true })}
        />
      )}
      <Button variant="filled" leftSection={<IconPlus size={14} />} onClick={add}>
        Add server
      </Button>
    </PageHeader>
  )
  return (
    <Page header={header}>
      <ConfigTrouble />
      {servers.kind === 'loading' && <RowsSkeleton rows={8} />}
      {servers.kind === 'failed' && <Problem error={servers.error} />}
      {servers.kind === 'ready' && list.length === 0 && <NoServersYet />}
      {list.length > 0 && <List servers={list.filter(server => fits(server, filter))} filter={filter} onAdd={add} />}
    </Page>
  )
}

function List({ servers, filter, onAdd }: { servers: Server[]; filter: string; onAdd: () => void }) {
  const { needsYou, active, atRest } = groupByAttention(servers)
  const [stopped] = useStopped()
  const order = [...needsYou, ...active, ...atRest]
  const [selected, select] = useState<string | null>(null)
  useWalk(
    order.map(server => server.id),
    selected,
    select,
  )
  useRowKeys(
    order.find(server => server.id === selected),
    onAdd,
  )
  if (order.length === 0) return <EmptyState title={`No server fits “${filter}”`} text="Esc empties the filter." />
  const row = (server: Server) => (
    <ServerRow key={server.id} server={server} selected={server.id === selected} onSelect={() => select(server.id)} />
  )
  return (
    <div role="grid" aria-label="Servers" aria-rowcount={order.length} className={css.grid}>
      <div role="row" className={css.head}>
        <span role="columnheader">Server</span>
        <span role="columnheader">State</span>
        <span role="columnheader" className={css.roomy}>
          Tools · tokens
        </span>
        <span role="columnheader" className={css.optional}>
          Calls, last hour
        </span>
        <span role="columnheader" className={`${css.right} ${css.optional}`}>
          p95
        </span>
        <span role="columnheader" className={`${css.right} ${css.cpu} ${css.optional}`}>
          CPU
        </span>
        <span role="columnheader" className={`${css.right} ${css.optional}`}>
          Memory
        </span>
        <span role="columnheader" className={`${css.seenBy} ${css.optional}`}>
          Seen by
        </span>
        <span role="columnheader">
          <span className="visually-hidden">More</span>
        </span>
      </div>
      {needsYou.length > 0 && <GroupRow title="Needs you" count={needsYou.length} />}
      {needsYou.map(row)}
      {active.length > 0 && <GroupRow title="Active" count={active.length} />}
      {active.map(row)}
      {atRest.length > 0 && (
        <GroupRow
          title="At rest"
          count={atRest.length}
          right={stopped ? 'None wakes while everything is stopped' : 'Sleeping servers wake on the first call'}
        />
      )}
      {atRest.map(row)}
    </div>
  )
}

/** N add · on the selected row: Enter open, R restart, S start or stop, L log, E config. */
function useRowKeys(server: Server | undefined, onAdd: () => void): void {
  const navigate = useNavigate()
  const start = useCall(hub.servers.start)
  const stop = useCall(hub.servers.stop)
  const restart = useCall(hub.servers.restart)
  // Of the window, not of one drawing: G and then S goes to the servers, whatever is drawn anew between them.
  const afterG = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const open = (tab?: string) =>
      server && void navigate({ to: '/servers/$server', params: { server: server.id }, search: tab ? { tab } : {} })
    const startOrStop = async () => {
      if (!server) return
      const { id, name } = server
      if (canStart(server)) await start({ id })
      else if (canStop(server) && (await stop({ id }))) showDone(`Stopped ${name}`, () => void start({ id }))
    }
    const keys: Record<string, () => unknown> = {
      n: onAdd,
      v: onAdd,
      enter: () => open(),
      l: () => open('logs'),
      e: () => open('config'),
      r: () => server?.state.kind === 'running' && restart({ id: server.id }),
      s: startOrStop,
    }
    const onKey = (event: KeyboardEvent) => {
      const letter = event.key.toLowerCase()
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return
      if (dialogIsOpen()) return
      const moving = event.timeStamp - afterG.current < AFTER_G_MS
      afterG.current = letter === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY
      if (moving || (letter === 'enter' && event.target instanceof Element && event.target.closest('a, button'))) return
      const act = keys[letter]
      if (!act) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [server, navigate, onAdd, start, stop, restart])
}

function ConfigTrouble() {
  const status = useStatus()
  const problem = status.kind === 'ready' ? status.value.config.problem : null
  if (!problem) return null
  return (
    <div style={{ padding: '14px 24px' }}>
      <Banner
        tone="red"
        role="alert"
        title={`config.json cannot be read. Line ${problem.line}, column ${problem.column}: ${problem.what}`}
        text="The last good state goes on running. The file was not touched; it is read again as soon as it is saved."
      >
        <CopyButton text={`${problem.path}:${problem.line}:${problem.column}`} label="Copy its path" />
      </Banner>
    </div>
  )
}
