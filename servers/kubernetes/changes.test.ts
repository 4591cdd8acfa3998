// Scaling, restarting and deleting; protected namespaces; the roles that the README names.
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
  expect((await place.call('delete_pod', { name: 'web-1' })).text).toContain(
    'confirm: must be true: ask the person first',
  )
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
/** The namespace comes by an anchor, over the one that is written. */
const MERGED = `
apiVersion: v1
kind: ConfigMap
base: &base { namespace: prod }
metadata:
  name: a
  <<: *base`
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
  [
    'apply_manifest',
    {
      manifest: `{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: [${CONFIG_MAP('prod')}]}]}`,
      dryRun: false,
    },
  ],
  ['apply_manifest', { manifest: MERGED, dryRun: false, namespaces: ['default', 'prod'] }],
  ['apply_manifest', { manifest: `%YAML 1.2\n---\n${CONFIG_MAP('"\\x70rod"')}`, dryRun: false }],
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

test('what has grown meanwhile in a protected namespace is not made smaller by asking for more than there was', async () => {
  const { objects } = cluster
  const get = objects.get.bind(objects)
  objects.get = key => {
    const found = get(key)!
    objects.get = get
    const grown = { metadata: { ...found.metadata, resourceVersion: '4999' }, spec: { ...found.spec, replicas: 9 } }
    objects.set(key, { ...found, ...grown })
    return found
  }
  const said = await place.call('scale_deployment', { name: 'web', namespace: 'prod', replicas: 4 })
  expect([said.kind, replicas('prod')]).toEqual(['conflict', 9])
  expect(said.text).toMatch(/the object has been modified.*Read its state again/)
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
  const made = '{apiVersion: apps/v1, kind: Deployment, metadata: {name: new}, spec: {replicas: 2}}'
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
