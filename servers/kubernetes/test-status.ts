// The Status objects with which an API server refuses.
import type { Reply } from '../kit/test-api.ts'

export class Refusal extends Error {
  readonly reply: Reply
  constructor(reply: Reply, message: string) {
    super(message)
    this.reply = reply
  }
}

export function status(code: number, reason: string, message: string, details: object = {}, headers = {}): Refusal {
  const metadata = reason === 'Expired' ? { continue: 'aW5jb25zaXN0ZW50' } : {}
  const body = { kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason, details, code }
  return new Refusal({ status: code, body, headers }, message)
}

export function invalid(kind: string, name: string, field: string, what: string): Refusal {
  const reason =
    /^(\w+ value|Forbidden)/.exec(what)?.[1] === 'Required value' ? 'FieldValueRequired' : 'FieldValueInvalid'
  const causes = [{ reason, message: what, field }]
  return status(422, 'Invalid', `${kind} "${name}" is invalid: ${field}: ${what}`, { name, kind, causes })
}

export function tooMany(retryAfterSeconds: number): Reply {
  const message = 'the server has received too many requests and has asked us to try again later'
  const headers = { 'retry-after': String(retryAfterSeconds) }
  return status(429, 'TooManyRequests', message, { retryAfterSeconds }, headers).reply
}

export function broken(): Reply {
  const message = 'Internal error occurred: etcdserver: request timed out'
  return status(500, 'InternalError', message, { causes: [{ message: 'etcdserver: request timed out' }] }).reply
}

export function expired(): Reply {
  return status(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.').reply
}
