// What an API server says when it refuses, as words a model can act on.
import { Failure, type FailureKind } from '../kit/failure.ts'
import { type Problem, retryAfter } from '../kit/upstream.ts'

/** The parts of a Status (meta/v1) that matter here. */
interface Status {
  message?: string
  reason?: string
  details?: { retryAfterSeconds?: number; causes?: { field?: string; message?: string }[] }
}

/** An answer that no API server gives. */
export class NotKubernetes extends Error {}

/** An error of the client library as Upstream reads it. */
export function readProblem(error: unknown): Problem {
  const { code, headers } = error as { code?: unknown; headers?: Record<string, string> }
  if (typeof code !== 'number') return {}
  const status = statusOf(error)
  const seconds = status.details?.retryAfterSeconds
  return {
    // Server-side apply says so of a manifest that does not fit its schema; asking again does not help.
    status: code === 500 && isMistyped(status) ? 422 : code,
    retryAfterMs: retryAfter(headers?.['retry-after']) ?? (seconds === undefined ? undefined : seconds * 1_000),
    said: status.message,
  }
}

function isMistyped({ message = '' }: Status): boolean {
  return /failed to create typed patch object|field not declared in schema/.test(message)
}

function statusOf(error: unknown): Status {
  const { body } = error as { body?: unknown }
  if (typeof body !== 'string') return (body ?? {}) as Status
  try {
    return JSON.parse(body) ?? {}
  } catch {
    return {}
  }
}

const CONFIG = 'Ask the person to look at the kubeconfig'

/** A failure that says more than the HTTP status does. */
export function inWords(error: unknown, { status, said = '' }: Problem): Failure | undefined {
  const { details } = statusOf(error)
  const fields = details?.causes?.flatMap(({ field, message }) => (field ? [{ field, message }] : [])).slice(0, 20)
  const facts = { status, ...(fields?.length ? { fields } : {}) }
  const fail = (kind: FailureKind, text: string, suggestion: string) =>
    new Failure(kind, text.slice(0, 2000), suggestion, facts)
  if (causesOf(error).some(one => one instanceof NotKubernetes || one instanceof SyntaxError))
    return fail(
      'upstream_error',
      'What answered is not a Kubernetes API server.',
      `${CONFIG}, and at proxies on the way.`,
    )
  if (/\/containerLogs\/|error dialing backend|No agent available/.test(said))
    return fail(
      'upstream_error',
      'The node of this pod does not answer, so its log cannot be read.',
      'Look at k8s://nodes; describe_pod and check_pod_health with check_logs: false do without the log.',
    )
  if (status === 401)
    return fail('permission_denied', 'The cluster does not know these credentials.', `${CONFIG}: sign in again.`)
  if (status === 403) return forbidden(said, fail)
  if (status === 410)
    return fail('conflict', 'The list has changed too much since this cursor was given.', 'Call without a cursor.')
  if (status === 409 && fields?.length)
    return fail(
      'conflict',
      `${said}.`,
      'Others manage these fields. Leave them out of the manifest, or take them over with force: true if the person wants that.',
    )
  if (said && (status === 400 || status === 404 || status === 409 || status === 422))
    return fail(KINDS[status]!, `${said}.`, SUGGESTIONS[status]!)
  return undefined
}

const KINDS: Record<number, FailureKind> = {
  400: 'validation_error',
  404: 'not_found',
  409: 'conflict',
  422: 'validation_error',
}
const SUGGESTIONS: Record<number, string> = {
  400: 'Correct what was asked.',
  404: 'List what there is, then ask again.',
  409: 'Read its state again, then decide.',
  422: 'Correct the fields named.',
}

const MISSING = /cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/

function forbidden(said: string, fail: (kind: FailureKind, text: string, suggestion: string) => Failure): Failure {
  const found = MISSING.exec(said)
  if (!found)
    return fail('permission_denied', `The cluster refuses this: ${said}.`, 'Its rules forbid it. Ask the person.')
  const [, verb, resource, group, inNamespace] = found
  const what = `"${verb}" on ${resource}${group ? ` (${group})` : ''}`
  const where = inNamespace ? `in the namespace ${inNamespace}` : 'in the whole cluster'
  return fail('permission_denied', `The permission ${what} ${where} is missing.`, 'Ask the person to grant it.')
}

const CERTIFICATE: [code: RegExp, what: string, suggestion: string][] = [
  [/EXPIRED|NOT_YET_VALID/, 'is not valid now', `Ask the person to renew it, or to set this computer’s clock`],
  [
    /ALTNAME/,
    'is for another name',
    `${CONFIG}: its server must be the name in the certificate, or tls-server-name say it`,
  ],
  [/./, 'is not to be trusted', `${CONFIG}: certificate-authority must name who signed it`],
]

/** Errors of the connection that asking again does not cure. */
export function hopeless(error: unknown): Failure | undefined {
  const codes = causesOf(error).map(one => String((one as NodeJS.ErrnoException).code ?? ''))
  const code = codes.find(one => /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(one))
  if (code === undefined) return undefined
  const [, what, suggestion] = CERTIFICATE.find(([pattern]) => pattern.test(code))!
  return new Failure('upstream_error', `The certificate of the API server ${what} (${code}).`, `${suggestion}.`)
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = []
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at)
  return causes
}
