// What AWS says when it refuses, as words a model can act on.
import { Failure, type FailureKind } from '../kit/failure.ts'
import { type Problem, retryAfter } from '../kit/upstream.ts'

interface Said extends Error {
  $metadata?: { httpStatusCode?: number }
  $response?: { statusCode?: number; headers?: Record<string, string | undefined> }
}

const KEYS = 'AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
const CORRECT_KEYS = `Ask the person to correct ${KEYS} in this server’s settings.`
const SIGN_IN =
  'Ask the person to sign in again (aws sso login) or to renew AWS_SESSION_TOKEN, then start this server anew.'

type Words = [kind: FailureKind, what: string, suggestion: string]
const WRONG_KEYS: Words = [
  'permission_denied',
  'AWS does not know these credentials.',
  `${CORRECT_KEYS} A region that is not enabled in the account says the same.`,
]
const EXPIRED: Words = ['permission_denied', 'The AWS credentials have expired.', SIGN_IN]
const TOO_OFTEN: Words = ['rate_limited', 'AWS was asked too often.', 'Wait a while, then go on more slowly.']
const NO_INSTANCE: Words = [
  'not_found',
  'There is no such instance in this region.',
  'Look at them with list_ec2_instances, or name another region.',
]
const OTHER_REGION: Words = [
  'validation_error',
  'This bucket is in another region.',
  'Look at its region with list_s3_buckets.',
]
const CLOCK: Words = [
  'permission_denied',
  'The clock of this computer is too far from AWS’s.',
  'Ask the person to set it.',
]
const WRONG_STATE: Words = [
  'conflict',
  'The instance is in a state that does not allow this.',
  'Look at its state with list_ec2_instances, wait, then decide.',
]
const NO_ROOM_LEFT: Words = [
  'conflict',
  'This account may not run more instances of that kind in this region.',
  'Ask the person: one must be stopped, or the quota raised.',
]
const BAD_CURSOR: Words = ['validation_error', 'AWS does not take this cursor.', 'Call again without a cursor.']

const BY_NAME: Record<string, Words> = {
  AuthFailure: WRONG_KEYS,
  IncompleteSignature: WRONG_KEYS,
  InvalidAccessKeyId: WRONG_KEYS,
  InvalidClientTokenId: WRONG_KEYS,
  InvalidSignatureException: WRONG_KEYS,
  InvalidToken: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  UnrecognizedClientException: WRONG_KEYS,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  RequestExpired: EXPIRED,
  RequestTimeTooSkewed: CLOCK,
  RequestInTheFuture: CLOCK,
  'InvalidInstanceID.NotFound': NO_INSTANCE,
  'InvalidInstanceID.Malformed': NO_INSTANCE,
  IncorrectInstanceState: WRONG_STATE,
  IncorrectState: WRONG_STATE,
  UnsupportedOperation: WRONG_STATE,
  InsufficientInstanceCapacity: [
    'upstream_error',
    'AWS has no room for this instance now.',
    'Try again in some minutes.',
  ],
  DryRunOperation: ['conflict', 'It would have worked.', 'Call it without dryRun.'],
  InstanceLimitExceeded: NO_ROOM_LEFT,
  VcpuLimitExceeded: NO_ROOM_LEFT,
  OptInRequired: ['permission_denied', 'This account has not signed up for that service or region.', 'Ask the person.'],
  NoSuchBucket: ['not_found', 'There is no such bucket.', 'Look at them with list_s3_buckets.'],
  PermanentRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  InvalidNextToken: BAD_CURSOR,
  InvalidPaginationToken: BAD_CURSOR,
}

const THROTTLED = /Throttl|^TooManyRequests|^RequestLimitExceeded$|^SlowDown$|^BandwidthLimitExceeded$/
const REFUSED = /^(UnauthorizedOperation|AccessDenied(Exception)?|AllAccessDisabled|Client\.UnauthorizedOperation)$/
/** What is wrong with what was asked: AWS's own words say it best. */
const WRONG_INPUT =
  /^(Invalid|Missing|Malformed|Validation|Unknown)\w*(Parameter|Value|Argument|Error|Combination|Filter)|^Filter/

export function noInstance(): Failure {
  return new Failure(...NO_INSTANCE)
}

/** Undefined: the status says enough. `program`: what was wrong with the profile's credential_process, if it was run. */
export function inWords(error: unknown, right: string, program?: string): Failure | undefined {
  if (!(error instanceof Error) || error instanceof Failure) return undefined
  const { name, message } = error
  const details = { code: name, said: saidIn(message) }
  if (REFUSED.test(name)) return notAllowed(message, right)
  if (THROTTLED.test(name)) return new Failure(...TOO_OFTEN, details)
  const known = BY_NAME[name]
  if (known) return new Failure(...known, details)
  if (WRONG_INPUT.test(name))
    return new Failure('validation_error', details.said, 'Correct what was asked.', { code: name })
  if (/^Region is missing/.test(message))
    return new Failure(
      'validation_error',
      'No AWS region is set.',
      'Ask the person to set AWS_REGION in this server’s settings.',
    )
  if (/(Credentials?|Token)ProviderError$/.test(name)) return withoutCredentials(message, program)
  const { httpStatusCode: status } = (error as Said).$metadata ?? {}
  if (status === 400 && details.said)
    return new Failure('validation_error', `AWS refuses this: ${details.said}`, 'Correct what was asked.', details)
  if (status === 403 && details.said)
    return new Failure('permission_denied', `AWS does not allow this: ${details.said}`, 'Ask the person.', details)
  return undefined
}

/** Nothing was asked of AWS yet: the SDK found no credentials, or could not get them. */
function withoutCredentials(message: string, program: string | undefined): Failure {
  if (program !== undefined)
    return new Failure(
      'permission_denied',
      `The credential_process of the profile did not help: ${program}.`,
      'Ask the person to run it by hand: it may want a sign-in.',
    )
  if (/expired|refresh|sso login/i.test(message)) return new Failure(...EXPIRED, { said: saidIn(message) })
  const where = `Ask the person to set AWS_REGION and ${KEYS} in this server’s settings (or in ~/.aws).`
  return new Failure('permission_denied', 'There are no AWS credentials.', where, { said: saidIn(message) })
}

function notAllowed(message: string, right: string): Failure {
  const missing = message.match(/not authorized to perform:? ([\w-]+:\w+)/)?.[1] ?? right
  return new Failure(
    'permission_denied',
    `These AWS credentials may not do that: ${missing} is missing.`,
    `Ask the person to allow ${missing} in IAM; this server’s README has the policy.`,
    { right: missing, said: saidIn(message) },
  )
}

/** Without what only AWS can decode, the SDK's advice to its programmers, and what was signed: the session token is in it. */
function saidIn(message: string): string {
  return message
    .replace(
      /\s*(Encoded authorization failure message:|Deserialization error:|The Canonical String for this request).*$/s,
      '',
    )
    .slice(0, 500)
}

/** Where no answer came that can be read. */
export function unreadable(name: string, error: unknown, { status, said = '' }: Problem): Failure | undefined {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException
  // The SDK calls these timeouts.
  if (/^(ECONNRESET|ECONNREFUSED|EPIPE)$/.test(code))
    return new Failure('upstream_error', `The connection to ${name} broke.`, 'Try again in a while.', { said })
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code))
    return new Failure(
      'upstream_error',
      `${name} has no address there: there is no such region, or no network.`,
      'Correct the region; else ask the person to look at AWS_REGION, AWS_ENDPOINT_URL and the network.',
      { said },
    )
  if (status === undefined || status >= 300) return undefined
  const look = 'Try again in a while; if it stays, ask the person to look at AWS_ENDPOINT_URL and the network.'
  return new Failure('upstream_error', `${name} answered what cannot be read.`, look, { said })
}

export function readProblem(error: unknown): Problem {
  const { $metadata, $response, message } = (error ?? {}) as Said
  return {
    status: $response?.statusCode ?? $metadata?.httpStatusCode,
    retryAfterMs: retryAfter($response?.headers?.['retry-after']),
    said: typeof message === 'string' ? saidIn(message) : undefined,
  }
}
