import { expect, test } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import type { Approval } from '../../contract/policy.ts'
import type { ServerState } from '../../contract/servers.ts'
import { Numbers, type Readings } from './numbers.ts'
import { readExposition, valueIn } from './test-exposition.ts'

const decision = { effect: 'allow', risk: 'reads', rule: null, ruleText: null, reasons: [] }
const ID = 'srv_aaaaaaaaaaaa'

function readings(some: Partial<Readings> = {}): Readings {
  return {
    servers: () => [{ id: ID, slug: 'files', state: { kind: 'sleeping', since: 1 }, restarts: 2 }],
    approvals: () => [],
    status: () => ({
      version: '1.2.3',
      mode: 'person',
      startedAt: 5_000,
      links: [],
      vault: { kind: 'missing' } as never,
      audit: {
        rows: 7,
        writable: true,
        anchored: false,
        problem: null,
        verifiedTo: null,
        signedAt: null,
        damage: null,
      },
    }),
    recordLagMs: () => 40,
    lists: () => true,
    ...some,
  }
}

function row(some: Partial<AuditEvent>): AuditEvent {
  return { kind: 'call', what: 'call/allowed', server: ID, tool: 'read', client: 'cursor', decision, ...some }
}

const scrape = async (numbers: Numbers) => readExposition(await numbers.text())

test('a call is counted by what was decided, how it went and how long it took', async () => {
  const numbers = new Numbers(readings())
  numbers.saw(row({ outcome: 'ok', durationMs: 20 }))
  numbers.saw(row({ decision: { ...decision, effect: 'ask' }, by: 'window:1' }))
  numbers.saw({
    kind: 'result',
    what: 'call/ended',
    server: ID,
    tool: 'read',
    client: 'cursor',
    outcome: 'lost',
    durationMs: 3_000,
  })
  numbers.saw(row({ what: 'call/denied', by: 'window:1', outcome: 'denied' }))
  numbers.saw(row({ what: 'call/denied', by: 'r1', outcome: 'denied' }))
  numbers.saw(row({ what: 'call/denied', by: 'clock', outcome: 'expired' }))
  numbers.saw({ kind: 'approval', what: 'approval/client-told-to-wait', server: ID, tool: 'read', client: 'cursor' })
  numbers.saw({ kind: 'server', what: 'server/started', server: ID })
  const found = await scrape(numbers)
  const labels = { server: 'files', tool: 'read', client: 'cursor' }
  const calls = found.samples.filter(one => one.name === 'mcp_tool_calls_total')
  expect(calls.map(one => [one.labels.decision, one.value])).toEqual([
    ['allowed', 1],
    ['allowed-by-person', 1],
    ['denied-by-person', 1],
    ['denied', 1],
    ['expired', 1],
    ['waiting', 1],
  ])
  expect(valueIn(found, 'mcp_tool_errors_total', { ...labels, outcome: 'lost' })).toBe(1)
  expect(valueIn(found, 'mcp_tool_duration_seconds_count', { server: 'files', tool: 'read' })).toBe(2)
  expect(valueIn(found, 'mcp_tool_duration_seconds_sum', { server: 'files', tool: 'read' })).toBeCloseTo(3.02)
  expect(valueIn(found, 'mcp_tool_duration_seconds_bucket', { le: '0.025' })).toBe(1)
})

test('states are read when somebody asks', async () => {
  let state: ServerState = { kind: 'sleeping', since: 1 }
  const numbers = new Numbers(readings({ servers: () => [{ id: ID, slug: 'files', state, restarts: 2 }] }))
  await scrape(numbers)
  state = { kind: 'crash-looping', starts: 5, because: { what: 'x' } }
  const found = await scrape(numbers)
  const states = found.samples.filter(one => one.name === 'gatehouse_server_state')
  expect(states.length).toBe(8)
  expect(states.filter(one => one.value === 1).map(one => one.labels.state)).toEqual(['crash-looping'])
  expect(valueIn(found, 'gatehouse_server_restarts')).toBe(2)
  expect(valueIn(found, 'gatehouse_audit_lag_seconds')).toBe(0.04)
  expect(valueIn(found, 'gatehouse_audit_rows')).toBe(7)
  expect(valueIn(found, 'gatehouse_keychain_open')).toBe(0)
  expect(valueIn(found, 'gatehouse_info', { version: '1.2.3', mode: 'person' })).toBe(1)
})

test('questions are counted once each, whoever ends them', async () => {
  const states = new Map<string, Approval['state']>()
  const numbers = new Numbers(
    readings({
      approvals: () => [...states].map(([id, state]) => ({ id, state, askedAt: Date.now() - 90_000 }) as Approval),
    }),
  )
  for (const id of ['a', 'b', 'c', 'd']) {
    states.set(id, { kind: 'waiting' })
    numbers.asked(id)
    numbers.approvalChanged(id)
  }
  const answered = { kind: 'answered', scope: null, by: 'window:1', word: null, at: 1 } as const
  states.set('a', { ...answered, allowed: true })
  states.set('b', { ...answered, allowed: false })
  states.set('c', { kind: 'expired', at: 1 })
  for (const id of ['a', 'a', 'b', 'c', 'nobody']) numbers.approvalChanged(id)
  const found = await scrape(numbers)
  expect(valueIn(found, 'gatehouse_approvals_asked_total')).toBe(4)
  const ended = found.samples.filter(one => one.name === 'gatehouse_approvals_ended_total')
  expect(ended.map(one => [one.labels.outcome, one.value])).toEqual([
    ['allowed', 1],
    ['denied', 1],
    ['expired', 1],
    ['withdrawn', 0],
  ])
  expect(valueIn(found, 'gatehouse_approvals_waiting')).toBe(1)
  expect(valueIn(found, 'gatehouse_approvals_oldest_seconds')).toBeGreaterThan(80)
})

test('a server with 10,000 tools, and clients without end, do not make series without end', async () => {
  const servers = Array.from({ length: 400 }, (_, n) => ({
    id: `srv_${n}`,
    slug: `s${n}`,
    state: { kind: 'stopped' } as const,
    restarts: 0,
  }))
  const numbers = new Numbers(readings({ servers: () => servers }))
  for (let n = 0; n < 10_000; n++) numbers.saw(row({ server: 'srv_0', tool: `t${n}`, durationMs: 1, outcome: 'error' }))
  for (let n = 0; n < 10_000; n++) numbers.saw(row({ server: `srv_${n % 400}`, tool: `t${n}`, client: `c${n}` }))
  const text = await numbers.text()
  const found = readExposition(text)
  const calls = found.samples.filter(one => one.name === 'mcp_tool_calls_total')
  expect(calls.reduce((sum, one) => sum + one.value, 0)).toBe(20_000)
  expect(calls.length).toBeLessThan(6_000)
  const of = (name: string, label: string) =>
    new Set(found.samples.filter(one => one.name === name).map(one => one.labels[label])).size
  expect(of('mcp_tool_calls_total', 'client')).toBeLessThanOrEqual(51)
  expect(of('mcp_tool_duration_seconds_count', 'tool')).toBe(101)
  expect(of('gatehouse_server_state', 'server')).toBe(200)
  expect(text.length).toBeLessThan(3_000_000)
})

test('a client that calls what is not there takes no room from the tools that are', async () => {
  const numbers = new Numbers(readings({ lists: (_, tool) => tool === 'read' }))
  for (let n = 0; n < 1_000; n++) numbers.saw(row({ tool: `made-up-${n}` }))
  numbers.saw(row({}))
  numbers.saw(row({ tool: 'resources/read' }))
  numbers.saw(row({ server: 'srv_gone' }))
  const calls = (await scrape(numbers)).samples.filter(one => one.name === 'mcp_tool_calls_total')
  expect(calls.map(one => [one.labels.server, one.labels.tool, one.value])).toEqual([
    ['files', 'other', 1_000],
    ['files', 'read', 1],
    ['files', 'resources/read', 1],
    ['other', 'other', 1],
  ])
})

test('names made to break the page stay one label each', async () => {
  const numbers = new Numbers(readings())
  const names = [
    'x"} 1\nmcp_tool_calls_total{tool="forged',
    'back\\slash\\',
    'line\r\u2028\u0085end',
    '\ud800',
    '\ud801',
    '\u202egnol',
    '#HELP x y',
    '__name__',
    'a'.repeat(500),
    `${'a'.repeat(500)}b`,
    '𐀀'.repeat(300),
    '',
  ]
  for (const tool of names) numbers.saw(row({ tool, client: tool, durationMs: 1 }))
  const text = await numbers.text()
  // As it travels: what UTF-8 cannot say would come back as the same sign.
  const found = readExposition(Buffer.from(text).toString())
  const calls = found.samples.filter(one => one.name === 'mcp_tool_calls_total')
  expect(calls.reduce((sum, one) => sum + one.value, 0)).toBe(names.length)
  const tools = calls.map(one => one.labels.tool!)
  expect(tools).not.toContain('forged')
  expect(tools).toContain('back\\slash\\')
  for (const tool of tools) {
    expect([...tool].length).toBeLessThanOrEqual(100)
    expect(tool).not.toMatch(/[\u0000-\u001f\u0080-\u009f\u2028\u202e\ufffd]/)
  }
})
