// Rules in the order they win, the preset below them, what waits to be loosened, and "Why?" for any call.
import { ActionIcon, Button, Menu, SegmentedControl, Switch } from '@mantine/core'
import { IconDots, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { Policy, PolicyUse, Preset, Rule } from '../../../contract/policy.ts'
import { hub, listOf, useCall, usePolicy, useProposals } from '../../hub.ts'
import {
  Banner,
  EffectMark,
  exactly,
  Foreign,
  GroupRow,
  moment,
  Page,
  PageHeader,
  Pane,
  Problem,
  RowsSkeleton,
  showDone,
  useNow,
} from '../../ui/index.ts'
import { KeepAll } from '../approvals/keep-all.tsx'
import { textOf, useAddress } from '../use-address.ts'
import { useNames } from '../use-names.ts'
import { GuardedValues } from './guarded-values.tsx'
import { Hits, useLastWeek, WeekInWords } from './last-week.tsx'
import css from './policy.module.css'
import { ProposalRow } from './proposal-row.tsx'
import { RuleForm } from './rule-form.tsx'
import { bySpecificity, presets, RuleWords } from './rule-words.tsx'
import { StopEverything } from './stop-everything.tsx'
import { Suggestions } from './suggestions.tsx'
import { useReadOnly } from './use-switches.ts'
import { WhyPane } from './why-pane.tsx'

export function PolicyView() {
  const policy = usePolicy()
  const [address, go] = useAddress()
  const change = useCall(hub.policy.change)
  const preset = policy.kind === 'ready' ? policy.value.preset : null
  const setPreset = async (next: Preset) => {
    if (preset === null || next === preset) return
    if (await change({ kind: 'preset', preset: next }))
      showDone(`${presets[next].name} is in force`, () => void change({ kind: 'preset', preset }))
  }
  const use = useLastWeek()
  const row = textOf(address.row)
  const [suggested, setSuggested] = useState<Omit<Rule, 'id'> | undefined>()
  const edited = policy.kind === 'ready' ? policy.value.rules.find(rule => rule.id === row) : undefined
  const adding = row === 'new'
  const close = () => go({ ...address, row: undefined })
  const begin = (rule?: Omit<Rule, 'id'>) => {
    setSuggested(rule)
    go({ ...address, row: 'new' })
  }
  const header = (
    <PageHeader title="Policy">
      {preset !== null && (
        <SegmentedControl
          aria-label="Preset"
          value={preset}
          onChange={value => void setPreset(value as Preset)}
          data={Object.entries(presets).map(([value, { name }]) => ({ value, label: name }))}
        />
      )}
      <Button leftSection={<IconPlus size={14} />} onClick={() => begin()}>
        Add rule
      </Button>
    </PageHeader>
  )
  const title = edited ? 'Edit the rule' : 'Add a rule'
  const from = edited ?? suggested
  const pane =
    adding || edited ? (
      <Pane label={title} title={title} onClose={close}>
        <RuleForm key={JSON.stringify(from ?? null)} {...(from ? { begin: from } : {})} onDone={close} />
      </Pane>
    ) : (
      <Pane label="Why?" title="Why?" fact="ask the policy about any call">
        <WhyPane onRule={begin} />
        <WeekInWords use={use} />
      </Pane>
    )
  return (
    <Page header={header} pane={policy.kind === 'ready' && pane}>
      {policy.kind === 'loading' && <RowsSkeleton rows={7} height={38} />}
      {policy.kind === 'failed' && <Problem error={policy.error} />}
      {policy.kind === 'ready' && (
        <Rules policy={policy.value} use={use} onEdit={id => go({ ...address, row: id })} onSuggest={begin} />
      )}
    </Page>
  )
}

function Rules(props: {
  policy: Policy
  use: PolicyUse | null
  onEdit: (id: string) => void
  onSuggest: (rule: Omit<Rule, 'id'>) => void
}) {
  const { policy, use, onEdit, onSuggest } = props
  const proposals = listOf(useProposals())
  const preset = presets[policy.preset]
  return (
    <>
      <p className={css.intro}>
        The most specific rule that fits decides; of two equals, the stricter one. You cannot get the order wrong.
      </p>
      {policy.problem !== null && (
        <div style={{ padding: '14px 24px' }}>
          <Banner tone="red" role="alert" title="policy.json is not what is in force" text={policy.problem} />
        </div>
      )}
      <Switches />
      {proposals.length > 0 && (
        <GroupRow
          title="Wait for you"
          count={proposals.length}
          right={
            <>
              The old state stays in force <KeepAll proposals={proposals} />
            </>
          }
        />
      )}
      {proposals.map(proposal => (
        <ProposalRow key={proposal.id} proposal={proposal} />
      ))}
      <Suggestions onUse={onSuggest} />
      <div className={`${css.row} ${css.head}`} aria-hidden="true">
        <span>Rule</span>
        <span>Answer</span>
        <span>When</span>
        <span>Until</span>
        <span>7 days</span>
      </div>
      <GroupRow title="Your rules" count={policy.rules.length} />
      {policy.rules.length === 0 && (
        <div className={css.row} style={{ display: 'block', paddingBlock: 10 }}>
          <span className={css.when}>None yet. {preset.name} decides alone.</span>
        </div>
      )}
      {bySpecificity(policy.rules).map(rule => (
        <RuleRow key={rule.id} rule={rule} use={use} onEdit={() => onEdit(rule.id)} />
      ))}
      <GroupRow
        title={`From the preset ${preset.name}`}
        count={preset.rows.length}
        right="Change the preset to change these"
      />
      {preset.rows.map(row => (
        <div key={row.what} className={css.row}>
          <span />
          <EffectMark effect={row.effect} look="soft" />
          <span className={`${css.when} ${css.whole}`}>
            <b>anyone</b> runs {row.what}
          </span>
        </div>
      ))}
      <GuardedValues policy={policy} />
    </>
  )
}

function Switches() {
  const [readOnly, setReadOnly] = useReadOnly()
  return (
    <div className={css.row} style={{ gridTemplateColumns: '1fr auto' }}>
      <Switch
        checked={readOnly}
        label={readOnly ? 'Read-only is on: nothing writes, for any client' : 'Read-only is off'}
        onChange={event => void setReadOnly(event.currentTarget.checked)}
      />
      <StopEverything />
    </div>
  )
}

function Until({ at }: { at: number | undefined }) {
  const now = useNow()
  if (at === undefined) return <span className={css.until} />
  return (
    <span className={css.until} title={exactly(at)} data-over={at <= now}>
      {at <= now ? 'over' : moment(at)}
    </span>
  )
}

function RuleRow({ rule, use, onEdit }: { rule: Rule; use: PolicyUse | null; onEdit: () => void }) {
  const names = useNames()
  const change = useCall(hub.policy.change)
  const remove = async () => {
    const { id, ...without } = rule
    if (await change({ kind: 'remove-rule', id }))
      showDone('Removed the rule', () => void change({ kind: 'add-rule', rule: without }))
  }
  return (
    <div className={css.row}>
      <span className={css.number} title={rule.id}>
        {/^\d+$/.test(rule.id) ? `#${rule.id}` : rule.id}
      </span>
      <EffectMark effect={rule.effect} look="soft" />
      <div>
        <RuleWords rule={rule} names={names} />
        {rule.note && (
          <div className={css.note}>
            <Foreign text={rule.note} max={500} />
          </div>
        )}
      </div>
      <Until at={rule.until} />
      <Hits use={use} rule={rule.id} />
      <Menu>
        <Menu.Target>
          <ActionIcon size="xs" aria-label="More for this rule">
            <IconDots size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={14} />} onClick={onEdit}>
            Edit…
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => void remove()}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}
