// What was done, by whom and how it was decided: the log, filtered, live, with each row's link in the chain.
import { Button } from '@mantine/core'
import { IconCircleCheck, IconLink, IconLinkOff } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo } from 'react'
import { hub, listOf, useCall, useServers, useStatus } from '../../hub.ts'
import { Banner, count, dialogIsOpen, EmptyState, Page, PageHeader, Problem, RowsSkeleton } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { useWalk } from '../use-walk.ts'
import css from './activity.module.css'
import { ExportLog, exportLog } from './export-log.tsx'
import { addressOf, narrowest, readFilter, withMember } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import { Histories } from './histories.tsx'
import { LinePane } from './line-pane.tsx'
import { joinRows, type Line } from './lines.ts'
import { useLogFeed } from './log-feed.ts'
import { LogRows } from './log-rows.tsx'
import { chainWords, useChecked, verify } from './verification.ts'

export function ActivityView() {
  const [address, go] = useAddress()
  const filter = readFilter(address)
  const { feed, log } = useLogFeed(filter)
  const rows = log.kind === 'ready' ? log.rows : null
  const lines = useMemo(() => (rows ? joinRows(rows) : []), [rows])
  const held = log.kind === 'ready' ? log.held : null
  const fresh = useMemo(() => (held ? joinRows(held).length : 0), [held])
  const selected = textOf(address.row) ?? null
  const paused = address.live === 'off'
  const open = (row: string | null) =>
    go({ ...address, row: row === null ? undefined : Number(row) }, { replace: selected !== null && row !== null })
  useWalk(
    lines.map(line => String(line.seq)),
    selected,
    open,
  )
  useEscape(selected !== null, () => open(null))
  const fill = useCallback((seen: readonly Line[]) => void feed.fill(seen), [feed])
  useEffect(() => {
    feed.hold(paused)
  }, [feed, paused])
  const line = selected === null ? null : (lines.find(one => String(one.seq) === selected) ?? null)
  const change = (next: typeof filter) => go({ ...addressOf(next), live: address.live })
  const reset = narrowest(filter)
  return (
    <Page
      header={<Header />}
      pane={
        selected !== null &&
        log.kind === 'ready' && (
          <LinePane key={selected} seq={Number(selected)} line={line} lines={lines} onOpen={open} />
        )
      }
    >
      <div className={css.page}>
        <FilterBar
          filter={filter}
          lines={lines}
          paused={paused}
          onChange={change}
          onPause={on => go({ ...address, live: on ? 'off' : undefined })}
        />
        <Broken />
        {log.kind === 'loading' && <RowsSkeleton rows={14} height={34} />}
        {log.kind === 'failed' && <Problem error={log.error} />}
        {log.kind === 'ready' && lines.length === 0 && (
          <EmptyState
            title={reset ? 'Nothing here fits the filter.' : 'Nothing was done yet.'}
            text={
              reset
                ? undefined
                : 'Each call, start, decision and change is written here, one row chained to the one before.'
            }
          >
            {reset && <Button onClick={() => change(withMember(filter, reset, undefined))}>{RESET[reset]}</Button>}
          </EmptyState>
        )}
        {log.kind === 'ready' && lines.length > 0 && (
          <>
            <Histories
              lines={lines}
              range={filter.range}
              span={filter.span}
              complete={log.complete}
              onPick={span => change(withMember(withMember(filter, 'range', undefined), 'span', span))}
            />
            {log.problem && <Problem error={log.problem} />}
            <LogRows
              lines={lines}
              selected={selected}
              fresh={fresh}
              complete={log.complete}
              onOpen={seq => open(String(seq))}
              onHold={on => feed.hold(on || paused)}
              onFresh={() => feed.release()}
              onOlder={() => void feed.older()}
              onSeen={fill}
            />
          </>
        )}
      </div>
    </Page>
  )
}

const RESET = {
  text: 'Search for nothing in particular',
  tool: 'Any tool',
  outcome: 'Any outcome',
  kind: 'Any event',
  server: 'Any server',
  client: 'Any client',
  range: 'At any time',
  span: 'At any time',
  decision: 'Any decision',
  took: 'However long it took',
} as const

function Header() {
  const status = useStatus()
  const checked = useChecked()
  const { words, tone } = chainWords(status.kind === 'ready' ? status.value.audit : null, checked)
  const Mark = { green: IconCircleCheck, red: IconLinkOff, quiet: IconLink }[tone]
  return (
    <PageHeader title="Activity" fact="Row by row, each chained to the one before">
      <span className={css.chain} data-tone={tone} title={words}>
        <Mark size={15} />
        {tone === 'red' ? 'The log needs a look' : words}
      </span>
      <Button loading={checked.kind === 'asking'} onClick={() => void verify()}>
        Verify now
      </Button>
      <ExportLog />
    </PageHeader>
  )
}

/** What a verification found wrong, said at the top until it is gone. */
function Broken() {
  const status = useStatus()
  const checked = useChecked()
  const names = listOf(useServers()).length
  const acknowledge = useCall(hub.audit.acknowledge)
  const damage = status.kind === 'ready' ? status.value.audit.damage : null
  if (damage !== null) {
    const also = checked.kind === 'known' ? checked.found.problems.filter(one => one.what !== damage) : []
    return (
      <div className={css.banner}>
        <Banner
          tone="red"
          role="alert"
          title={damage}
          text={[
            also.length > 0
              ? `${count(also.length)} more: ${also
                  .slice(0, 3)
                  .map(p => p.what)
                  .join(' ')}`
              : '',
            'This stays until you say that you have seen it. The row that tells of it stays in the log for good.',
          ].join(' ')}
        >
          <Button size="xs" onClick={() => void exportLog('bundle')}>
            Export as evidence…
          </Button>
          <Button size="xs" onClick={() => void acknowledge()}>
            I have seen it
          </Button>
        </Banner>
      </div>
    )
  }
  if (checked.kind === 'known' && !checked.found.intact) {
    const { problems } = checked.found
    return (
      <div className={css.banner}>
        <Banner
          tone="red"
          role="alert"
          title={problems[0]?.what ?? 'The chain is broken.'}
          text={
            problems.length > 1
              ? `${count(problems.length - 1)} more: ${problems
                  .slice(1, 4)
                  .map(p => p.what)
                  .join(' ')}`
              : `Rows before it are proven; later ones may have been edited.`
          }
        />
      </div>
    )
  }
  if (status.kind === 'ready' && !status.value.audit.writable) {
    return (
      <div className={css.banner}>
        <Banner
          tone="red"
          role="alert"
          title={`The log cannot be written${status.value.audit.problem ? `: ${status.value.audit.problem}` : '.'}`}
          text={`Calls that change something are refused until it can${names ? '. Reading goes on, and is recorded late.' : '.'}`}
        />
      </div>
    )
  }
  if (checked.kind === 'known' && checked.found.note) {
    return (
      <div className={css.banner}>
        <Banner
          tone="plain"
          title={`All ${count(checked.found.rows)} rows follow from each other.`}
          text={checked.found.note}
        />
      </div>
    )
  }
  return null
}

/** Esc goes back to the list. */
function useEscape(on: boolean, close: () => void): void {
  useEffect(() => {
    if (!on) return
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      if (dialogIsOpen() || document.querySelector('[role="menu"]')) return
      close()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  })
}
