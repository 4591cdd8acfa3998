// Scaling, restarting, deleting and applying: what is sent, what is refused, and what a manifest cannot do.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
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

const replicas = (namespace = 'default') => cluster.objects.get(`apps/deployments/${namespace}/web`)?.spec?.replicas
const writes = () => cluster.seen.filter(one => one.method !== 'GET')

test('scaling goes to the scale subresource; a dry run changes nothing', async () => {
  const dry = await place.call('scale_deployment', { name: 'web', replicas: 5, dryRun: true })
  expect(dry.data).toEqual({ name: 'web', namespace: 'default', before: 2, replicas: 5, dryRun: true })
  expect(dry.text).toContain('Nothing has changed.')
  expect(replicas()).toBe(2)
  await place.call('scale_deployment', { name: 'web', replicas: 5 })
  expect(replicas()).toBe(5)
  expect(writes().map(({ method, path, query }) => [method, path, query.get('dryRun')])).toEqual([
    ['PATCH', '/apis/apps/v1/namespaces/default/deployments/web/scale', 'All'],
    ['PATCH', '/apis/apps/v1/namespaces/default/deployments/web/scale', null],
  ])
  for (const replicas of [-1, 101, 1.5, '3'])
    expect((await place.call('scale_deployment', { name: 'web', replicas })).failed).toBe(true)
  expect(writes()).toHaveLength(2)
})

test('a restart is the annotation that kubectl sets', async () => {
  const { data } = await place.call('restart_deployment', { name: 'web' })
  expect(data).toMatchObject({ name: 'web', revision: '3' })
  const template = cluster.objects.get('apps/deployments/default/web')?.spec?.template
  expect(template).toMatchObject({
    metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': data.restartedAt }, labels: { app: 'web' } },
  })
})

test('a deployment that is paused is not said to restart', async () => {
  const web = cluster.objects.get('apps/deployments/default/web')!
  cluster.objects.set('apps/deployments/default/web', { ...web, spec: { ...web.spec, paused: true } })
  const said = await place.call('restart_deployment', { name: 'web' })
  expect(said).toMatchObject({ kind: 'conflict', text: expect.stringContaining('is paused') })
  expect(writes()).toEqual([])
})

test('a pod is deleted only when that is confirmed, and only that very one', async () => {
  for (const confirm of [undefined, false, 'true', 1])
    expect(
      (await place.call('delete_pod', { name: 'web-1', ...(confirm === undefined ? {} : { confirm }) })).failed,
    ).toBe(true)
  expect(cluster.seen).toEqual([])
  const { data, text } = await place.call('delete_pod', { name: 'web-1', confirm: true })
  expect(data).toEqual({ name: 'web-1', namespace: 'default', uid: 'uid-web-1', owner: 'ReplicaSet/web-6f' })
  expect(text).toContain('makes another')
  expect(JSON.parse(writes()[0]!.body)).toEqual({
    propagationPolicy: 'Background',
    preconditions: { uid: 'uid-web-1' },
  })
  expect(cluster.objects.has('/pods/default/web-1')).toBe(false)
})

const CONFIG_MAP = (namespace: string) =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ${namespace}}}`
test.each<[tool: string, args: object]>([
  ['delete_pod', { name: 'core', namespace: 'kube-system', confirm: true }],
  ['delete_pod', { name: 'web-1', namespace: 'prod', confirm: true }],
  ['scale_deployment', { name: 'web', namespace: 'prod', replicas: 0 }],
  ['scale_deployment', { name: 'web', namespace: 'prod', replicas: 1 }],
  ['restart_deployment', { name: 'web', namespace: 'prod' }],
  ['apply_manifest', { manifest: CONFIG_MAP('production'), dryRun: false }],
  ['apply_manifest', { manifest: `${CONFIG_MAP('default')}\n---\n${CONFIG_MAP('prod')}`, dryRun: false }],
  ['apply_manifest', { manifest: `{apiVersion: v1, kind: List, items: [${CONFIG_MAP('prod')}]}`, dryRun: false }],
  ['apply_manifest', { manifest: '{apiVersion: v1, kind: Namespace, metadata: {name: prod}}', dryRun: false }],
])('a protected namespace refuses %s %o', async (tool, args) => {
  const said = await place.call(tool, { ...args })
  expect(said).toMatchObject({
    kind: 'permission_denied',
    text: expect.stringMatching(/is protected.*PROTECTED_NAMESPACES/),
  })
  expect(writes()).toEqual([])
})

test('the context’s own namespace is protected too, where a manifest names none', async () => {
  const inProd = await connect(kubeconfig(cluster.url, { context: { namespace: 'prod' } }))
  const manifest = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'
  expect((await inProd.call('apply_manifest', { manifest, dryRun: false })).text).toContain('prod is protected')
  await inProd.close()
})

test('in a protected namespace scaling up and dry runs stay, and the setting decides what is protected', async () => {
  expect((await place.call('scale_deployment', { name: 'web', namespace: 'prod', replicas: 4 })).failed).toBe(false)
  const less = await place.call('scale_deployment', { name: 'web', namespace: 'prod', replicas: 0, dryRun: true })
  expect(less.text).toContain('Nothing has changed.')
  const dry = await place.call('apply_manifest', { manifest: CONFIG_MAP('prod') })
  expect([dry.failed, dry.text]).toEqual([false, expect.stringContaining('It would be refused: prod is protected.')])
  const open = await connect(kubeconfig(cluster.url), { PROTECTED_NAMESPACES: 'kube-system,sh*' })
  expect((await open.call('scale_deployment', { name: 'web', namespace: 'prod', replicas: 0 })).failed).toBe(false)
  expect((await open.call('scale_deployment', { name: 'web', namespace: 'shop', replicas: 0 })).failed).toBe(true)
  expect([replicas('prod'), replicas('shop')]).toEqual([0, 2])
  await open.close()
})

const WEB = (more = '', image = 'shop/web:1.5') => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
${more}  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: "${image}", env: [{ name: DB_PASSWORD, value: hunter3-and-more }] }] }
`

test('apply tries first: what would change, field by field, and nothing does', async () => {
  const dry = await place.call('apply_manifest', { manifest: WEB() })
  expect(dry.data.objects).toEqual([
    {
      object: 'Deployment web in default',
      outcome: 'changed',
      changes: expect.arrayContaining([
        { path: 'spec.template.spec.containers[app].image', before: 'shop/web:1.4', after: 'shop/web:1.5' },
        {
          path: 'spec.template.spec.containers[app].env[DB_PASSWORD].value',
          before: '‹secret, as it was›',
          after: '‹secret, as it would be›',
        },
      ]),
    },
  ])
  expect(JSON.stringify(dry)).not.toMatch(/hunter/)
  expect(
    writes().map(({ query, headers }) => [query.get('dryRun'), query.get('fieldManager'), headers['content-type']]),
  ).toEqual([['All', 'kubernetes-server', 'application/apply-patch+yaml']])
  const done = await place.call('apply_manifest', { manifest: WEB(), dryRun: false, namespaces: ['default'] })
  expect(done.text).toMatch(/^Applied:\n~ Deployment web in default/)
  expect(writes().map(one => one.query.get('dryRun'))).toEqual(['All', 'All', null])
  const again = await place.call('apply_manifest', { manifest: WEB() })
  expect(again.data.objects).toEqual([{ object: 'Deployment web in default', outcome: 'unchanged', changes: [] }])
})

test('the call names where the manifest goes, so that whoever allows it sees that', async () => {
  const manifest = `${WEB()}\n---\n${CONFIG_MAP('shop')}`
  expect((await place.call('apply_manifest', { manifest })).data.namespaces).toEqual(['default', 'shop'])
  const before = writes().length
  for (const namespaces of [[], ['default'], ['shop'], ['*']])
    expect((await place.call('apply_manifest', { manifest, dryRun: false, namespaces })).failed).toBe(true)
  expect(writes()).toHaveLength(before)
  const done = await place.call('apply_manifest', { manifest, dryRun: false, namespaces: ['shop', 'default'] })
  expect(done.failed).toBe(false)
})

test('fields that others manage are a conflict, until they are taken over', async () => {
  const manifest = WEB('  replicas: 7\n')
  const said = await place.call('apply_manifest', { manifest })
  expect(said).toMatchObject({
    kind: 'conflict',
    text: expect.stringMatching(/kubectl-client-side-apply.*\.spec\.replicas.*force: true/s),
    details: { fields: [{ field: '.spec.replicas' }] },
  })
  await place.call('apply_manifest', { manifest, force: true, dryRun: false, namespaces: ['default'] })
  expect(replicas()).toBe(7)
})

test('what the cluster finds wrong is told with its field, and is not asked for again', async () => {
  const typo = await place.call('apply_manifest', { manifest: WEB('  replcas: 3\n') })
  expect(typo).toMatchObject({
    kind: 'validation_error',
    text: expect.stringContaining('.spec.replcas: field not declared in schema'),
  })
  const negative = await place.call('apply_manifest', { manifest: WEB('  replicas: -1\n') })
  expect(negative).toMatchObject({ kind: 'validation_error', details: { fields: [{ field: 'spec.replicas' }] } })
  expect(writes()).toHaveLength(2)
  const unknown = await place.call('apply_manifest', {
    manifest: '{apiVersion: example.com/v1, kind: Thing, metadata: {name: x, namespace: default}}',
  })
  expect(unknown.text).toContain('This cluster knows no Thing of example.com/v1.')
})

test('many documents: all are tried before the first is applied; a namespace may come with what is in it', async () => {
  const good = '{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: default}, data: {a: b}}'
  const said = await place.call('apply_manifest', {
    manifest: `${good}\n---\n${WEB('  replicas: -1\n')}`,
    dryRun: false,
    namespaces: ['default'],
  })
  expect(said.failed).toBe(true)
  expect(cluster.objects.has('/configmaps/default/one')).toBe(false)
  const fresh = `{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}\n---\n${good.replace('default', 'fresh')}\n---\n# nothing\n`
  const made = await place.call('apply_manifest', { manifest: fresh, dryRun: false, namespaces: ['fresh'] })
  expect(made.data.objects.map((one: { outcome: string }) => one.outcome)).toEqual(['created', 'created'])
  expect(cluster.objects.get('/configmaps/fresh/one')).toMatchObject({ data: { a: 'b' } })
  const lost = '{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: nowhere}}'
  expect((await place.call('apply_manifest', { manifest: lost })).text).toContain('namespace nowhere')
})

test('one that fails after others were applied says which were', async () => {
  const manifest = ['one', 'two']
    .map(name => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, namespace: default}}`)
    .join('\n---\n')
  const refused = {
    status: 403,
    body: { kind: 'Status', message: 'denied by webhook', reason: 'Forbidden', code: 403 },
  }
  // Discovery, then for each reading and trying, then the first goes through.
  cluster.faults.push(...Array(6).fill({ lateMs: 0 }), refused)
  const said = await place.call('apply_manifest', { manifest, dryRun: false, namespaces: ['default'] })
  expect(said.text).toMatch(
    /ConfigMap two in default: .*denied by webhook.* Applied before: ConfigMap one in default\./,
  )
})

test('what belongs to the whole cluster is applied only where the person allows it', async () => {
  const manifest = '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: all}, rules: []}'
  expect((await place.call('apply_manifest', { manifest })).text).toMatch(/belongs to no namespace.*APPLY_CLUSTER_WIDE/)
  expect(writes()).toEqual([])
  const wide = await connect(kubeconfig(cluster.url), { APPLY_CLUSTER_WIDE: 'true' })
  expect((await wide.call('apply_manifest', { manifest })).data.objects[0].outcome).toBe('created')
  await wide.close()
})

test('a Secret’s data is in no answer: not in a diff, not in a refusal, not in the copy that kubectl keeps', async () => {
  const secret = (value: string) => ({
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: {
      name: 'keys',
      namespace: 'default',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"a":"${value}"}}` },
    },
    data: { a: value, b: 'c2FtZS12YWx1ZQ==' },
  })
  cluster.objects.set('/secrets/default/keys', secret(Buffer.from('old-s3cret').toString('base64')))
  const manifest = `
apiVersion: v1
kind: Secret
metadata:
  name: keys
  namespace: default
  annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"new-s3cret"}}' }
stringData: { a: new-s3cret }
data: { b: c2FtZS12YWx1ZQ== }`
  const dry = await place.call('apply_manifest', { manifest })
  expect(dry.data.objects[0].changes).toEqual(
    expect.arrayContaining([{ path: 'data.a', before: '‹secret, as it was›', after: '‹secret, as it would be›' }]),
  )
  expect(dry.data.objects[0].changes.map((one: { path: string }) => one.path)).not.toContain('data.b')
  const bad = await place.call('apply_manifest', {
    manifest: manifest.replace('data: { b: c2FtZS12YWx1ZQ== }', 'data: { b: "pl@in-s3cret" }'),
  })
  expect(bad).toMatchObject({ kind: 'validation_error', text: expect.stringContaining('illegal base64') })
  const all = JSON.stringify([dry, bad, place.log])
  for (const value of ['new-s3cret', 'old-s3cret', 'pl@in-s3cret', 'c2FtZS12YWx1ZQ'])
    for (const one of [value, Buffer.from(value).toString('base64')]) expect(all).not.toContain(one)
})

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

test('the roles in the README allow what the tools ask for, and hold no verb that nothing needs', async () => {
  await place.call('list_namespaces')
  await place.client.readResource({ uri: 'k8s://nodes' })
  for (const [tool, args] of [
    ['get_pods', {}],
    ['get_deployments', {}],
    ['get_events', {}],
    ['describe_pod', { name: 'web-1' }],
    ['get_pod_logs', { name: 'web-1' }],
    ['analyze_logs', { name: 'web-1' }],
    ['check_pod_health', { pod_name: 'web-1' }],
  ] as const)
    expect([tool, (await place.call(tool, args)).failed]).toEqual([tool, false])
  const reading = asked()
  cluster.asked.length = 0
  const made = WEB().replace('name: web,', 'name: new,')
  for (const [tool, args] of [
    ['scale_deployment', { name: 'web', replicas: 3 }],
    ['restart_deployment', { name: 'web' }],
    ['delete_pod', { name: 'web-2', confirm: true }],
    ['apply_manifest', { manifest: `${made}\n---\n${CONFIG_MAP('default')}`, dryRun: false, namespaces: ['default'] }],
  ] as const)
    expect([tool, (await place.call(tool, args)).failed]).toEqual([tool, false])
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const roles = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text!))
  expect(roles.map(role => role.kind)).toEqual(['Role', 'ClusterRole', 'Role'])
  const [read, look, change] = roles.map(allowed)
  expect(new Set([...read!, ...look!])).toEqual(reading)
  expect(change).toEqual(asked())
})

interface Role {
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]
}
function allowed({ rules }: Role): Set<string> {
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${verb} ${resource} ${group}`))),
  )
  return new Set(all)
}
function asked(): Set<string> {
  return new Set(cluster.asked.map(({ verb, resource, group }) => `${verb} ${resource} ${group}`))
}
