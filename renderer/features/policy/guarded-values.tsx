// What raises a call's risk: protected values in named sets, the folders work may happen in; and how often a tool may be called.
import { ActionIcon, Button, TextInput } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Policy, PolicyChange, RateLimit } from '../../../contract/policy.ts'
import { hub, useCall } from '../../hub.ts'
import { Foreign, GroupRow } from '../../ui/index.ts'
import { useNames } from '../use-names.ts'
import css from './policy.module.css'

type Change = (change: PolicyChange) => Promise<unknown>

export function GuardedValues({ policy }: { policy: Policy }) {
  const change = useCall(hub.policy.change)
  const sets = Object.entries(policy.protected)
  return (
    <>
      <GroupRow
        title="Protected values"
        count={sets.length}
        right="To allow a change that names one, you type the name"
      />
      {sets.map(([set, values]) => (
        <Values
          key={set}
          name={set}
          values={values}
          placeholder="payments, or team-*"
          onSet={(value, on) => change({ kind: 'protect', set, value, on })}
        />
      ))}
      <NewSet change={change} />
      <GroupRow
        title="Folders to work in"
        count={policy.folders.length}
        right={policy.folders.length > 0 ? 'Paths outside them are asked about' : 'None named: paths raise nothing'}
      />
      <Values
        name="folders"
        values={policy.folders}
        placeholder="/home/me/code"
        onSet={(path, on) => change({ kind: 'folder', path, on })}
      />
      <GroupRow
        title="Limits"
        count={policy.limits.length}
        right="For each client and tool; the lowest that fits counts"
      />
      {policy.limits.map(limit => (
        <LimitRow key={JSON.stringify(limit)} limit={limit} change={change} />
      ))}
      <NewLimit change={change} />
    </>
  )
}

function Values(props: {
  name: string
  values: readonly string[]
  placeholder: string
  onSet: (value: string, on: boolean) => Promise<unknown>
}) {
  const [text, setText] = useState('')
  const add = async (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() && (await props.onSet(text.trim(), true))) setText('')
  }
  return (
    <Line name={props.name}>
      {props.values.map(value => (
        <span key={value} className={css.value}>
          <code>
            <Foreign text={value} max={80} />
          </code>
          <ActionIcon size="xs" aria-label={`Remove ${value}`} onClick={() => void props.onSet(value, false)}>
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      <form className={css.adding} onSubmit={event => void add(event)}>
        <TextInput
          size="xs"
          aria-label={`Add to ${props.name}`}
          placeholder={props.placeholder}
          classNames={{ input: 'mono' }}
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" disabled={!text.trim()}>
          Add
        </Button>
      </form>
    </Line>
  )
}

function NewSet({ change }: { change: Change }) {
  const [set, setSet] = useState('')
  const [value, setValue] = useState('')
  const add = async (event: FormEvent) => {
    event.preventDefault()
    if (!(await change({ kind: 'protect', set: set.trim(), value: value.trim(), on: true }))) return
    setSet('')
    setValue('')
  }
  return (
    <Line name="another set">
      <form className={css.adding} onSubmit={event => void add(event)}>
        <TextInput
          size="xs"
          aria-label="Name of the set"
          placeholder="its name"
          value={set}
          onChange={event => setSet(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          aria-label="First value"
          placeholder="its first value"
          classNames={{ input: 'mono' }}
          value={value}
          onChange={event => setValue(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" disabled={!set.trim() || !value.trim()}>
          Add
        </Button>
      </form>
    </Line>
  )
}

function LimitRow({ limit, change }: { limit: RateLimit; change: Change }) {
  const names = useNames()
  const { perMinute, client, server, tool } = limit
  return (
    <Line name={`${perMinute.toLocaleString('en')} a minute`}>
      <span className={css.when}>
        <b>{client ? names.client(client) : 'each client'}</b> runs{' '}
        <code>
          {server ? names.server(server) : 'any server'} › {tool ?? 'any one tool'}
        </code>
      </span>
      <ActionIcon
        size="xs"
        aria-label="Remove this limit"
        onClick={() => void change({ kind: 'limit', limit, on: false })}
      >
        <IconX size={12} />
      </ActionIcon>
    </Line>
  )
}

function NewLimit({ change }: { change: Change }) {
  const [calls, setCalls] = useState('')
  const [tool, setTool] = useState('')
  const perMinute = Number(calls)
  const isValid = Number.isInteger(perMinute) && perMinute >= 1 && perMinute <= 1_000_000
  const add = async (event: FormEvent) => {
    event.preventDefault()
    const limit = { perMinute, ...(tool.trim() ? { tool: tool.trim() } : {}) }
    if (!(await change({ kind: 'limit', limit, on: true }))) return
    setCalls('')
    setTool('')
  }
  return (
    <Line name="another limit">
      <form className={css.adding} onSubmit={event => void add(event)}>
        <TextInput
          size="xs"
          aria-label="Calls a minute"
          placeholder="calls a minute"
          inputMode="numeric"
          value={calls}
          onChange={event => setCalls(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          aria-label="Of which tool"
          placeholder="any tool, or delete_*"
          classNames={{ input: 'mono' }}
          value={tool}
          onChange={event => setTool(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" disabled={!isValid}>
          Add
        </Button>
      </form>
    </Line>
  )
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={css.guarded}>
      <span className={css.setName}>
        <Foreign text={name} max={60} />
      </span>
      <div className={css.values}>{children}</div>
    </div>
  )
}
