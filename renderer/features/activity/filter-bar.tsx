// The filter as pills: what is set can be removed, what is not can be added from what the log knows.
import { Button } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { AuditKind } from '../../../contract/audit.ts'
import { listOf, useServers } from '../../hub.ts'
import { moment } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './activity.module.css'
import {
  DECISIONS,
  type Filter,
  OUTCOMES,
  RANGES,
  type Range,
  type Span,
  TOOK,
  type Took,
  withMember,
} from './filter.ts'
import type { Line } from './lines.ts'
import { MorePills, Pill, type PillProps } from './pill.tsx'
import { SearchField } from './search-field.tsx'
import { DECIDED, KINDS, outcomeWords, TOOK_WORDS } from './words.ts'

const RANGE_WORDS = { hour: 'Last hour', day: 'Last day', week: 'Last week' } as const

interface Props {
  filter: Filter
  lines: readonly Line[]
  paused: boolean
  onChange: (filter: Filter) => void
  onPause: (paused: boolean) => void
}

export function FilterBar({ filter, lines, paused, onChange, onPause }: Props) {
  const pills = usePills(filter, lines, onChange)
  const set = pills.filter(one => one.value !== null || QUICK.has(one.name))
  return (
    <search className={css.bar}>
      <SearchField
        value={filter.text ?? ''}
        onChange={text => onChange(withMember(filter, 'text', text || undefined))}
      />
      {set.map(one => (
        <Pill key={one.name} {...one} />
      ))}
      <MorePills pills={pills.filter(one => !set.includes(one))} />
      <Button
        className={css.live}
        aria-pressed={!paused}
        leftSection={paused ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
        onClick={() => onPause(!paused)}
      >
        {paused ? 'Paused' : 'Live'}
      </Button>
    </search>
  )
}

/** These are offered beside the search; the others one step away. */
const QUICK = new Set(['Client', 'Decision', 'Outcome'])

function usePills(filter: Filter, lines: readonly Line[], onChange: (filter: Filter) => void): PillProps[] {
  const servers = listOf(useServers())
  const names = useNames()
  const seen = (get: (line: Line) => string | null) => [...new Set(lines.flatMap(line => get(line) ?? []))].sort()
  const withTime = (key: 'range' | 'span', value: Range | undefined) =>
    onChange(withMember(withMember(filter, 'span', undefined), key, value))
  const pill = <K extends keyof Filter>(
    name: string,
    key: K,
    values: readonly NonNullable<Filter[K]>[],
    words: (value: NonNullable<Filter[K]>) => string,
  ): PillProps => {
    const value = filter[key]
    return {
      name,
      value: value === undefined ? null : words(value),
      options: values.map(one => ({
        key: String(one),
        label: words(one),
        pick: () => onChange(withMember(filter, key, one)),
      })),
      onClear: value === undefined ? null : () => onChange(withMember(filter, key, undefined)),
    }
  }
  const time: PillProps = {
    name: 'Time',
    plain: true,
    value: filter.span ? spanWords(filter.span) : filter.range ? RANGE_WORDS[filter.range] : 'At any time',
    options: (Object.keys(RANGES) as Range[]).map(range => ({
      key: range,
      label: RANGE_WORDS[range],
      pick: () => withTime('range', range),
    })),
    onClear: filter.range || filter.span ? () => withTime('range', undefined) : null,
    clearLabel: 'At any time',
  }
  const kinds = AuditKind.options.filter(kind => kind !== 'result')
  return [
    time,
    pill('Event', 'kind', kinds, kind => KINDS[kind]),
    pill(
      'Client',
      'client',
      seen(line => line.client),
      names.client,
    ),
    pill('Server', 'server', [...new Set([...servers.map(s => s.id), ...seen(line => line.server)])], names.server),
    pill(
      'Tool',
      'tool',
      seen(line => line.tool),
      tool => tool,
    ),
    pill('Decision', 'decision', DECISIONS, decision => DECIDED[decision]),
    pill('Outcome', 'outcome', OUTCOMES, one => outcomeWords(OUTCOMES.find(o => o === one) ?? null).word),
    pill('Took', 'took', Object.keys(TOOK) as Took[], took => TOOK_WORDS[took]),
  ]
}

/** "14:02 – 14:10", with days where it was not today. */
const spanWords = ({ from, to }: Span) => `${moment(from)} – ${moment(to)}`
