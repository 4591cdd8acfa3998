// apply_manifest: what would change and what does, what is refused, and what a manifest cannot do.
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

const replicas = () => cluster.objects.get('apps/deployments/default/web')?.spec?.replicas
const writes = () => cluster.seen.filter(one => one.method !== 'GET')
const CONFIG_MAP = (namespace: string) =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ${namespace}}}`

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
      tried: true,
      moreChanges: 0,
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
  expect(again.data.objects).toMatchObject([{ object: 'Deployment web in default', outcome: 'unchanged', changes: [] }])
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
    text: expect.stringMatching(
      /^Deployment web in default: .*kubectl-client-side-apply.*\.spec\.replicas.*force: true/s,
    ),
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
  const tried = await place.call('apply_manifest', { manifest: fresh })
  expect(tried.data.objects.map((one: { tried: boolean }) => one.tried)).toEqual([true, false])
  expect(tried.text).toContain('+ ConfigMap one in fresh (created; not checked: its namespace does not exist yet)')
  const made = await place.call('apply_manifest', { manifest: fresh, dryRun: false, namespaces: ['fresh'] })
  expect(made.data.objects.map((one: { outcome: string }) => one.outcome)).toEqual(['created', 'created'])
  expect(cluster.objects.get('/configmaps/fresh/one')).toMatchObject({ data: { a: 'b' } })
  const lost = '{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: nowhere}}'
  expect((await place.call('apply_manifest', { manifest: lost })).text).toContain('namespace nowhere')
})

test('what is only called Namespace makes none: what comes with it is tried all the same', async () => {
  const other = '{apiVersion: example.com/v1, kind: Namespace, metadata: {name: default, namespace: shop}}'
  const bad = WEB('  replicas: -1\n')
  const said = await place.call('apply_manifest', { manifest: `${other}\n---\n${bad}` })
  expect(said).toMatchObject({ kind: 'validation_error', text: expect.stringContaining('spec.replicas') })
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

test('many objects and changes: a dry run comes page by page; in earnest all is told at once, and nothing done twice', async () => {
  const data = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, 'v'.repeat(300)]))
  const of = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data })
  const manifest = ['a', 'b', 'c'].map(name => JSON.stringify(of(name))).join('\n---\n')
  const first = await place.call('apply_manifest', { manifest, limit: 2 })
  expect(first.data.objects.map((one: { object: string }) => one.object[10])).toEqual(['a', 'b'])
  expect(JSON.stringify(first.data).length).toBeLessThan(200_000)
  const [{ changes, moreChanges }] = first.data.objects
  expect([changes.length > 100, changes.length + moreChanges]).toEqual([true, 504])
  expect(first.text).toContain(`… and ${moreChanges} more changes`)
  const { nextCursor } = first.data
  const second = await place.call('apply_manifest', { manifest, limit: 2, cursor: nextCursor })
  expect([second.data.objects.length, second.data.nextCursor]).toEqual([1, undefined])
  const other = await place.call('apply_manifest', { manifest: `${manifest}\n`, limit: 2, cursor: nextCursor })
  expect(other.text).toContain('This cursor is of another list.')
  const before = writes().length
  const earnest = { manifest, limit: 1, dryRun: false, namespaces: ['default'] }
  expect((await place.call('apply_manifest', { ...earnest, cursor: nextCursor })).text).toContain('applied again')
  expect(writes()).toHaveLength(before)
  const done = await place.call('apply_manifest', earnest)
  expect([done.data.objects.length, done.data.nextCursor]).toEqual([3, undefined])
  expect(JSON.stringify(done.data).length).toBeLessThan(300_000)
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

test('values named like secrets are in no answer, wherever in an object they stand', async () => {
  const env = [
    { name: 'DB_PASSWORD', value: 'twice-one-s3cret' },
    { name: 'DB_PASSWORD', value: 'twice-two-s3cret' },
  ]
  const old = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'c', namespace: 'default' },
    data: { password: 'old-s3cret', pin_token: '1234-s3cret', mode: 'slow', gone_secret: 'gone-s3cret' },
    more: { env, auth: { clientSecret: 'client-s3cret', secretName: 'tls' } },
  }
  cluster.objects.set('/configmaps/default/c', old)
  const now = {
    ...old,
    data: { ...old.data, password: 'new-s3cret', mode: 'fast' },
    more: { ...old.more, env: env.slice(0, 1) },
  }
  const dry = await place.call('apply_manifest', { manifest: JSON.stringify(now) })
  expect(dry.failed).toBe(false)
  expect(JSON.stringify(dry)).not.toMatch(/s3cret/)
  expect(dry.data.objects[0].changes).toEqual(
    expect.arrayContaining([
      { path: 'data.password', before: '‹secret, as it was›', after: '‹secret, as it would be›' },
      { path: 'data.mode', before: 'slow', after: 'fast' },
    ]),
  )
  const made = await place.call('apply_manifest', { manifest: JSON.stringify(now).replace('"c"', '"d"') })
  expect(JSON.stringify(made)).not.toMatch(/s3cret/)
  expect(made.data.objects[0].changes).toEqual(
    expect.arrayContaining([
      { path: 'data.password', before: null, after: '‹secret›' },
      { path: 'more.auth.secretName', before: null, after: 'tls' },
    ]),
  )
})

test('a refusal that quotes a secret quotes nothing of it, also where it is long, escaped or cut', async () => {
  const long = Array.from({ length: 60 }, (_, n) => `line-${n}-s3cret`).join('\n')
  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keys', namespace: 'default', annotations: { copy: long } },
    stringData: { long, name: 'kind-of-s3cret' },
  })
  const quoted = `Secret "keys" is invalid: data: Invalid value: ${JSON.stringify(long)}: nor ${'x'.repeat(900)} "kind-of-s3cret"`
  for (const message of [quoted, `${'y'.repeat(1995 - 6)}${'kind-of-s3cret'}`]) {
    const body = {
      kind: 'Status',
      message,
      reason: 'Invalid',
      code: 422,
      details: { causes: [{ field: 'data', message }] },
    }
    cluster.faults.push({ lateMs: 0 }, { lateMs: 0 }, { status: 422, body })
    const said = await place.call('apply_manifest', { manifest })
    expect(said.kind).toBe('validation_error')
    expect(JSON.stringify([said, place.log])).not.toMatch(/s3cret|line-\d|kind-o/)
  }
  const dry = await place.call('apply_manifest', { manifest })
  expect([dry.failed, JSON.stringify(dry)]).toEqual([false, expect.not.stringMatching(/s3cret|line-\d/)])
})
