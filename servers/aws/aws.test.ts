import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { refusal, startTestAws, type TestAws } from './test-aws.ts'

let aws: TestAws
let shared: Started
let home: string
const started: Started[] = []
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'aws-'))
  aws = await startTestAws()
  shared = await startServer('aws', { ...aws.env, HOME: home, RATE_LIMIT: '1000' })
})
afterEach(async () => {
  aws.faults.length = 0
  for (const server of started.splice(0)) await server.client.close()
})
afterAll(async () => {
  await shared?.client.close()
  await aws?.close()
  rmSync(home, { recursive: true, force: true })
})

async function start(env: Record<string, string>): Promise<Started> {
  const server = await startServer('aws', { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env })
  started.push(server)
  return server
}

/** All pages of a list. */
async function allOf(tool: string, name: string, args: Record<string, unknown>) {
  const pages: unknown[][] = []
  let cursor: string | undefined
  do {
    const { data } = await shared.call(tool, { ...args, ...(cursor ? { cursor } : {}) })
    pages.push(data[name])
    cursor = data.nextCursor
  } while (cursor && pages.length < 20)
  return pages
}

test('who one is, and where', async () => {
  const { data } = await shared.call('get_caller_identity')
  expect(data).toEqual({
    account: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/reader',
    userId: 'AIDAEXAMPLE',
    region: 'eu-central-1',
  })
})

test('instances come by pages, all once, and by EC2’s filters', async () => {
  const pages = (await allOf('list_ec2_instances', 'instances', { limit: 5 })) as { instanceId: string }[][]
  expect(pages.map(page => page.length)).toEqual([5, 5, 1])
  expect(pages.flat().map(one => one.instanceId)).toEqual(aws.instances.map(one => one.id))
  const { data: first } = await shared.call('list_ec2_instances', { limit: 5 })
  for (const other of [{ region: 'us-west-2' }, { filters: [{ Name: 'tag:Name', Values: ['db'] }] }])
    expect((await shared.call('list_ec2_instances', { ...other, limit: 5, cursor: first.nextCursor })).text).toMatch(
      /of another list/,
    )
  const filters = [
    { Name: 'tag:Name', Values: ['web & <shop>', 'db'] },
    { Name: 'instance-state-name', Values: ['running'] },
  ]
  const { data } = await shared.call('list_ec2_instances', { filters })
  expect(data.instances).toMatchObject([
    { name: 'web & <shop>', state: 'running', type: 't3.micro', publicIp: '203.0.113.7', privateIp: '10.0.0.7' },
    { name: 'db' },
  ])
  const none = await shared.call('list_ec2_instances', { filters: [{ Name: 'tag:Name', Values: ['gone'] }] })
  expect(none.text).toBe('There are no such instances in this region.')
  aws.faults.push({ headers: { 'content-type': 'text/xml' }, body: EMPTY_PAGE })
  const empty = await shared.call('list_ec2_instances', { filters: [{ Name: 'tag:Name', Values: ['db'] }] })
  expect([empty.data.instances, empty.text]).toEqual([
    [],
    `None on this page.\n… there is more: call again with cursor: "${empty.data.nextCursor}"`,
  ])
})

/** As EC2 gives where nothing on a page fits a filter. */
const EMPTY_PAGE =
  '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet/><nextToken>5</nextToken></DescribeInstancesResponse>'

test('a dry run changes nothing and says what AWS says; starting and stopping change the state', async () => {
  const instanceId = 'i-0bbbbbbbbbbbbbbb3'
  const stateOf = () => aws.instances.find(one => one.id === instanceId)!.state
  const dry = await shared.call('start_ec2_instance', { instanceId, dryRun: true })
  expect(dry.text).toBe(`AWS would start ${instanceId}. Nothing was done.`)
  expect([dry.data.dryRun, stateOf()]).toEqual([true, 'stopped'])
  expect((await shared.call('start_ec2_instance', { instanceId })).data).toEqual({
    instanceId,
    dryRun: false,
    previousState: 'stopped',
    currentState: 'pending',
  })
  expect((await shared.call('stop_ec2_instance', { instanceId, dryRun: true, confirm: true })).data.dryRun).toBe(true)
  expect(stateOf()).toBe('pending')
  expect((await shared.call('stop_ec2_instance', { instanceId, confirm: true })).data.currentState).toBe('stopping')
  aws.faults.push(refusal('ec2', 403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'))
  const refused = await shared.call('start_ec2_instance', { instanceId, dryRun: true })
  expect(refused.text).toContain('ec2:StartInstances is missing')
})

test('stopping takes a confirmation, and never touches a protected environment', async () => {
  const before = aws.rights.length
  expect((await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa1' })).failed).toBe(true)
  expect((await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa1', confirm: false })).failed).toBe(
    true,
  )
  expect(aws.rights.length).toBe(before)
  expect((await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa1' })).text).toContain(
    'ask the person',
  )
  const refused = await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa2', confirm: true })
  expect(refused.text).toMatch(/^The environment Production is protected\..*PROTECTED_ENVIRONMENTS/)
  expect(aws.rights.slice(before)).toEqual(['ec2:DescribeInstances'])
  // Any of its tags counts; and what cannot be looked at is not stopped.
  aws.instances.push({ id: 'i-0ccccccccccccccc1', state: 'running', tags: { Env: 'dev', ENVIRONMENT: ' prod ' } })
  const twice = await shared.call('stop_ec2_instance', { instanceId: 'i-0ccccccccccccccc1', confirm: true })
  expect(twice.text).toMatch(/^The environment prod is protected\./)
  aws.instances.pop()
  const headers = { 'content-type': 'text/xml' }
  aws.faults.push({ headers, body: EMPTY_PAGE })
  const unseen = await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa2', confirm: true })
  expect(unseen.data.error.kind).toBe('not_found')
  expect(aws.rights.slice(before)).not.toContain('ec2:StopInstances')
  const free = await start({ ...aws.env, PROTECTED_ENVIRONMENTS: 'none' })
  expect((await free.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa2', confirm: true })).failed).toBe(
    false,
  )
  const { tools } = await shared.client.listTools()
  expect(tools.filter(tool => tool.annotations?.destructiveHint).map(tool => tool.name)).toEqual(['stop_ec2_instance'])
})

test('buckets and objects come by pages; keys are as they were written', async () => {
  const buckets = (await allOf('list_s3_buckets', 'buckets', { limit: 2 })) as { name: string }[][]
  expect(buckets.map(page => page.map(one => one.name))).toEqual([['backups', 'logs'], ['site.example.com']])
  const one = await shared.call('list_s3_buckets', { prefix: 'lo' })
  const { data: page } = await shared.call('list_s3_buckets', { limit: 2 })
  const other = await shared.call('list_s3_buckets', { prefix: 's', limit: 2, cursor: page.nextCursor })
  expect(other.text).toMatch(/of another list/)
  expect(one.text).toBe('logs (eu-central-1)')
  expect((await shared.call('list_s3_buckets', { prefix: 'none' })).text).toBe('There are no such buckets.')
  const { data: first } = await shared.call('list_s3_objects', { bucket: 'logs', limit: 2 })
  for (const other of [{ bucket: 'backups' }, { bucket: 'logs', prefix: 'logs/' }])
    expect((await shared.call('list_s3_objects', { ...other, cursor: first.nextCursor })).text).toMatch(
      /of another list/,
    )
  const pages = (await allOf('list_s3_objects', 'objects', { bucket: 'logs', limit: 2 })) as { key: string }[][]
  expect(pages.map(page => page.map(one => one.key))).toEqual([
    ['a b+c.txt', 'ctrl\n.bin'],
    ['logs/1', 'logs/2'],
    ['ünï/🙂'],
  ])
  const some = await shared.call('list_s3_objects', { bucket: 'logs', prefix: 'logs/' })
  expect(some.data.objects).toHaveLength(2)
  // A key with a line break looks like no second line.
  const all = await shared.call('list_s3_objects', { bucket: 'logs' })
  expect(all.text.split('\n')).toHaveLength(5)
  expect(all.text).toContain('"ctrl\\n.bin"  5 bytes')
})

test('a page of long keys is cut where it gets too long, and goes on there', async () => {
  const kept = aws.keys.splice(0)
  aws.keys.push(...Array.from({ length: 300 }, (_, n) => `${String(n).padStart(4, '0')}${'k'.repeat(1000)}`))
  const pages = (await allOf('list_s3_objects', 'objects', { bucket: 'logs', limit: 1000 })) as { key: string }[][]
  expect(pages.length).toBeGreaterThan(2)
  expect(pages.flat().map(one => one.key)).toEqual(aws.keys)
  aws.keys.splice(0, Infinity, ...kept)
})

test('a metric is points in order, and a picture of them', async () => {
  const now = Math.floor(Date.now() / 1000)
  aws.points.push(...[5, 1, 3, 2, 9].map((n): [number, number] => [now - n * 300, n]))
  const args = {
    namespace: 'AWS/EC2',
    metricName: 'CPUUtilization',
    dimensions: [{ Name: 'InstanceId', Value: 'i-1' }],
  }
  const said = await shared.call('get_cloudwatch_metric', args)
  expect(said.data.points.map((point: { value: number }) => point.value)).toEqual([9, 5, 3, 2, 1])
  expect(said.data).toMatchObject({ label: 'CPUUtilization', unit: 'Percent' })
  expect(said.text).toMatch(/^AWS\/EC2 CPUUtilization, Average over 5 min: 5 points from 1 to 9 Percent; last 1 at /)
  expect(said.content[1]).toMatchObject({ type: 'image', mimeType: 'image/png' })
  expect(Buffer.from(said.content[1]!.data!, 'base64').toString('latin1', 1, 4)).toBe('PNG')
  const asked = JSON.parse(aws.seen.at(-1)!.body)
  expect(asked).toMatchObject({ Period: 300, Statistics: ['Average'], Dimensions: args.dimensions })
  expect(asked.EndTime - asked.StartTime).toBeCloseTo(3600, 0)
  const high = await shared.call('get_cloudwatch_metric', { ...args, statistic: 'p99.9', hoursBack: 0.2 })
  expect(high.data.points.map((point: { value: number }) => point.value)).toEqual([2, 1])
  aws.points.length = 0
  const none = await shared.call('get_cloudwatch_metric', args)
  expect([none.failed, none.content.length]).toEqual([false, 1])
  expect(none.text).toContain('No points.')
  const many = await shared.call('get_cloudwatch_metric', { ...args, period: 60, hoursBack: 48 })
  expect(many.text).toContain('Ask with a period of 120 or more')
  const pages = await allOf('list_cloudwatch_metrics', 'metrics', { namespace: 'AWS/EC2' })
  expect(pages).toMatchObject([[{ metricName: 'CPUUtilization' }], [{ metricName: 'NetworkIn' }]])
  // CloudWatch knows no smaller page than 500.
  const Metrics = ['A', 'B', 'C', 'D', 'E'].map(MetricName => ({ Namespace: 'Own', MetricName, Dimensions: [] }))
  aws.faults.push(...Array(3).fill({ headers: { 'content-type': 'application/x-amz-json-1.0' }, body: { Metrics } }))
  const small = (await allOf('list_cloudwatch_metrics', 'metrics', { limit: 2 })) as { metricName: string }[][]
  expect(small.map(page => page.map(one => one.metricName))).toEqual([['A', 'B'], ['C', 'D'], ['E']])
})

test('a clock that is hours wrong costs nothing: AWS’s own counts', async () => {
  aws.setClock(7_200_000)
  const server = await start(aws.env)
  expect((await server.call('list_ec2_instances')).failed).toBe(false)
  const { data } = await server.call('get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'CPUUtilization' })
  aws.setClock(0)
  expect(Math.abs(Date.parse(data.to) - Date.now() - 7_200_000)).toBeLessThan(120_000)
  expect(Date.parse(data.to) - Date.parse(data.from)).toBe(3_600_000)
})

test('the README’s policies allow what the tools take, and nothing else', async () => {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const [reading, changing] = [...readme.matchAll(/```json\n(.*?)```/gs)].map(match => JSON.parse(match[1]!)) as {
    Statement: { Effect: string; Action: string[] }[]
  }[]
  const actions = (policy: typeof reading) =>
    policy!.Statement.flatMap(one => (one.Effect === 'Allow' ? one.Action : []))
  aws.points.push([Math.floor(Date.now() / 1000) - 60, 1])
  const from = aws.rights.length
  const { tools } = await shared.client.listTools()
  const args: Record<string, object> = {
    list_s3_objects: { bucket: 'logs' },
    get_cloudwatch_metric: { namespace: 'AWS/EC2', metricName: 'CPUUtilization' },
  }
  for (const tool of tools.filter(tool => tool.annotations?.readOnlyHint))
    expect([tool.name, (await shared.call(tool.name, { ...args[tool.name] })).failed]).toEqual([tool.name, false])
  // Everybody may ask who they are.
  const taken = new Set(aws.rights.slice(from).filter(right => right !== 'sts:GetCallerIdentity'))
  expect(new Set(actions(reading))).toEqual(taken)
  expect(new Set(actions(changing))).toEqual(new Set(['ec2:StartInstances', 'ec2:StopInstances']))
})

test('a bucket in another region is found there', async () => {
  aws.faults.push(refusal('s3', 301, 'PermanentRedirect', 'Elsewhere.', { 'x-amz-bucket-region': 'us-west-2' }))
  const { failed } = await shared.call('list_s3_objects', { bucket: 'logs' })
  expect(failed).toBe(false)
  expect(aws.seen.at(-1)!.headers.authorization).toContain('/us-west-2/s3/')
  for (const region of ['ap-southeast-2', 'us-gov-west-1', 'us-isob-east-1', 'eusc-de-east-1']) {
    await shared.call('list_ec2_instances', { region })
    expect(aws.seen.at(-1)!.headers.authorization).toContain(`/${region}/ec2/`)
  }
})

test.each<[string, Record<string, unknown>]>([
  ['list_ec2_instances', { region: 'evil.example.com/#' }],
  ['list_ec2_instances', { region: 'eu-central-1.evil.example' }],
  ['list_ec2_instances', { limit: 1 }],
  ['list_ec2_instances', { cursor: 'x' }],
  ['start_ec2_instance', { instanceId: 'i-1&Action=TerminateInstances' }],
  ['stop_ec2_instance', { instanceId: '*', confirm: true }],
  ['list_s3_objects', { bucket: 'arn:aws:s3:us-east-1:1:accesspoint/x' }],
  ['list_s3_objects', { bucket: '../x' }],
  ['list_s3_objects', { bucket: 'a/b' }],
  ['list_s3_objects', { bucket: 'x?acl' }],
  ['list_s3_objects', { bucket: 'x--op-s3' }],
  ['list_s3_objects', { bucket: 'x--use1-az4--x-s3' }],
  ['list_cloudwatch_metrics', { limit: 0 }],
  ['list_cloudwatch_metrics', { cursor: 'x' }],
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', period: 61 }],
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', statistic: 'p101' }],
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', hoursBack: 0 }],
])('%s(%j) is refused before AWS is asked', async (tool, args) => {
  const seen = aws.seen.length
  expect((await shared.call(tool, args)).failed).toBe(true)
  expect(aws.seen.length).toBe(seen)
})
