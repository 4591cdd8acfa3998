// The filter as pills: what is set can be removed, what is not can be added from what the log knows.
import { Button, Menu, TextInput } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconPlus, IconSearch, IconX } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { AuditKind } from '../../../contract/audit.ts'
import { listOf, useClients, useServers } from '../../hub.ts'
import { isTyping } from '../../ui/index.ts'
import css from './activity.module.css'
import { type Filter, OUTCOMES, RANGES, withMember } from './filter.ts'
import type { Line } from './lines.ts'
import { KINDS, outcomeWords } from './words.ts'

const RANGE_WORDS = { hour: 'Last hour', day: 'Last day', week: 'Last week' } as const

interface Props {
  filter: Filter
  lines: readonly Line[]
  paused: boolean
  onChange: (filter: Filter) => void
  onPause: (paused: boolean) => void
}

export function FilterBar({ filter, lines, paused, onChange, onPause }: Props) {
  const clients = listOf(useClients())
  const servers = listOf(useServers())
  const seen = (get: (line: Line) => string | null) => [...new Set(lines.flatMap(line => get(line) ?? []))].sort()
  const titleOf = (id: string) => clients.find(c => c.id === id)?.name ?? id
  const set = <K extends keyof Filter>(key: K, value: Filter[K] | undefined) => onChange(withMember(filter, key, value))
  return (
    <search className={css.bar}>
      <Search value={filter.text ?? ''} onChange={text => set('text', text || undefined)} />
      <Pill
        name="Time"
        plain
        value={filter.range ? RANGE_WORDS[filter.range] : 'At any time'}
        options={(Object.keys(RANGES) as (keyof typeof RANGES)[]).map(range => ({
          key: range,
          label: RANGE_WORDS[range],
          pick: () => set('range', range),
        }))}
        onClear={filter.range ? () => set('range', undefined) : null}
        clearLabel="At any time"
      />
      <Pill
        name="Event"
        value={filter.kind ? KINDS[filter.kind] : null}
        options={AuditKind.options
          .filter(kind => kind !== 'result')
          .map(kind => ({ key: kind, label: KINDS[kind], pick: () => set('kind', kind) }))}
        onClear={filter.kind ? () => set('kind', undefined) : null}
      />
      <Pill
        name="Client"
        value={filter.client ? titleOf(filter.client) : null}
        options={seen(line => line.client).map(id => ({ key: id, label: titleOf(id), pick: () => set('client', id) }))}
        onClear={filter.client ? () => set('client', undefined) : null}
      />
      <Pill
        name="Server"
        value={filter.server ?? null}
        options={[...new Set([...servers.map(s => s.name), ...seen(line => line.server)])].map(name => ({
          key: name,
          label: name,
          pick: () => set('server', name),
        }))}
        onClear={filter.server ? () => set('server', undefined) : null}
      />
      <Pill
        name="Tool"
        value={filter.tool ?? null}
        options={seen(line => line.tool).map(tool => ({ key: tool, label: tool, pick: () => set('tool', tool) }))}
        onClear={filter.tool ? () => set('tool', undefined) : null}
      />
      <Pill
        name="Outcome"
        value={filter.outcome ? outcomeWords(OUTCOMES.find(o => o === filter.outcome) ?? null).word : null}
        options={OUTCOMES.map(outcome => ({
          key: outcome,
          label: outcomeWords(outcome).word,
          pick: () => set('outcome', outcome),
        }))}
        onClear={filter.outcome ? () => set('outcome', undefined) : null}
      />
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

interface PillProps {
  name: string
  value: string | null
  plain?: boolean
  options: { key: string; label: string; pick: () => void }[]
  onClear: (() => void) | null
  clearLabel?: string
}

function Pill({ name, value, plain = false, options, onClear, clearLabel }: PillProps) {
  return (
    <span className={css.pill} data-set={value !== null}>
      <Menu position="bottom-start">
        <Menu.Target>
          <button type="button" className={css.pillName}>
            {value === null ? (
              <>
                <IconPlus size={13} aria-hidden /> {name}
              </>
            ) : plain ? (
              value
            ) : (
              <>
                {name} is <b>{value}</b>
              </>
            )}
          </button>
        </Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflow: 'auto' }}>
          {options.length === 0 && <Menu.Label>None seen yet</Menu.Label>}
          {onClear && <Menu.Item onClick={onClear}>{clearLabel ?? `Any ${name.toLowerCase()}`}</Menu.Item>}
          {options.map(option => (
            <Menu.Item key={option.key} onClick={option.pick}>
              {option.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {onClear && !plain && (
        <button type="button" className={css.pillClear} aria-label={`Remove: ${name} is ${value}`} onClick={onClear}>
          <IconX size={12} aria-hidden />
        </button>
      )}
    </span>
  )
}

/** Typed text becomes part of the address after a pause. */
function Search({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  const field = useRef<HTMLInputElement>(null)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, value])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || isTyping(event.target)) return
      event.preventDefault()
      field.current?.focus()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
  return (
    <TextInput
      ref={field}
      className={css.search ?? ''}
      aria-label="Search the log"
      placeholder="Search"
      maxLength={200}
      leftSection={<IconSearch size={14} />}
      value={text}
      onChange={event => setText(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        setText('')
        event.currentTarget.blur()
      }}
    />
  )
}
