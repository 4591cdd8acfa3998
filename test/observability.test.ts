// The dashboard and the alert rules name only what the endpoint gives, with labels it has.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Numbers } from '../hub/metrics/numbers.ts'
import { type Exposition, readExposition } from '../hub/metrics/test-exposition.ts'
import { root } from './harness.ts'

const folder = join(root, 'build', 'observability')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string }
}
const rules = (parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(group => group.rules)
const dashboard = JSON.parse(read('grafana-dashboard.json')) as {
  panels: { title: string; targets: { expr: string }[] }[]
  templating: { list: { query: string | { query: string } }[] }
}
const queries = [
  ...dashboard.panels.flatMap(panel => panel.targets.map(target => target.expr)),
  ...dashboard.templating.list.flatMap(one => (typeof one.query === 'string' ? [] : [one.query.query])),
]

let given: Exposition

beforeAll(async () => {
  const numbers = new Numbers({
    servers: () => [{ id: 'a', slug: 'files', state: { kind: 'stopped' }, restarts: 0 }],
    approvals: () => [],
    status: () => ({
      version: '1',
      mode: 'person',
      startedAt: 0,
      links: [],
      vault: { kind: 'open' } as never,
      audit: { rows: 0, writable: true, anchored: true, problem: null, verifiedTo: null, signedAt: null, damage: null },
    }),
    recordLagMs: () => 0,
    lists: () => true,
  })
  numbers.saw({
    kind: 'call',
    what: 'call/allowed',
    server: 'a',
    tool: 't',
    client: 'c',
    outcome: 'error',
    durationMs: 1,
  })
  given = readExposition(await numbers.text())
})

const METRIC = /\b(?:mcp|gatehouse)_[a-z_]+/g

test.each([
  ['the alert rules', () => rules.map(rule => rule.expr)],
  ['the dashboard', () => queries],
  ['the page about them', () => [read('README.md')]],
])('%s name only metrics that are given', (_, texts) => {
  const known = new Set(given.samples.map(one => one.name).concat([...given.types.keys()]))
  const named = [...new Set(texts().flatMap(text => text.match(METRIC) ?? []))]
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter(name => !known.has(name))).toEqual([])
})

test('the page about them leaves none out', () => {
  const page = read('README.md')
  expect([...given.types.keys()].filter(name => !page.includes(`\`${name}`))).toEqual([])
})

test('each label asked for is one of its metric', () => {
  const wrong = [...queries, ...rules.map(rule => rule.expr)].flatMap(query => {
    const metrics: string[] = query.match(METRIC) ?? []
    const labels = new Set(
      given.samples.filter(one => metrics.includes(one.name)).flatMap(one => Object.keys(one.labels)),
    )
    const asked = [
      ...[...query.matchAll(/(\w+)\s*=~?"/g)].map(match => match[1]!),
      ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(match => match[1]!.split(/,\s*/)),
    ]
    return metrics.length === 0 ? [] : asked.filter(label => !labels.has(label)).map(label => `${label} in ${query}`)
  })
  expect(wrong).toEqual([])
})

test('every panel asks something, every alert says what happened, what to do and how grave it is', () => {
  expect(dashboard.panels.filter(panel => panel.targets.length === 0 || panel.title === '')).toEqual([])
  const poor = rules.filter(
    ({ labels, annotations }) =>
      !['critical', 'warning', 'info'].includes(labels.severity) || !annotations.summary || !annotations.description,
  )
  expect(poor).toEqual([])
  expect(new Set(rules.map(rule => rule.alert)).size).toBe(rules.length)
})

const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync)

// Where it is installed, it has the last word.
if (promtool)
  test('promtool takes the rules', () => {
    execFileSync(promtool, ['check', 'rules', join(folder, 'alerts.yml')])
  })
