// A rule, new or edited, said as a sentence while it is made, with what it would have done last week.
import { ActionIcon, Button, Checkbox, SegmentedControl, Select, TextInput } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import type { ArgumentCondition, PolicyChange, Rule } from '../../../contract/policy.ts'
import type { Effect } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { EffectMark, moment, showDone } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './policy.module.css'
import { RuleEffect } from './rule-effect.tsx'
import { RuleWords } from './rule-words.tsx'
import { useClientOptions, useServerOptions } from './use-options.ts'

type How = 'equals' | 'glob' | 'pattern' | 'min' | 'max'
interface Draft {
  key: number
  path: string
  how: How
  value: string
}

const hows: { value: How; label: string }[] = [
  { value: 'equals', label: 'is' },
  { value: 'glob', label: 'fits' },
  { value: 'pattern', label: 'matches' },
  { value: 'min', label: 'at least' },
  { value: 'max', label: 'at most' },
]

/** `begin`: what the form starts with. With an `id` that rule is replaced. */
export function RuleForm({ begin = {}, onDone }: { begin?: Partial<Rule>; onDone: () => void }) {
  const change = useCall(hub.policy.change)
  const names = useNames()
  const [effect, setEffect] = useState<Effect>(begin.effect ?? 'ask')
  const [client, setClient] = useState<string | null>(begin.client ?? null)
  const [server, setServer] = useState<string | null>(begin.server ?? null)
  const [clients, servers] = [useClientOptions(client), useServerOptions(server)]
  const [tool, setTool] = useState(begin.tool ?? '')
  const [drafts, setDrafts] = useState<Draft[]>(() => (begin.arguments ?? []).flatMap(draftOf))
  const [exactly, setExactly] = useState(begin.exactly ?? false)
  const [hours, setHours] = useState<string>(begin.until ? 'same' : '0')
  const [note, setNote] = useState(begin.note ?? '')
  const [busy, setBusy] = useState(false)
  // What the form cannot say in one line stays as it is.
  const kept = (begin.arguments ?? []).filter(condition => draftOf(condition).length === 0)
  const conditions = [...kept, ...drafts.filter(draft => draft.path.trim() !== '').map(conditionOf)]
  const rule: Omit<Rule, 'id'> = {
    effect,
    ...(client ? { client } : {}),
    ...(server ? { server } : {}),
    ...(tool.trim() ? { tool: tool.trim() } : {}),
    ...(conditions.length > 0 ? { arguments: conditions } : {}),
    ...(conditions.length > 0 && exactly ? { exactly } : {}),
    ...(note.trim() ? { note: note.trim() } : {}),
  }
  const edit = (key: number, part: Partial<Draft>) =>
    setDrafts(drafts.map(draft => (draft.key === key ? { ...draft, ...part } : draft)))
  const changeTo = (made: Omit<Rule, 'id'>): PolicyChange =>
    begin.id === undefined ? { kind: 'add-rule', rule: made } : { kind: 'replace-rule', id: begin.id, rule: made }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    const answer = await change(changeTo({ ...rule, ...untilOf(hours, begin) }))
    setBusy(false)
    if (!answer) return
    showDone(begin.id === undefined ? 'The rule is in force' : 'The rule was changed')
    onDone()
  }
  return (
    <form className={css.form} onSubmit={event => void submit(event)}>
      <SegmentedControl
        aria-label="Answer"
        fullWidth
        value={effect}
        onChange={value => setEffect(value as Effect)}
        data={[
          { value: 'allow', label: 'Allow' },
          { value: 'ask', label: 'Ask' },
          { value: 'deny', label: 'Deny' },
        ]}
      />
      <Select
        label="Client"
        placeholder="anyone"
        clearable
        searchable
        data={clients}
        value={client}
        onChange={setClient}
      />
      <Select
        label="Server"
        placeholder="any server"
        clearable
        searchable
        data={servers}
        value={server}
        onChange={setServer}
      />
      <TextInput
        label="Tool"
        placeholder="any tool"
        description="The server’s own name for it; * stands for anything: delete_*"
        classNames={{ input: 'mono' }}
        value={tool}
        onChange={event => setTool(event.currentTarget.value)}
      />
      <div className={css.conditions}>
        {drafts.map(draft => (
          <div key={draft.key} className={css.condition}>
            <TextInput
              aria-label="Argument"
              placeholder="path"
              classNames={{ input: 'mono' }}
              value={draft.path}
              onChange={event => edit(draft.key, { path: event.currentTarget.value })}
            />
            <Select
              aria-label="How it compares"
              data={hows}
              allowDeselect={false}
              value={draft.how}
              onChange={value => value && edit(draft.key, { how: value as How })}
            />
            <TextInput
              aria-label="Value"
              placeholder="value"
              classNames={{ input: 'mono' }}
              value={draft.value}
              onChange={event => edit(draft.key, { value: event.currentTarget.value })}
            />
            <ActionIcon
              aria-label="Remove this condition"
              onClick={() => setDrafts(drafts.filter(d => d.key !== draft.key))}
            >
              <IconX size={14} />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button
            size="xs"
            variant="subtle"
            leftSection={<IconPlus size={13} />}
            onClick={() => setDrafts([...drafts, { key: ++keys, path: '', how: 'equals', value: '' }])}
          >
            Where an argument…
          </Button>
        </div>
        {conditions.length > 0 && (
          <Checkbox
            label="Only when no other argument is given"
            checked={exactly}
            onChange={event => setExactly(event.currentTarget.checked)}
          />
        )}
      </div>
      <Select
        label="Until"
        allowDeselect={false}
        data={[
          ...(begin.until ? [{ value: 'same', label: `${moment(begin.until)}, as it is` }] : []),
          { value: '0', label: 'I remove it' },
          { value: '1', label: 'in an hour' },
          { value: '8', label: 'in 8 hours' },
          { value: '168', label: 'in a week' },
        ]}
        value={hours}
        onChange={value => setHours(value ?? '0')}
      />
      <TextInput label="Note to yourself" value={note} onChange={event => setNote(event.currentTarget.value)} />
      <div className={css.sentence}>
        <EffectMark effect={effect} look="soft" />
        <span>
          <RuleWords rule={rule} names={names} /> {ENDS[hours] ?? ''}
        </span>
      </div>
      <RuleEffect change={changeTo(rule)} />
      {effect === 'allow' && drafts.length + kept.length === 0 && (
        <p className={css.note}>Whatever the arguments are, protected values too.</p>
      )}
      {effect === 'allow' && !server && !tool.trim() && conditions.length === 0 && (
        <p className={css.warning}>
          This lets {client ? 'this client' : 'every client'} run every tool of every server without asking you.
        </p>
      )}
      <div>
        <Button type="submit" variant="filled" loading={busy}>
          {begin.id === undefined ? 'Write rule' : 'Change rule'}
        </Button>
      </div>
    </form>
  )
}

const ENDS: Record<string, string> = { '1': 'for an hour', '8': 'for 8 hours', '168': 'for a week' }

function untilOf(hours: string, { until }: Partial<Rule>): { until?: number } {
  if (hours === 'same') return until === undefined ? {} : { until }
  return hours === '0' ? {} : { until: Date.now() + Number(hours) * 3_600_000 }
}

let keys = 0

/** The one line that says the condition, or none where it takes more than one. */
function draftOf({ path, ...tests }: ArgumentCondition): Draft[] {
  const [test, ...more] = Object.entries(tests).filter(([, value]) => value !== undefined)
  if (!test || more.length > 0) return []
  const [how, value] = test
  if (!hows.some(one => one.value === how) || typeof value === 'object') return []
  const isText = how === 'equals' && typeof value === 'string' && plain(value) !== value
  return [{ key: ++keys, path, how: how as How, value: isText ? JSON.stringify(value) : String(value) }]
}

function conditionOf({ path, how, value }: Draft): ArgumentCondition {
  if (how === 'min' || how === 'max') return { path: path.trim(), [how]: Number(value) || 0 }
  return { path: path.trim(), [how]: how === 'equals' ? plain(value) : value }
}

/** `3`, `true` and `null` as JSON, everything else as text. */
function plain(value: string): string | number | boolean | null {
  if (/^(true|false|null|-?\d+(\.\d+)?)$/.test(value)) return JSON.parse(value) as number | boolean | null
  return value.replace(/^"(.*)"$/s, '$1')
}
