// The rule of a yes made narrower: conditions on this call's arguments, and an end. It never gets wider than it was shown.
import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import type { Approval } from '../../../contract/policy.ts'
import css from './approvals.module.css'
import { type Draft, type How, howsFor, namable, type RuleDraft } from './rule-draft.ts'

const HOWS: Record<How, string> = { equals: 'is', glob: 'fits', min: 'at least', max: 'at most' }
const ENDS = [
  { value: '0', label: 'until I remove it' },
  { value: '1', label: 'for an hour' },
  { value: '8', label: 'for 8 hours' },
  { value: '168', label: 'for a week' },
]

export function RuleEdit({ approval, draft, mayAdd, disabled, onChange }: RuleEditProps) {
  const known = namable(approval)
  const { drafts } = draft
  const free = known.filter(one => !drafts.some(d => d.path === one.path))
  const edit = (key: number, part: Partial<Draft>) =>
    onChange({ ...draft, drafts: drafts.map(one => (one.key === key ? { ...one, ...part } : one)) })
  const add = () => {
    const [first] = free
    if (!first) return
    const key = 1 + Math.max(0, ...drafts.map(one => one.key))
    const fresh: Draft = { key, path: first.path, how: 'equals', value: String(first.value) }
    onChange({ ...draft, drafts: [...drafts, fresh] })
  }
  return (
    <>
      {drafts.map(one => (
        <div key={one.key} className={css.ruleWhere}>
          <NativeSelect
            aria-label="Argument"
            disabled={disabled}
            value={one.path}
            data={[one.path, ...free.map(({ path }) => path)]}
            onChange={event => {
              const path = event.currentTarget.value
              edit(one.key, { path, how: 'equals', value: String(known.find(k => k.path === path)?.value ?? '') })
            }}
          />
          <NativeSelect
            aria-label="How it compares"
            disabled={disabled}
            value={one.how}
            data={howsFor(known.find(k => k.path === one.path)?.value ?? '').map(how => ({
              value: how,
              label: HOWS[how],
            }))}
            onChange={event => edit(one.key, { how: event.currentTarget.value as How })}
          />
          <TextInput
            aria-label="Value"
            classNames={{ input: 'mono' }}
            disabled={disabled}
            value={one.value}
            maxLength={500}
            onChange={event => edit(one.key, { value: event.currentTarget.value })}
          />
          <ActionIcon
            aria-label="Remove this condition"
            disabled={disabled}
            onClick={() => onChange({ ...draft, drafts: drafts.filter(d => d.key !== one.key) })}
          >
            <IconX size={14} />
          </ActionIcon>
        </div>
      ))}
      <div className={css.ruleTools}>
        {mayAdd && (
          <Button
            size="xs"
            variant="subtle"
            leftSection={<IconPlus size={13} />}
            disabled={disabled || free.length === 0}
            onClick={add}
          >
            Only where an argument…
          </Button>
        )}
        <NativeSelect
          aria-label="How long the rule holds"
          disabled={disabled}
          value={String(draft.hours)}
          data={ENDS}
          onChange={event => onChange({ ...draft, hours: Number(event.currentTarget.value) })}
        />
      </div>
    </>
  )
}

interface RuleEditProps {
  approval: Approval
  draft: RuleDraft
  /** Conditions can be added: the rule does not name every argument already. */
  mayAdd: boolean
  disabled: boolean
  onChange: (draft: RuleDraft) => void
}
