// What a server writes on stderr, secrets removed; plain rows, drawn only where they are seen.
import { Button, TextInput } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { LogLine, Server } from '../../../contract/servers.ts'
import { Section, shown } from '../../ui/index.ts'
import css from './servers.module.css'
import { useLog } from './use-log.ts'

const ROW_PX = 22

export function LogView({ server, height }: { server: Server; height: number | string }) {
  const log = useLog(server.id)
  const [text, setText] = useState('')
  const [following, setFollowing] = useState(true)
  const needle = text.toLowerCase()
  const lines = useMemo(
    () => (needle ? log.lines.filter(line => line.text.toLowerCase().includes(needle)) : log.lines),
    [log.lines, needle],
  )
  const controls = (
    <>
      <TextInput
        size="xs"
        w={180}
        aria-label="Search log"
        placeholder="Search log"
        leftSection={<IconSearch size={13} />}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
      />
      <Button
        aria-pressed={following}
        leftSection={following ? <IconPlayerPause size={13} /> : <IconPlayerPlay size={13} />}
        onClick={() => setFollowing(!following)}
      >
        {following ? 'Following' : 'Follow'}
      </Button>
    </>
  )
  return (
    <Section title="Log" fact="stderr, secrets removed" right={controls}>
      {log.problem ? (
        <div className={css.log} style={{ height: 60 }}>
          <div className={css.logEmpty}>{log.problem.message}</div>
        </div>
      ) : (
        <Lines
          lines={lines}
          height={height}
          following={following}
          onLeave={() => setFollowing(false)}
          searched={needle !== ''}
        />
      )}
    </Section>
  )
}

interface LinesProps {
  lines: LogLine[]
  height: number | string
  following: boolean
  searched: boolean
  /** Scrolled up to read: new lines must not move what is read. */
  onLeave: () => void
}

function Lines({ lines, height, following, onLeave, searched }: LinesProps) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  })
  useEffect(() => {
    if (following && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [following, lines.length, rows])
  return (
    <section
      ref={box}
      className={css.log}
      style={{ height }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label="Log lines"
      onWheel={event => event.deltaY < 0 && onLeave()}
      onKeyDown={event => ['ArrowUp', 'PageUp', 'Home'].includes(event.key) && onLeave()}
    >
      {lines.length === 0 && (
        <div className={css.logEmpty}>{searched ? 'No line holds this.' : 'Nothing was written yet.'}</div>
      )}
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <Line key={index} line={lines[index]!} top={start} />
        ))}
      </div>
    </section>
  )
}

const time = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

function Line({ line, top }: { line: LogLine; top: number }) {
  return (
    <div
      className={css.logRow}
      data-stream={line.stream}
      style={{ position: 'absolute', top: 0, transform: `translateY(${top}px)`, height: ROW_PX }}
    >
      <time>{time.format(line.at)}</time>
      <span>{line.stream === 'stderr' ? '' : line.stream}</span>
      <bdi>{shown(line.text)}</bdi>
    </div>
  )
}
