// What was done, by whom and how it was decided: the log, filtered, live, with each row's link in the chain.
import { Button, Menu } from '@mantine/core'
import { IconCircleCheck, IconDownload, IconLink, IconLinkOff } from '@tabler/icons-react'
import { useEffect, useMemo } from 'react'
import { listOf, useServers, useStatus } from '../../hub.ts'
import { Banner, CopyButton, count, EmptyState, Page, PageHeader, Problem, RowsSkeleton } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { useWalk } from '../use-walk.ts'
import css from './activity.module.css'
import { narrowest, readFilter, withMember } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import { Histories } from './histories.tsx'
import { LinePane } from './line-pane.tsx'
import { joinRows } from './lines.ts'
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
  useEffect(() => {
    feed.hold(paused)
  }, [feed, paused])
  const line = selected === null ? null : (lines.find(one => String(one.seq) === selected) ?? null)
  const change = (next: typeof filter) => go({ ...next, live: address.live })
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
            <Histories lines={lines} range={filter.range} complete={log.complete} />
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
} as const

function Header() {
  const status = useStatus()
  const checked = useChecked()
  const { words, tone } = chainWords(status.kind === 'ready' ? status.value.audit : null, checked)
  return (
    <PageHeader title="Activity" fact="Row by row, each chained to the one before">
      <span className={css.chain} data-tone={tone}>
        {tone === 'green' ? (
          <IconCircleCheck size={15} />
        ) : tone === 'red' ? (
          <IconLinkOff size={15} />
        ) : (
          <IconLink size={15} />
        )}
        {words}
      </span>
      <Button loading={checked.kind === 'asking'} onClick={() => void verify()}>
        Verify now
      </Button>
      <Menu>
        <Menu.Target>
          <Button leftSection={<IconDownload size={14} />}>Export…</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <div className={css.export}>
            <p>The command line exports the whole log, row by row, with its hashes:</p>
            {[
              'gatehouse audit export --format jsonl',
              'gatehouse audit export --format csv',
              'gatehouse audit head --json',
            ].map(command => (
              <p key={command} className={css.exportLine}>
                <code>{command}</code>
                <CopyButton text={command} label="Copy command" />
              </p>
            ))}
          </div>
        </Menu.Dropdown>
      </Menu>
    </PageHeader>
  )
}

/** What a verification found wrong, said at the top until it is gone. */
function Broken() {
  const status = useStatus()
  const checked = useChecked()
  const names = listOf(useServers()).length
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
      if (document.querySelector('dialog[open], [aria-modal="true"], [role="menu"]')) return
      close()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  })
}
