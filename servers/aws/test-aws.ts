// A stand-in for AWS, for tests: STS, EC2, S3 and CloudWatch on one address, in the protocols the SDK speaks to each.
// It holds requests to their signature, and says which IAM right each one took.
import { createHash, createHmac } from 'node:crypto'
import { type Reply, type Seen, startTestApi, type TestApi } from '../kit/test-api.ts'

export const KEY_ID = 'AKIDSTANDIN00000TEST'
export const SECRET = 'stand-in/secret+0123456789abcdefghijklmn'
export const REGION = 'eu-central-1'

interface TestInstance {
  id: string
  state: string
  tags: Record<string, string>
}

export interface TestAws extends TestApi {
  /** Settings to reach it with. */
  env: Record<string, string>
  /** What the requests so far took, as IAM names it. */
  rights: string[]
  instances: TestInstance[]
  keys: string[]
  /** By seconds since 1970. */
  points: [at: number, value: number][]
  /** How far AWS's clock is before ours. */
  setClock(aheadMs: number): void
}

export async function startTestAws(): Promise<TestAws> {
  const instances: TestInstance[] = [
    { id: 'i-0aaaaaaaaaaaaaaa1', state: 'running', tags: { Name: 'web & <shop>', Environment: 'staging' } },
    { id: 'i-0aaaaaaaaaaaaaaa2', state: 'running', tags: { Name: 'db', environment: 'Production' } },
    ...Array.from({ length: 9 }, (_, n) => ({ id: `i-0bbbbbbbbbbbbbbb${n}`, state: 'stopped', tags: {} })),
  ]
  const state = {
    instances,
    keys: ['a b+c.txt', 'ctrl\n.bin', 'logs/1', 'logs/2', 'ünï/🙂'],
    points: [] as TestAws['points'],
  }
  const rights: string[] = []
  let aheadMs = 0
  const answer = (request: Seen): Reply => {
    const service = serviceOf(request)
    const at = Date.parse(dateOf(request)) - aheadMs
    if (Math.abs(Date.now() - at) > 300_000)
      return refusal(service, 403, 'RequestTimeTooSkewed', 'The difference between the times is too large.')
    if (!isSigned(request))
      return refusal(service, 403, service === 's3' ? 'SignatureDoesNotMatch' : 'AuthFailure', 'No.')
    const take = (right: string) => void rights.push(right)
    if (service === 's3') return s3(request, state, take)
    if (service === 'monitoring') return cloudWatch(request, state, take)
    const form = new URLSearchParams(request.body)
    return service === 'sts' ? sts(form, take) : ec2(form, state, take)
  }
  const api = await startTestApi(request => {
    const reply = answer(request)
    const date = new Date(Date.now() + aheadMs).toUTCString()
    return { ...reply, headers: { date, ...reply.headers } }
  })
  const env = {
    AWS_ENDPOINT_URL: api.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const setClock = (ms: number) => {
    aheadMs = ms
  }
  return Object.assign(api, { env, rights, setClock, ...state })
}

/** As 20261121T101112Z. */
function dateOf({ headers }: Seen): string {
  return String(headers['x-amz-date'] ?? '').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
}

type State = Pick<TestAws, 'instances' | 'keys' | 'points'>
type Take = (right: string) => void

export function serviceOf({ headers }: Seen): string {
  return headers.authorization?.match(/Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\//)?.[1] ?? 'ec2'
}

/** An error as each of the protocols has it. */
export function refusal(service: string, status: number, code: string, message: string, headers = {}): Reply {
  const said = `<Code>${code}</Code><Message>${escaped(message)}</Message>`
  if (service === 'monitoring')
    return {
      status,
      headers: { ...headers, 'content-type': 'application/x-amz-json-1.0' },
      body: { __type: `com.amazon.coral.service#${code}`, message },
    }
  if (service === 's3') return xml(`<Error>${said}<RequestId>1</RequestId></Error>`, status, headers)
  if (service === 'sts')
    return xml(
      `<ErrorResponse><Error><Type>Sender</Type>${said}</Error><RequestId>1</RequestId></ErrorResponse>`,
      status,
      headers,
    )
  return xml(`<Response><Errors><Error>${said}</Error></Errors><RequestID>1</RequestID></Response>`, status, headers)
}

function xml(body: string, status = 200, headers = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  }
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function sts(form: URLSearchParams, take: Take): Reply {
  take(`sts:${form.get('Action')}`)
  const who =
    '<Arn>arn:aws:iam::123456789012:user/reader</Arn><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>'
  return xml(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${who}</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  )
}

function ec2(form: URLSearchParams, { instances }: State, take: Take): Reply {
  const action = form.get('Action')
  take(`ec2:${action}`)
  const id = form.get('InstanceId.1')
  const found = instances.filter(one => (id === null || one.id === id) && fits(one, form))
  if (id !== null && found.length === 0)
    return refusal('ec2', 400, 'InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`)
  if (action === 'DescribeInstances') return described(form, found)
  if (form.get('DryRun') === 'true')
    return refusal('ec2', 412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
  const one = found[0]!
  const starts = action === 'StartInstances'
  const before = one.state
  one.state = starts ? 'pending' : 'stopping'
  const change = `<instanceId>${id}</instanceId><currentState><code>0</code><name>${one.state}</name></currentState><previousState><code>16</code><name>${before}</name></previousState>`
  return xml(
    `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instancesSet><item>${change}</item></instancesSet></${action}Response>`,
  )
}

function fits(one: TestInstance, form: URLSearchParams): boolean {
  for (let n = 1; form.has(`Filter.${n}.Name`); n++) {
    const values = [...form].filter(([key]) => key.startsWith(`Filter.${n}.Value.`)).map(([, value]) => value)
    const name = form.get(`Filter.${n}.Name`)!
    const has = name === 'instance-state-name' ? one.state : one.tags[name.replace(/^tag:/, '')]
    if (has === undefined || !values.includes(has)) return false
  }
  return true
}

function described(form: URLSearchParams, found: readonly TestInstance[]): Reply {
  const [from, most] = [Number(form.get('NextToken') ?? 0), Number(form.get('MaxResults') ?? 1000)]
  if (!Number.isInteger(from)) return refusal('ec2', 400, 'InvalidNextToken', 'The token is not valid')
  if (form.has('MaxResults') && (most < 5 || most > 1000))
    return refusal('ec2', 400, 'InvalidParameterValue', 'MaxResults is out of range')
  const items = found.slice(from, from + most).map(one => {
    const tags = Object.entries(one.tags).map(
      ([key, value]) => `<item><key>${key}</key><value>${escaped(value)}</value></item>`,
    )
    const address = one.state === 'running' ? '<ipAddress>203.0.113.7</ipAddress>' : ''
    return `<item><reservationId>r-1</reservationId><instancesSet><item><instanceId>${one.id}</instanceId><instanceState><code>16</code><name>${one.state}</name></instanceState><instanceType>t3.micro</instanceType><launchTime>2026-11-01T10:00:00.000Z</launchTime><placement><availabilityZone>eu-central-1a</availabilityZone></placement>${address}<privateIpAddress>10.0.0.7</privateIpAddress><tagSet>${tags.join('')}</tagSet></item></instancesSet></item>`
  })
  const next = from + most < found.length ? `<nextToken>${from + most}</nextToken>` : ''
  return xml(
    `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>${items.join('')}</reservationSet>${next}</DescribeInstancesResponse>`,
  )
}

const BUCKETS = ['backups', 'logs', 'site.example.com']

function s3({ path, query }: Seen, { keys }: State, take: Take): Reply {
  const bucket = path.split('/')[1]
  if (!bucket) {
    take('s3:ListAllMyBuckets')
    const from = Number(query.get('continuation-token') ?? 0)
    const to = from + Number(query.get('max-buckets') ?? 10_000)
    const found = BUCKETS.filter(name => name.startsWith(query.get('prefix') ?? ''))
    const items = found
      .slice(from, to)
      .map(
        name =>
          `<Bucket><Name>${name}</Name><BucketRegion>${REGION}</BucketRegion><CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket>`,
      )
    const next = to < found.length ? `<ContinuationToken>${to}</ContinuationToken>` : ''
    return xml(
      `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets>${items.join('')}</Buckets>${next}</ListAllMyBucketsResult>`,
    )
  }
  take('s3:ListBucket')
  if (!BUCKETS.includes(bucket)) return refusal('s3', 404, 'NoSuchBucket', 'The specified bucket does not exist')
  const after = query.get('continuation-token')?.replace(/^after:/, '') ?? query.get('start-after') ?? ''
  const found = keys.toSorted().filter(key => key > after && key.startsWith(query.get('prefix') ?? ''))
  const most = Number(query.get('max-keys') ?? 1000)
  const page = found.slice(0, most)
  const spelt = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
  const items = page.map(
    key =>
      `<Contents><Key>${spelt(key)}</Key><LastModified>2026-11-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  )
  const more = found.length > most
  const next = more ? `<NextContinuationToken>after:${escaped(page.at(-1)!)}</NextContinuationToken>` : ''
  return xml(
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated><EncodingType>url</EncodingType>${next}${items.join('')}</ListBucketResult>`,
  )
}

function cloudWatch({ headers, body }: Seen, { points }: State, take: Take): Reply {
  const action = String(headers['x-amz-target']).replace('GraniteServiceVersion20100801.', '')
  take(`cloudwatch:${action}`)
  const given = JSON.parse(body)
  const json = { 'content-type': 'application/x-amz-json-1.0' }
  if (action === 'ListMetrics') {
    const Metrics = [
      {
        Namespace: 'AWS/EC2',
        MetricName: given.NextToken ? 'NetworkIn' : 'CPUUtilization',
        Dimensions: [{ Name: 'InstanceId', Value: 'i-1' }],
      },
    ]
    return { headers: json, body: { Metrics, ...(given.NextToken ? {} : { NextToken: 'two' }) } }
  }
  if ((given.EndTime - given.StartTime) / given.Period > 1440)
    return refusal(
      'monitoring',
      400,
      'InvalidParameterCombinationException',
      'You have requested up to 9999 datapoints, which exceeds the limit of 1440.',
    )
  const [plain] = given.Statistics ?? []
  const [extended] = given.ExtendedStatistics ?? []
  const Datapoints = points
    .filter(([at]) => at >= given.StartTime && at <= given.EndTime)
    .map(([Timestamp, value]) => ({
      Timestamp,
      Unit: 'Percent',
      ...(plain ? { [plain]: value } : { ExtendedStatistics: { [extended]: value } }),
    }))
  return { headers: json, body: { Label: given.MetricName, Datapoints } }
}

/** Signature version 4, computed anew from what arrived. */
function isSigned({ method, path, query, headers, body }: Seen): boolean {
  const said = headers.authorization?.match(
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/,
  )
  if (!said || said[1] !== KEY_ID) return false
  const [, , day = '', region = '', service = '', names = '', signature] = said
  const strict = (text: string) =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const keyed = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const canonical = [
    method,
    path,
    [...query]
      .map(([name, value]) => `${strict(name)}=${strict(value)}`)
      .toSorted()
      .join('&'),
    ...names.split(';').map(name => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    names,
    hash(body),
  ].join('\n')
  const text = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    `${day}/${region}/${service}/aws4_request`,
    hash(canonical),
  ].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(keyed, `AWS4${SECRET}`)
  return keyed(key, text).toString('hex') === signature
}
