// What AWS refuses, and how it fails, as a model is told.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Fault } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { Aws } from './aws.ts'
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
  [
    'sts',
    403,
    'SignatureDoesNotMatch',
    `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:sts.amazonaws.com\nx-amz-security-token:${'Zk9x'.repeat(30)}'`,
    'permission_denied',
    /does not know these credentials/,
  ],
  ['ec2', 403, 'AuthFailure', 'No.', 'permission_denied', /region that is not enabled/],
  ['ec2', 400, 'OperationNotPermitted', 'Its stop protection is on.', 'validation_error', /Its stop protection is on/],
  ['ec2', 400, 'VcpuLimitExceeded', 'You have requested more vCPU', 'conflict', /the quota raised/],
  ['ec2', 403, 'Blocked', 'Your account is currently blocked.', 'permission_denied', /account is currently blocked/],
  ['s3', 400, 'InvalidBucketName', 'The bucket is not valid.', 'validation_error', /The bucket is not valid/],
  ['s3', 503, 'ServiceThrottled', 'Slower.', 'rate_limited', /asked too often/],
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
  expect((await server.call('list_ec2_instances', { region: 'us-west-2' })).failed).toBe(false)
})

test('a region that is none is said to be none', async () => {
  const server = await start({ ...aws.env, AWS_ENDPOINT_URL: 'http://no-such-region.invalid' })
  expect((await server.call('list_ec2_instances')).text).toMatch(/^EC2 has no address there: there is no such region/)
})

test('a library that could not be loaded is loaded by the next call', async () => {
  const { signal } = new AbortController()
  const place = { region: 'eu-central-1', endpoint: aws.url, keys: { accessKeyId: KEY_ID, secretAccessKey: SECRET } }
  const asked = () => ours.ask('sts:GetCallerIdentity', { signal }, (sts, o) => sts.getCallerIdentity({}, o))
  const ours = new Aws(place)
  vi.doMock('@aws-sdk/client-sts', () => {
    throw new Error('disk')
  })
  await expect(asked()).rejects.toThrow()
  vi.doUnmock('@aws-sdk/client-sts')
  expect((await asked()).Account).toBe('123456789012')
})
