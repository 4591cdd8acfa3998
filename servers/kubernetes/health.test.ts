// What is wrong with a pod, and what its log says of it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { issuesOf } from './pod-health.ts'
import { startTestCluster, type TestCluster } from './test-cluster.ts'
import { type Connected, connect, kubeconfig } from './test-connect.ts'
import { pod } from './test-objects.ts'

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

const stamp = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString()
const put = (lines: string[]) => cluster.logs.set('default/web-1/app', lines.join('\n'))

const state = (more: object, restartCount = 0) => ({
  name: 'app',
  ready: false,
  restartCount,
  image: 'x',
  imageID: '',
  state: {},
  lastState: {},
  ...more,
})
const ended = (reason: string, exitCode: number) => ({
  terminated: { reason, exitCode, finishedAt: new Date(0).toISOString() },
})
const waiting = (reason: string, message = 'as the node says') => ({ state: { waiting: { reason, message } } })

test.each<[name: string, status: object, types: string[], words: RegExp]>([
  ['is well', {}, [], /^web-1 is healthy \(Running\)\.$/],
  [
    'crashes',
    { containerStatuses: [state({ ...waiting('CrashLoopBackOff'), lastState: ended('Error', 1) }, 12)] },
    ['CrashLoopBackOff', 'Restarts'],
    /previous: true/,
  ],
  [
    'has no image',
    { containerStatuses: [state(waiting('ImagePullBackOff'))] },
    ['ImagePullBackOff'],
    /imagePullSecrets/,
  ],
  [
    'has no config',
    { containerStatuses: [state(waiting('CreateContainerConfigError', 'secret "keys" not found'))] },
    ['CreateContainerConfigError'],
    /secret "keys" not found/,
  ],
  [
    'ran out of memory',
    { containerStatuses: [state({ ...waiting('CrashLoopBackOff'), lastState: ended('OOMKilled', 137) }, 2)] },
    ['CrashLoopBackOff', 'OOMKilled'],
    /limits\.memory/,
  ],
  ['was restarted 3 times', { containerStatuses: [state({ ready: true, state: { running: {} } }, 3)] }, [], /healthy/],
  [
    'was restarted 4 times',
    { containerStatuses: [state({ ready: true, state: { running: {} } }, 4)] },
    ['Restarts'],
    /degraded.*restarted 4 times/s,
  ],
  ['is not ready', { containerStatuses: [state({ state: { running: {} } })] }, ['NotReady'], /readiness probe/],
  [
    'ended badly',
    { phase: 'Failed', containerStatuses: [state({ state: ended('Error', 3) })] },
    ['Failed', 'Error'],
    /exit code 3/,
  ],
  [
    'was evicted',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.', containerStatuses: [] },
    ['Evicted'],
    /low on resource/,
  ],
  [
    'finds no node',
    {
      phase: 'Pending',
      containerStatuses: [],
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/2 nodes are available: 2 Insufficient cpu.',
        },
      ],
    },
    ['Unschedulable'],
    /Insufficient cpu.*k8s:\/\/nodes/s,
  ],
  [
    'hangs in its start',
    { phase: 'Pending', containerStatuses: [state({ state: { waiting: { reason: 'ContainerCreating' } } })] },
    ['Creating'],
    /120 minutes/,
  ],
  [
    'no container was begun of',
    { phase: 'Pending', containerStatuses: [], conditions: [{ type: 'PodScheduled', status: 'True' }] },
    ['Creating'],
    /begun nothing in 120 minutes/,
  ],
  [
    'waits for a readiness gate',
    {
      conditions: [
        { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: 'the gate "lb" is not passed' },
      ],
    },
    ['NotReady'],
    /degraded.*the gate "lb"/s,
  ],
  [
    'is done',
    { phase: 'Succeeded', containerStatuses: [state({ state: ended('Completed', 0) })] },
    [],
    /healthy \(Completed\)/,
  ],
])('a pod that %s', async (_, status, types, words) => {
  cluster.objects.set('/pods/default/web-1', pod('web-1', 'default', { status }))
  const { data, text } = await place.call('check_pod_health', { pod_name: 'web-1' })
  expect(data.issues.map((one: { type: string }) => one.type)).toEqual(types)
  expect(text).toMatch(words)
  expect(data.recommendations).toHaveLength(types.length)
})

test('init containers hold a pod back, and are named; sidecars count as containers', async () => {
  const spec = {
    initContainers: [{ name: 'migrate' }, { name: 'proxy', restartPolicy: 'Always' }],
    containers: [{ name: 'app' }],
  }
  const status = {
    phase: 'Pending',
    initContainerStatuses: [state({ name: 'migrate', ...waiting('CrashLoopBackOff') }, 5)],
    containerStatuses: [state({ state: { waiting: { reason: 'PodInitializing' } } })],
  }
  cluster.objects.set('/pods/default/web-1', pod('web-1', 'default', { spec, status }))
  const { data } = await place.call('check_pod_health', { pod_name: 'web-1' })
  expect(data.pod_status).toBe('Init:CrashLoopBackOff')
  expect(data.issues).toMatchObject([
    { type: 'CrashLoopBackOff', container: 'migrate', restart_count: 5 },
    { type: 'Restarts', container: 'migrate' },
  ])
  const { data: pods } = await place.call('get_pods', { labelSelector: 'app=web' })
  expect(pods.pods[0]).toMatchObject({ status: 'Init:CrashLoopBackOff', ready: '0/2', restarts: 5 })
})

test('health looks into the log of the run that failed; one that cannot be read is named', async () => {
  const status = { containerStatuses: [state({ ...waiting('CrashLoopBackOff'), lastState: ended('Error', 1) }, 5)] }
  cluster.objects.set('/pods/default/web-1', pod('web-1', 'default', { status }))
  cluster.logs.set('default/web-1/app previous', `${stamp(5)} FATAL: token=abcdefgh12345 not accepted`)
  const { data } = await place.call('check_pod_health', { pod_name: 'web-1' })
  expect(data.issues.at(-1)).toMatchObject({
    type: 'LogErrors',
    container: 'app',
    message: '1× in its last 1 line: FATAL: token=‹secret› not accepted',
  })
  cluster.denied.add('get pods/log')
  const blind = await place.call('check_pod_health', { pod_name: 'web-1' })
  expect(blind.data).toMatchObject({ status: 'unhealthy', logs_not_read: ['app'] })
  expect(blind.text).toContain('The log of app was not read: The permission "get" on pods/log')
  const quiet = await place.call('check_pod_health', { pod_name: 'web-1', check_logs: false })
  expect(quiet.data.logs_not_read).toEqual([])
})

test('a few errors in its log make no pod degraded, many of one kind do', async () => {
  const errors = (count: number) => put(Array.from({ length: count }, (_, n) => `${stamp(9)} ERROR order ${n} failed`))
  const health = async () => (await place.call('check_pod_health', { pod_name: 'web-1' })).data
  errors(9)
  const few = await health()
  expect([few.status, few.issues.length, few.issues[0].severity]).toEqual(['healthy', 1, 'info'])
  errors(10)
  const many = await health()
  expect([many.status, many.issues[0].severity]).toEqual(['degraded', 'warning'])
})

test('a log that does not come, or whose node is down, costs nothing but the log', async () => {
  const status = {
    containerStatuses: [state(waiting('CrashLoopBackOff'), 9)].map(one => ({ ...one, lastState: ended('Error', 1) })),
  }
  cluster.objects.set('/pods/default/web-1', pod('web-1', 'default', { status }))
  const hasty = await connect(kubeconfig(cluster.url), {}, { logMs: 300 })
  cluster.faults.push({ lateMs: 0 }, 'silence')
  const slow = await hasty.call('check_pod_health', { pod_name: 'web-1' })
  expect([slow.data.status, slow.data.logs_not_read]).toEqual(['unhealthy', ['app']])
  expect(slow.text).toContain('The log of app was not read: it took too long.')
  await hasty.close()
  const message =
    'Get "https://10.0.0.5:10250/containerLogs/default/web-1/app": dial tcp 10.0.0.5:10250: connect: no route to host'
  const down = { status: 500, body: { kind: 'Status', status: 'Failure', message, code: 500 } }
  for (let calls = 0; calls < 3; calls++) {
    cluster.faults.push(...Array(4).fill(down))
    const said = await place.call('get_pod_logs', { name: 'web-1' })
    expect(said).toMatchObject({
      kind: 'upstream_error',
      text: expect.stringMatching(/node of this pod.*k8s:\/\/nodes/),
    })
  }
  expect((await place.call('get_pods')).failed).toBe(false)
})

test('a pod that should be gone', () => {
  const now = Date.now()
  const gone = (minutes: number) => ({ metadata: { deletionTimestamp: new Date(now - minutes * 60_000) } })
  expect([gone(1), gone(9)].map(one => issuesOf(one, now).map(({ type }) => type))).toEqual([[], ['Terminating']])
})
