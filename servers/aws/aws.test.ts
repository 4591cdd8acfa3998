import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Fault, startTestApi } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { KEY_ID, refusal, SECRET, startTestAws, type TestAws } from './test-aws.ts'

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
})

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
  const refused = await shared.call('stop_ec2_instance', { instanceId: 'i-0aaaaaaaaaaaaaaa2', confirm: true })
  expect(refused.text).toMatch(/^The environment Production is protected\..*PROTECTED_ENVIRONMENTS/)
  expect(aws.rights.slice(before)).toEqual(['ec2:DescribeInstances'])
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
  const pages = (await allOf('list_s3_objects', 'objects', { bucket: 'logs', limit: 2 })) as { key: string }[][]
  expect(pages.map(page => page.map(one => one.key))).toEqual([
    ['a b+c.txt', 'ctrl\u0001.bin'],
    ['logs/1', 'logs/2'],
    ['ünï/🙂'],
  ])
  expect((await shared.call('list_s3_objects', { bucket: 'logs', prefix: 'logs/' })).data.objects).toHaveLength(2)
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

const ENCODED = `Encoded authorization failure message: ${'Zk9x'.repeat(300)}`
test.each<[service: string, status: number, code: string, message: string, kind: string, words: RegExp]>([
  [
    'ec2',
    401,
    'AuthFailure',
    'AWS was not able to validate the provided access credentials',
    'permission_denied',
    /does not know these credentials.*AWS_PROFILE, or AWS_ACCESS_KEY_ID/,
  ],
  [
    'ec2',
    403,
    'UnauthorizedOperation',
    `You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: ec2:DescribeInstances because no identity-based policy allows it. ${ENCODED}`,
    'permission_denied',
    /ec2:DescribeInstances is missing/,
  ],
  [
    'ec2',
    403,
    'UnauthorizedOperation',
    `You are not authorized to perform this operation. ${ENCODED}`,
    'permission_denied',
    /ec2:DescribeInstances is missing/,
  ],
  ['ec2', 400, 'RequestExpired', 'Request has expired.', 'permission_denied', /have expired.*aws sso login/],
  ['ec2', 400, 'InvalidInstanceID.NotFound', 'The instance ID does not exist', 'not_found', /list_ec2_instances/],
  [
    'ec2',
    400,
    'IncorrectInstanceState',
    'The instance is not in a state from which it can be stopped',
    'conflict',
    /wait, then decide/,
  ],
  [
    'ec2',
    400,
    'InvalidParameterValue',
    'The filter "nme" is invalid',
    'validation_error',
    /The filter "nme" is invalid/,
  ],
  [
    's3',
    403,
    'AccessDenied',
    'User: arn:aws:iam::1:user/x is not authorized to perform: s3:ListBucket on resource',
    'permission_denied',
    /s3:ListBucket is missing/,
  ],
  ['s3', 400, 'ExpiredToken', 'The provided token has expired.', 'permission_denied', /have expired/],
  ['s3', 403, 'RequestTimeTooSkewed', 'The difference is too large.', 'permission_denied', /clock/],
  ['s3', 404, 'NoSuchBucket', 'The specified bucket does not exist', 'not_found', /list_s3_buckets/],
  ['s3', 409, 'OperationAborted', 'A conflicting operation is in progress', 'conflict', /S3 says/],
  [
    's3',
    301,
    'PermanentRedirect',
    'The bucket must be addressed using the specified endpoint.',
    'validation_error',
    /in another region/,
  ],
  ['monitoring', 400, 'ThrottlingException', 'Rate exceeded', 'rate_limited', /asked too often/],
  [
    'monitoring',
    400,
    'AccessDeniedException',
    'not authorized to perform: cloudwatch:GetMetricStatistics',
    'permission_denied',
    /cloudwatch:GetMetricStatistics is missing/,
  ],
  [
    'monitoring',
    400,
    'InvalidParameterCombinationException',
    'You have requested too much.',
    'validation_error',
    /You have requested too much/,
  ],
  [
    'sts',
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
    'permission_denied',
    /does not know these credentials/,
  ],
  [
    'sts',
    403,
    'ExpiredToken',
    'The security token included in the request is expired',
    'permission_denied',
    /have expired/,
  ],
])('%s answering %i %s (%#) is told so that one can act', async (service, status, code, message, kind, words) => {
  aws.faults.push(...Array(4).fill(refusal(service, status, code, message)))
  const { failed, text, data } = await callOf(shared, service)
  expect([failed, data.error?.kind]).toEqual([true, kind])
  expect(text).toMatch(words)
  expect(JSON.stringify(data)).not.toContain('Zk9xZk9x')
})

function callOf(server: Started, service: string) {
  if (service === 'ec2') return server.call('list_ec2_instances')
  if (service === 's3') return server.call('list_s3_objects', { bucket: 'logs' })
  if (service === 'sts') return server.call('get_caller_identity')
  return server.call('get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'CPUUtilization' })
}

test.each<[string, Fault[]]>([
  ['ec2', [refusal('ec2', 503, 'RequestLimitExceeded', 'Request limit exceeded.'), 'drop']],
  ['s3', [refusal('s3', 503, 'SlowDown', 'Please reduce your request rate.'), 'cut', { status: 500 }]],
  ['monitoring', [{ status: 502, body: '<html>' }, 'drop']],
  ['sts', [{ status: 500 }, 'drop', 'lose-answer']],
])('%s that fails for a moment is asked again', async (service, faults) => {
  aws.faults.push(...faults)
  expect(await callOf(shared, service)).toMatchObject({ failed: false })
  expect(aws.faults).toEqual([])
})

test.each<[string, Fault, string, RegExp]>([
  ['ec2', 'drop', 'upstream_error', /^The connection to EC2 broke\./],
  ['s3', 'garbage', 'upstream_error', /^S3 answered what cannot be read\./],
  ['monitoring', 'garbage', 'upstream_error', /^CloudWatch answered what cannot be read\./],
  ['sts', { status: 500 }, 'upstream_error', /^STS failed \(HTTP 500\)/],
  [
    'ec2',
    refusal('ec2', 503, 'RequestLimitExceeded', 'Request limit exceeded.'),
    'rate_limited',
    /^AWS was asked too often/,
  ],
])('%s failing to the end with %j is said plainly', async (service, fault, kind, words) => {
  aws.faults.push(...Array(4).fill(fault))
  const { text, data } = await callOf(shared, service)
  expect([data.error?.kind, text]).toEqual([kind, expect.stringMatching(words)])
})

test('silence ends with the call’s time; a service that stays down is left alone, the others are not', async () => {
  const server = await start({ ...aws.env, CALL_TIMEOUT_MS: '1500' })
  aws.faults.push('silence')
  expect((await server.call('get_caller_identity')).data.error.kind).toBe('timeout')
  for (let n = 0; n < 5; n++) {
    aws.faults.push(...Array(4).fill({ status: 503 }))
    await server.call('list_ec2_instances')
    aws.faults.length = 0
  }
  const seen = aws.seen.length
  expect((await server.call('list_ec2_instances')).text).toContain('left alone for a minute')
  expect(aws.seen.length).toBe(seen)
  expect((await server.call('list_s3_buckets')).failed).toBe(false)
}, 60_000)

test('a bucket in another region is found there', async () => {
  aws.faults.push(refusal('s3', 301, 'PermanentRedirect', 'Elsewhere.', { 'x-amz-bucket-region': 'us-west-2' }))
  const { failed } = await shared.call('list_s3_objects', { bucket: 'logs' })
  expect(failed).toBe(false)
  expect(aws.seen.at(-1)!.headers.authorization).toContain('/us-west-2/s3/')
  await shared.call('list_ec2_instances', { region: 'ap-southeast-2' })
  expect(aws.seen.at(-1)!.headers.authorization).toContain('/ap-southeast-2/ec2/')
})

test('without credentials or region all tools are listed, and a call says which settings', async () => {
  const bare = await start({})
  expect((await bare.client.listTools()).tools).toHaveLength(8)
  const { data, text } = await bare.call('get_caller_identity')
  expect(data.error.kind).toMatch(/permission_denied|validation_error/)
  expect(text).toContain('AWS_REGION')
  const placed = await start({ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: aws.url })
  const seen = aws.seen.length
  const said = await placed.call('list_s3_buckets')
  expect(said.text).toMatch(/^There are no AWS credentials\..*AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/)
  expect(aws.seen.length).toBe(seen)
  await expect(start({ AWS_ACCESS_KEY_ID: KEY_ID })).rejects.toThrow()
})

test('the metadata address is asked last, not for long, and not at all when that is switched off', async () => {
  const metadata = await startTestApi(() => ({ status: 404 }))
  const env = { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: aws.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url }
  const off = await start(env)
  expect((await off.call('list_s3_buckets')).text).toMatch(/^There are no AWS credentials\./)
  expect(metadata.seen).toEqual([])
  metadata.faults.push(...Array<Fault>(20).fill('silence'))
  const on = await start({ ...env, AWS_EC2_METADATA_DISABLED: 'false', CALL_TIMEOUT_MS: '60000' })
  expect((await on.call('list_s3_buckets')).text).toMatch(/^There are no AWS credentials\./)
  expect(metadata.seen.length).toBeGreaterThan(0)
  await metadata.close()
}, 90_000)

test('wrong keys are refused, and stand in no answer and no log', async () => {
  const wrong = 'not-the-secret-but-a-secret-still-0123'
  const server = await start({ ...aws.env, AWS_SECRET_ACCESS_KEY: wrong, LOG_LEVEL: 'debug' })
  for (const service of ['ec2', 's3']) {
    const { text, data } = await callOf(server, service)
    expect([data.error.kind, text]).toEqual([
      'permission_denied',
      expect.stringContaining('does not know these credentials'),
    ])
    expect(JSON.stringify(data) + server.log()).not.toContain(wrong)
  }
  expect(shared.log()).not.toContain(SECRET)
})

test('a profile gives region and credentials, also by its credential_process', async () => {
  const folder = join(home, '.aws')
  mkdirSync(folder, { recursive: true })
  const program = join(home, 'credentials.sh')
  writeFileSync(program, `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"${KEY_ID}","SecretAccessKey":"${SECRET}"}'\n`)
  chmodSync(program, 0o700)
  writeFileSync(
    join(folder, 'config'),
    `[profile work]\nregion = eu-west-3\ncredential_process = ${program}\n[profile broken]\nregion = eu-west-3\ncredential_process = /bin/false\n`,
  )
  const server = await start({ AWS_PROFILE: 'work', AWS_ENDPOINT_URL: aws.url })
  expect((await server.call('get_caller_identity')).data.region).toBe('eu-west-3')
  expect(aws.seen.at(-1)!.headers.authorization).toContain('/eu-west-3/sts/')
  const broken = await start({ AWS_PROFILE: 'broken', AWS_ENDPOINT_URL: aws.url })
  expect((await broken.call('get_caller_identity')).data.error.kind).toBe('permission_denied')
  rmSync(folder, { recursive: true })
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
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', period: 61 }],
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', statistic: 'p101' }],
  ['get_cloudwatch_metric', { namespace: 'AWS/EC2', metricName: 'x', hoursBack: 0 }],
])('%s(%j) is refused before AWS is asked', async (tool, args) => {
  const seen = aws.seen.length
  expect((await shared.call(tool, args)).failed).toBe(true)
  expect(aws.seen.length).toBe(seen)
})
