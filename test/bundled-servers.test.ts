// Every tool of every bundled server, called through the gateway as a client does.
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundledServers } from '../hub/registry/bundled.ts'
import { startTestAws, type TestAws } from '../servers/aws/test-aws.ts'
import { HEAD, startTestGitHub, type TestGitHub } from '../servers/github/test-github.ts'
import { type Seen, startTestApi, type TestApi } from '../servers/kit/test-api.ts'
import { startTestCluster } from '../servers/kubernetes/test-cluster.ts'
import { kubeconfig } from '../servers/kubernetes/test-connect.ts'
import { card, customer, startTestStripe, TEST_KEY, type TestStripe } from '../servers/payments/test-stripe.ts'
import { cli, until } from './harness.ts'
import { type RawPeer, startBridge } from './raw-peer.ts'
import { startUnattended, type Unattended } from './unattended.ts'

let place: Unattended
let peer: RawPeer
let work: string
let prometheus: TestApi
let kubernetes: TestApi
let aws: TestAws
let github: TestGitHub
let stripe: TestStripe

beforeAll(async () => {
  place = await startUnattended({})
  work = join(realpathSync(place.home.folder), 'work')
  mkdirSync(work)
  writeFileSync(join(work, 'a.txt'), 'eins\nzwei\n')
  const args: Record<string, string[]> = { files: [work, '--allow-writing'], knowledge: [work] }
  prometheus = await startTestApi(standInPrometheus)
  aws = await startTestAws()
  github = await startTestGitHub()
  CALLS.monitoring![0]![1] = { url: `${prometheus.url}/health` }
  kubernetes = await startTestCluster()
  writeFileSync(join(work, 'kubeconfig'), kubeconfig(kubernetes.url))
  stripe = await startTestStripe()
  stripe.customers.push(customer('cus_ada'))
  stripe.cards.set('cus_ada', [card('pm_ada')])
  const env: Record<string, Record<string, string>> = {
    aws: aws.env,
    github: github.env,
    deployments: { STATE_FILE: ':memory:', APPROVAL_FOR: 'staging', DEMO_SECONDS: '3600' },
    knowledge: { KNOWLEDGE_FILE: ':memory:' },
    kubernetes: { KUBECONFIG: join(work, 'kubeconfig') },
    monitoring: { PROMETHEUS_URL: prometheus.url, HEALTH_ALLOW: 'loopback' },
    payments: { STRIPE_URL: stripe.url, STRIPE_API_KEY: TEST_KEY, STATE_FILE: ':memory:' },
  }
  for (const name of bundledServers) {
    const launch = { command: `gatehouse:${name}`, args: args[name] ?? [], env: env[name] ?? {}, headers: {} }
    await place.window.call.servers.add({ name, launch })
  }
  for (const name of bundledServers)
    await until(
      `${name} is listed`,
      async () => ((await place.window.call.servers.get({ id: name })).tools ?? 0) > 0,
      60_000,
    )
  peer = startBridge(place.home).peer
  await peer.initialize()
}, 120_000)
afterAll(async () => {
  peer?.end()
  await place?.close()
  await prometheus?.close()
  await kubernetes?.close()
  await aws?.close()
  await github?.close()
  await stripe?.close()
})

const shop = { owner: 'acme', repo: 'shop' }

/** One call of each tool, in order; a function is given what the call before answered. */
type Args = object | ((before: Record<string, unknown>) => object)
const theTask = ({ taskId }: Record<string, unknown>) => ({ taskId })
const CALLS: Record<string, [tool: string, args: Args][]> = {
  aws: [
    ['get_caller_identity', {}],
    ['list_ec2_instances', {}],
    ['start_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa1' }],
    ['stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa1', confirm: true }],
    ['list_s3_buckets', {}],
    ['list_s3_objects', { bucket: 'logs' }],
    ['list_cloudwatch_metrics', {}],
    ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'CPUUtilization' }],
  ],
  data: [
    ['process_data', { data: 'a,b\n1,2', format: 'csv', options: { convertTo: 'json' } }],
    ['profile_table', { data: '[{"a":1}]', format: 'json' }],
    ['diff_data', { a: '{"a":1}', b: '{"a":2}', format: 'json' }],
  ],
  deployments: [
    ['list_services', {}],
    ['check_deployment_prerequisites', { service: 'checkout', environment: 'staging', version: '2.3.2' }],
    ['start_deployment', { service: 'checkout', environment: 'staging', version: '2.3.2' }],
    ['approve_deployment', theTask],
    ['check_deployment_status', theTask],
    ['get_deployment_logs', theTask],
    ['cancel_deployment', theTask],
    ['list_deployments', {}],
    ['rollback_deployment', { service: 'ledger', environment: 'development' }],
    [
      'delete_service',
      { service: 'recommendations', confirmation: 'DELETE', environments: ['development', 'staging'] },
    ],
  ],
  github: [
    ['list_repositories', {}],
    ['get_repository', shop],
    ['search_code', { query: 'x', ...shop }],
    ['list_issues', shop],
    ['get_issue', { ...shop, number: 1 }],
    ['list_issue_comments', { ...shop, number: 1 }],
    ['create_issue', { ...shop, title: 'New' }],
    ['comment_issue', { ...shop, number: 1, body: 'me too' }],
    ['list_pull_requests', shop],
    ['get_pull_request_diff', { ...shop, number: 3 }],
    ['merge_pull_request', { ...shop, number: 3, sha: HEAD, base: 'develop', confirm: true }],
    ['delete_branch', { ...shop, branch: 'feature/äöü-#1', confirm: true }],
  ],
  knowledge: [
    ['add_documents', { source: 'here', files: ['a.txt'] }],
    ['semantic_search', { query: 'zwei' }],
    ['add_folder', { source: 'here', directory: '.' }],
    ['check_task', before => ({ taskId: before.taskId, waitSeconds: 20 })],
    ['cancel_task', before => ({ taskId: before.taskId })],
    ['list_sources', {}],
    ['remove_documents', { source: 'here' }],
  ],
  monitoring: [
    ['check_service_health', {}],
    ['query_prometheus', { query: 'up' }],
    ['get_metrics', { service: 'shop', metric: 'up', range: '1h' }],
    ['list_metrics', {}],
    ['list_alerts', {}],
  ],
  kubernetes: [
    ['list_namespaces', {}],
    ['get_pods', { labelSelector: 'app=web' }],
    ['get_deployments', {}],
    ['get_events', { object: 'Pod/web-1' }],
    ['describe_pod', { name: 'web-1' }],
    ['get_pod_logs', { name: 'web-1' }],
    ['analyze_logs', { name: 'web-1' }],
    ['check_pod_health', { pod_name: 'web-1' }],
    ['scale_deployment', { name: 'web', replicas: 3, dryRun: true }],
    ['restart_deployment', { name: 'web' }],
    ['apply_manifest', { manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: c}}' }],
    ['delete_pod', { name: 'web-2', confirm: true }],
  ],
  payments: [
    ['get_customer', { customer_id: 'cus_ada' }],
    ['find_customer', { email: 'ada@example.com' }],
    ['list_payment_methods', { customer: 'cus_ada' }],
    ['create_payment', { amount: 1250, currency: 'USD', customer: 'cus_ada', idempotency_key: 'order-4711' }],
    ['get_payment', { payment: 'pi_1' }],
    ['list_payments', {}],
    ['list_invoices', {}],
    ['create_refund', { payment: 'pi_1', idempotency_key: 'refund-4711' }],
  ],
  postgres: [
    ['execute_sql', { sql: 'CREATE TABLE t (id int)', confirm: true }],
    ['query_database', { query: 'SELECT count(*) FROM t' }],
    ['explain_query', { query: 'SELECT * FROM t' }],
    ['list_tables', {}],
    ['describe_table', { table: 't' }],
  ],
  files: [
    ['list_files', { directory: '.' }],
    ['get_file_info', { path: 'a.txt' }],
    ['hash_files', { paths: ['a.txt'] }],
    ['read_file', { path: 'a.txt' }],
    ['search_files', { directory: '.', query: 'zwei' }],
    ['write_file', { path: 'b.txt', content: 'drei' }],
    ['move_file', { from: 'b.txt', to: 'c.txt' }],
    ['create_folder', { path: 'd' }],
    ['delete_file', { path: 'c.txt' }],
    ['list_trash', {}],
    ['restore_file', ({ trashed }) => ({ trashId: (trashed as { trashId: string }[])[0]?.trashId })],
  ],
}

function standInPrometheus({ path }: Seen) {
  const metric = { __name__: 'up', job: 'shop' }
  const data: Record<string, unknown> = {
    query: { resultType: 'vector', result: [{ metric, value: [1, '1'] }] },
    query_range: {
      resultType: 'matrix',
      result: [
        {
          metric,
          values: [
            [1, '1'],
            [2, '0'],
          ],
        },
      ],
    },
    rules: { groups: [] },
    values: ['up'],
  }
  return { body: { status: 'success', data: data[path.split('/').at(-1)!] } }
}

test.each(bundledServers)('%s', async name => {
  const { result } = await peer.ask('tools/list')
  const tools = (result as { tools: { name: string }[] }).tools.filter(tool => tool.name.startsWith(`${name}_`))
  const calls = CALLS[name] ?? []
  expect(calls.map(([tool]) => `${name}_${tool}`).toSorted()).toEqual(tools.map(tool => tool.name).toSorted())
  let before: Record<string, unknown> = {}
  for (const [tool, args] of calls) {
    const { result } = await peer.call(`${name}_${tool}`, typeof args === 'function' ? args(before) : args)
    expect([tool, result?.isError ?? false, result?.content?.[0]?.text]).toEqual([tool, false, expect.any(String)])
    before = (result as unknown as { structuredContent: typeof before }).structuredContent
    expect(before).toEqual(expect.any(Object))
  }
})

test.each(bundledServers)(
  '%s: a call without what it needs is told what is missing, and changes nothing',
  async name => {
    const { result } = await peer.ask('tools/list')
    const tools = (result as { tools: { name: string; inputSchema: { required?: string[] } }[] }).tools
    for (const tool of tools.filter(tool => tool.name.startsWith(`${name}_`))) {
      const { required = [] } = tool.inputSchema
      if (required.length === 0) continue
      const { result } = await peer.call(tool.name, {})
      const { error } = (result as unknown as { structuredContent: { error: Record<string, unknown> } })
        .structuredContent
      expect([tool.name, result?.isError, error]).toEqual([
        tool.name,
        true,
        {
          ...{ kind: 'validation_error', message: expect.any(String), suggestion: expect.any(String) },
          ...{ details: expect.any(Object), correlationId: expect.stringMatching(/^[0-9a-f]{12}$/) },
        },
      ])
      for (const key of required) expect(result?.content?.[0]?.text).toContain(`${key}: `)
    }
  },
)

test.each([
  ['older', 'legacy'],
  ['newer', { pin: '2026-07-28' }],
] as const)('files: resources, their changes and the prompt reach a client of the %s era too', async (_, mode) => {
  const client = new Client({ name: 'two', version: '2' }, { versionNegotiation: { mode } })
  const updated = new Set<string>()
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.add(params.uri))
  const env = place.home.env as Record<string, string>
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [cli, 'connect'], env }))
  try {
    const uri = pathToFileURL(join(work, 'watched.md')).href
    writeFileSync(join(work, 'watched.md'), '# one')
    if (mode === 'legacy') await client.subscribeResource({ uri })
    else await client.listen({ resourceSubscriptions: [uri] })
    writeFileSync(join(work, 'watched.md'), '# two, longer')
    await until('the change is told', async () => updated.has(uri))
    const read = async (uri: string) => (await client.readResource({ uri })).contents[0] as { text: string }
    expect((await read(uri)).text).toBe('# two, longer')
    expect((await read('config://settings')).text).toContain('"mayWrite": true')
    expect((await read('log://application')).text).toContain('"server":"files"')
    await expect(read('file:///etc/passwd')).rejects.toThrow('outside the folders')
    const prompt = await client.getPrompt({ name: 'files_analyze_code', arguments: { file_path: 'a.txt' } })
    expect(JSON.stringify(prompt.messages)).toContain('eins\\nzwei')
  } finally {
    await client.close()
  }
})

test('resources and prompts of the other servers are reached too', async () => {
  const client = new Client({ name: 'three', version: '3' })
  const env = place.home.env as Record<string, string>
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [cli, 'connect'], env }))
  try {
    const read = async (uri: string) =>
      JSON.parse(((await client.readResource({ uri })).contents[0] as { text: string }).text)
    expect((await client.listResources()).resources.map(one => one.uri)).toEqual(
      expect.arrayContaining(['k8s://namespaces', 'k8s://nodes', 'k8s://contexts']),
    )
    expect(await read('k8s://namespaces')).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'default' })]),
    )
    expect(await read('k8s://nodes')).toMatchObject([
      { name: 'node-a', ready: true },
      { name: 'node-b', ready: false },
    ])
    expect(await read('k8s://contexts')).toMatchObject([{ name: 'test', used: true }])
    expect(await read('deployments://config/checkout')).toEqual(expect.any(Object))
    await expect(read('deployments://config/no-such-thing')).rejects.toThrow('not_found')
    const words = async (name: string, args: Record<string, string>) =>
      JSON.stringify((await client.getPrompt({ name, arguments: args })).messages)
    expect(await words('kubernetes_debug-pod', { name: 'web-1', namespace: 'shop' })).toContain('web-1')
    expect(await words('monitoring_investigate-alert', { alertname: 'HighLatency' })).toContain('HighLatency')
  } finally {
    await client.close()
  }
})
