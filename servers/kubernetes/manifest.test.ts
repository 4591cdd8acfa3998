// Manifests that are no good, or made to do harm: refused before the cluster is asked.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestCluster, type TestCluster } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'

let cluster: TestCluster
let place: Connected
beforeEach(async () => {
  cluster = await startTestCluster()
  place = await connect(kubeconfig(cluster.url))
})
afterEach(async () => {
  await place.close()
  await cluster.close()
})

const writes = () => cluster.seen.filter(one => one.method !== 'GET')
const lol = (n: number) =>
  n === 0 ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]' : `a${n}: &a${n} [${Array(9).fill(`*a${n - 1}`)}]`
const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
const one = (more: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}${more}}`
test.each<[name: string, manifest: string, words: string]>([
  ['a bomb of aliases', HEAD + Array.from({ length: 9 }, (_, n) => lol(n)).join('\n'), 'aliases are too many'],
  ['many aliases', `${HEAD}b: &b 1\nc: [${Array(101).fill('*b')}]`, 'too many aliases'],
  ['big by few aliases', `${HEAD}b: &b ${'x'.repeat(50_000)}\nc: [${Array(60).fill('*b')}]`, 'becomes too big'],
  ['an alias of itself', `${HEAD}a: &a [*a]`, 'nested deeper'],
  ['deep brackets', HEAD + 'b: '.concat('['.repeat(50_000)), 'nested deeper'],
  ['deep blocks', HEAD + Array.from({ length: 200 }, (_, n) => `${' '.repeat(n)}b:`).join('\n'), 'nested deeper'],
  ['deep objects', one(`, b: ${'{a: '.repeat(55)}1${'}'.repeat(55)}`), 'nested deeper'],
  ['more than 1 MB', `${HEAD}b: ${'ä'.repeat(600_000)}`, 'longer than 1 MB'],
  ['too many documents', `${one('')}\n---\n`.repeat(101), 'more than 100 objects'],
  ['a List of too many', `{apiVersion: v1, kind: List, items: [${Array(101).fill(one(''))}]}`, 'more than 100 objects'],
  ['a key twice', one(', kind: Secret'), 'not YAML: line 1 (DUPLICATE_KEY)'],
  ['no YAML', `${HEAD}b: [c`, 'not YAML: line'],
  ['no object', '- a', 'is no object'],
  ['nothing', '# nothing\n---\n', 'holds no object'],
  ['a path for a name', '{apiVersion: v1, kind: ConfigMap, metadata: {name: ../secrets/x}}', 'no good metadata.name'],
  ['dots for a name', '{apiVersion: v1, kind: ConfigMap, metadata: {name: a..b}}', 'no good metadata.name'],
  [
    'a path for a namespace',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ../kube-system}}',
    'no good metadata.namespace',
  ],
  [
    'a namespace in other letters',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: Prod}}',
    'no good metadata.namespace',
  ],
  ['a path for a version', '{apiVersion: ../../v1, kind: ConfigMap, metadata: {name: a}}', 'no good apiVersion'],
  ['a path for a kind', '{apiVersion: v1, kind: Pod/exec, metadata: {name: a}}', 'no good kind'],
  ['a name that is a number', '{apiVersion: v1, kind: ConfigMap, metadata: {name: 1}}', 'no good metadata.name'],
  ['a name to be made', '{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}', 'only a metadata.name can be'],
  [
    'every namespace',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: "*"}}',
    'no good metadata.namespace',
  ],
  [
    'a namespace and more',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: "prod "}}',
    'no good metadata.namespace',
  ],
  [
    'a namespace that is empty',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: }}',
    'no good metadata.namespace',
  ],
  ['managed fields', '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: []}}', 'managedFields'],
])('a manifest that is %s is refused before anything is asked', async (_, manifest, words) => {
  const said = await place.call('apply_manifest', { manifest })
  expect(said).toMatchObject({ kind: 'validation_error', text: expect.stringContaining(words) })
  expect(said.text.length).toBeLessThan(600)
  expect(cluster.seen).toEqual([])
})

test('what is just within the limits is taken', async () => {
  for (const manifest of [
    one(`, b: ${'{a: '.repeat(40)}1${'}'.repeat(40)}`),
    `${HEAD}b: &b 1\nc: [${Array(90).fill('*b')}]`,
  ])
    expect((await place.call('apply_manifest', { manifest, limit: 1 })).text).toMatch(/^Nothing has changed/)
})

test('YAML is read as Kubernetes reads it: 0644 is octal, yes is true, a time and 22:22 are texts', async () => {
  const manifest =
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, x: {mode: 0644, on1: yes, at: 2020-01-01, port: 22:22}}'
  await place.call('apply_manifest', { manifest })
  expect(JSON.parse(writes()[0]!.body).x).toEqual({ mode: 420, on1: true, at: '2020-01-01', port: '22:22' })
})
