// The dashboard and the alert rules name only what the endpoint gives, with labels it has.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
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
  templating: { list: { name: string; allValue?: string; query: string | { query: string } }[] }
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
  numbers.saw({ kind: 'call', what: 'call/denied', server: 'a', tool: 't', client: 'c' })
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

test('each value asked for is one that its label has', () => {
  const known = (label: string) => given.samples.flatMap(one => one.labels[label] ?? [])
  const asked = [...queries, ...rules.map(rule => rule.expr)]
    .flatMap(query => [...query.matchAll(/(\w+)\s*=~?"([^"$]+)"/g)])
    .filter(([, label]) => label !== 'job')
    .flatMap(([, label, value]) => value!.split('|').map(one => [label!, one] as const))
  expect(asked.length).toBeGreaterThan(4)
  const isThere = ([label, value]: readonly [string, string]) =>
    known(label).some(one => new RegExp(`^(?:${value})$`).test(one))
  expect(asked.filter(one => !isThere(one))).toEqual([])
})

test('bundled servers, whose metrics have the same names and no server’s name, are in none of the figures', () => {
  const shared = [...queries, ...rules.map(rule => rule.expr)].flatMap(query => query.match(/\bmcp_\w+[^[]*/g) ?? [])
  const open = shared.filter(one => !/\{server(!=""|=~"\$server")|^mcp_\w+, client\)/.test(one))
  expect(open).toEqual([])
  const all = dashboard.templating.list.find(one => one.name === 'server')
  expect(all?.allValue).toBe('.+')
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
if (promtool) {
  test('promtool takes the rules, and they warn of what they are for alone', () => {
    execFileSync(promtool, ['check', 'rules', join(folder, 'alerts.yml')])
    execFileSync(promtool, ['test', 'rules', join(folder, 'alerts.test.yml')])
  })

  test.each(['grafana-dashboard.json', 'server-dashboard.json'])('promtool takes each query of %s', name => {
    const { panels } = JSON.parse(read(name)) as typeof dashboard
    const asked = panels.flatMap(panel => panel.targets.map(target => target.expr))
    expect(asked.length).toBeGreaterThan(8)
    const filled = asked.map(one => one.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.+'))
    const named = filled.map((expr, n) => ({ record: `query:${n}`, expr }))
    const place = mkdtempSync(join(tmpdir(), 'gatehouse-queries-'))
    const path = join(place, 'queries.yml')
    try {
      writeFileSync(path, stringify({ groups: [{ name: 'queries', rules: named }] }))
      execFileSync(promtool, ['check', 'rules', path], { stdio: 'pipe' })
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  })
}
