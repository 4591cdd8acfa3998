// What the cluster refuses, and how it fails, as a model is told.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Fault } from '../kit/test-api.ts'
import { startTestCluster, type TestCluster, TOKEN } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'
import { broken, tooMany } from './test-status.ts'

let cluster: TestCluster
let place: Connected
beforeEach(async () => {
  cluster = await startTestCluster()
  place = await connect(kubeconfig(cluster.url), { CALL_TIMEOUT_MS: '5000' })
})
afterEach(async () => {
  await place.close()
  await cluster.close()
})

test('wrong credentials, and they stand nowhere', async () => {
  const stranger = await connect(kubeconfig(cluster.url, { user: { token: 'wrong-token-5512' } }))
  const said = await stranger.call('get_pods')
  expect(said).toMatchObject({
    kind: 'permission_denied',
    text: expect.stringContaining('does not know these credentials'),
  })
  expect(JSON.stringify(said) + stranger.log.join()).not.toMatch(/wrong-token/)
  expect(cluster.seen).toHaveLength(1)
  await stranger.close()
})

const CONFIG_MAP = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}'
test.each<[tool: string, args: object, denied: string, where: string]>([
  ['list_namespaces', {}, 'list namespaces', 'whole cluster'],
  ['get_pods', { namespace: 'shop' }, 'list pods', 'namespace shop'],
  ['get_deployments', {}, 'list deployments', 'namespace default'],
  ['get_events', {}, 'list events', 'namespace default'],
  ['describe_pod', { name: 'web-1' }, 'get pods', 'namespace default'],
  ['get_pod_logs', { name: 'web-1' }, 'get pods/log', 'namespace default'],
  ['analyze_logs', { name: 'web-1' }, 'get pods/log', 'namespace default'],
  ['check_pod_health', { pod_name: 'web-1' }, 'get pods', 'namespace default'],
  ['scale_deployment', { name: 'web', replicas: 1 }, 'get deployments/scale', 'namespace default'],
  ['scale_deployment', { name: 'web', replicas: 1 }, 'patch deployments/scale', 'namespace default'],
  ['restart_deployment', { name: 'web' }, 'get deployments', 'namespace default'],
  ['restart_deployment', { name: 'web' }, 'patch deployments', 'namespace default'],
  ['apply_manifest', { manifest: CONFIG_MAP }, 'get configmaps', 'namespace default'],
  ['apply_manifest', { manifest: CONFIG_MAP }, 'create configmaps', 'namespace default'],
  ['delete_pod', { name: 'web-1', confirm: true }, 'get pods', 'namespace default'],
  ['delete_pod', { name: 'web-1', confirm: true }, 'delete pods', 'namespace default'],
])('%s %o: a missing permission is named', async (tool, args, denied, where) => {
  cluster.denied.add(denied)
  const said = await place.call(tool, { ...args })
  const [verb, resource] = denied.split(' ')
  const group = resource!.startsWith('deployments') ? ' (apps)' : ''
  expect(said.kind).toBe('permission_denied')
  expect(said.text).toContain(
    `The permission "${verb}" on ${resource}${group} in the ${where} is missing. Ask the person to grant it.`,
  )
})

test('a tool whose cluster is silent ends in time, each with what to try', async () => {
  const hasty = await connect(kubeconfig(cluster.url), { CALL_TIMEOUT_MS: '700', MAX_AT_ONCE: '20' })
  const calls: [tool: string, args: object, words: string][] = [
    ['list_namespaces', {}, 'Ask for less'],
    ['get_pods', {}, 'Ask for less'],
    ['get_deployments', {}, 'Ask for less'],
    ['get_events', {}, 'Ask for less'],
    ['describe_pod', { name: 'web-1' }, 'Ask for less'],
    ['get_pod_logs', { name: 'web-1' }, 'a smaller tailLines'],
    ['analyze_logs', { name: 'web-1' }, 'a smaller tailLines'],
    ['check_pod_health', { pod_name: 'web-1' }, 'check_logs: false'],
    ['scale_deployment', { name: 'web', replicas: 1 }, 'Ask for less'],
    ['restart_deployment', { name: 'web' }, 'Ask for less'],
    ['apply_manifest', { manifest: CONFIG_MAP }, 'Apply fewer objects'],
    ['delete_pod', { name: 'web-1', confirm: true }, 'Ask for less'],
  ]
  expect(calls.map(([tool]) => tool).toSorted()).toEqual(
    (await hasty.client.listTools()).tools.map(one => one.name).toSorted(),
  )
  cluster.faults.push(...Array<Fault>(40).fill('silence'))
  const said = await Promise.all(calls.map(async ([tool, args]) => await hasty.call(tool, { ...args })))
  for (const [at, [tool, , words]] of calls.entries())
    expect([tool, said[at]]).toEqual([
      tool,
      expect.objectContaining({ kind: 'timeout', text: expect.stringContaining(words) }),
    ])
  await hasty.close()
})

test('a rule of the cluster that forbids something is told in its own words', async () => {
  const message = 'pods "x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=9, limited: pods=9'
  cluster.faults.push({ status: 403, body: { kind: 'Status', message, reason: 'Forbidden', code: 403 } })
  expect((await place.call('get_pods')).text).toContain('exceeded quota: compute')
})

test.each<[tool: string, args: object, what: string]>([
  ['describe_pod', { name: 'gone' }, 'There is no pod gone in default. Look at what there is with get_pods.'],
  ['get_pod_logs', { name: 'gone' }, 'There is no pod gone in default.'],
  ['check_pod_health', { pod_name: 'gone' }, 'There is no pod gone in default.'],
  ['delete_pod', { name: 'gone', confirm: true }, 'There is no pod gone in default.'],
  [
    'scale_deployment',
    { name: 'gone', replicas: 1 },
    'There is no deployment gone in default. Look at what there is with get_deployments.',
  ],
  ['restart_deployment', { name: 'gone' }, 'There is no deployment gone in default.'],
])('%s %o: what is not there is named', async (tool, args, what) => {
  expect(await place.call(tool, { ...args })).toMatchObject({ kind: 'not_found', text: expect.stringContaining(what) })
})

test.each<[name: string, faults: Fault[]]>([
  ['server errors', [broken(), broken()]],
  ['being asked too often', [tooMany(0), tooMany(0)]],
  ['dropped connections', ['drop', 'drop']],
  ['a cut answer and garbage', ['cut', 'garbage']],
])('%s at first are got over', async (_, faults) => {
  cluster.faults.push(...faults)
  expect((await place.call('get_pods')).data.pods).toHaveLength(3)
  expect(cluster.seen).toHaveLength(3)
})

test.each<[fault: Fault, kind: string, words: string]>([
  [broken(), 'upstream_error', 'The cluster failed (HTTP 500).'],
  [tooMany(3600), 'rate_limited', 'was asked too often'],
  ['drop', 'upstream_error', 'cannot be reached'],
  ['garbage', 'upstream_error', 'What answered is not a Kubernetes API server.'],
  [{ body: { kind: 'Status', code: 200 } }, 'upstream_error', 'What answered is not a Kubernetes API server.'],
  [{ body: '{"items": [', headers: { 'content-type': 'application/json' } }, 'upstream_error', 'not a Kubernetes'],
  [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'upstream_error', 'cannot be reached'],
  [{ status: 503, body: 'down for maintenance' }, 'upstream_error', 'The cluster failed (HTTP 503).'],
])('%o to the end is a %s', async (fault, kind, words) => {
  cluster.faults.push(...Array(4).fill(fault))
  const said = await place.call('get_pods')
  expect(said).toMatchObject({ kind, text: expect.stringContaining(words) })
  expect(said.text).not.toContain(TOKEN)
})

test('a cluster that does not answer: the call ends in time and says what to try', async () => {
  const hasty = await connect(kubeconfig(cluster.url), { CALL_TIMEOUT_MS: '300' })
  cluster.faults.push('silence', 'silence')
  const logs = await hasty.call('get_pod_logs', { name: 'web-1' })
  expect(logs).toMatchObject({ kind: 'timeout', text: expect.stringContaining('a smaller tailLines') })
  expect(await hasty.call('get_pods')).toMatchObject({ kind: 'timeout' })
  await hasty.close()
})

test('an answer that is lost after a deletion is not asked for twice', async () => {
  const before = cluster.seen.length
  cluster.faults.push({ lateMs: 0 }, 'lose-answer')
  expect(await place.call('delete_pod', { name: 'web-1', confirm: true })).toMatchObject({ kind: 'upstream_error' })
  expect(cluster.seen.slice(before).map(one => one.method)).toEqual(['GET', 'DELETE'])
})

test('a resource that cannot be read says so too', async () => {
  cluster.denied.add('list nodes')
  await expect(place.client.readResource({ uri: 'k8s://nodes' })).rejects.toThrow(
    /"list" on nodes in the whole cluster/,
  )
})
