// What GitHub says when it refuses, as words a model can act on.
import { Failure } from '../kit/failure.ts'
import { type Problem, retryAfter } from '../kit/upstream.ts'

interface Said extends Error {
  status?: number
  response?: { headers: Record<string, string | undefined>; data: unknown }
}

/** Octokit says 500 also where nothing answered. */
export function readProblem(error: unknown): Problem {
  const { response, status, message } = (error ?? {}) as Said
  // Said with 200; the client library makes an error without a status of it.
  const isGraphLimit = message === 'GraphQL Rate Limit Exceeded'
  return {
    status: isGraphLimit ? 429 : response ? status : undefined,
    retryAfterMs: waitOf(response?.headers ?? {}),
    said: typeof message === 'string' ? message.replace(/ - https:\S*$/, '').slice(0, 300) : undefined,
  }
}

/** Milliseconds until GitHub takes requests again, by its own clock where it tells the time. */
function waitOf(headers: Record<string, string | undefined>): number | undefined {
  const asked = retryAfter(headers['retry-after'])
  if (asked !== undefined || headers['x-ratelimit-remaining'] !== '0') return asked
  const reset = Number(headers['x-ratelimit-reset'])
  const now = Date.parse(headers.date ?? '') || Date.now()
  return Number.isFinite(reset) ? Math.max(0, reset * 1_000 - now) : undefined
}

/** Undefined: the status says enough. */
export function inWords(error: unknown, problem: Problem): Failure | undefined {
  const { status, said = '' } = problem
  const headers = (error as Said).response?.headers ?? {}
  if (status === 403 || status === 429) {
    const isSecondary = /secondary rate/i.test(said)
    if (isSecondary || problem.retryAfterMs !== undefined || headers['x-ratelimit-remaining'] === '0')
      return tooOften(isSecondary, problem)
  }
  const facts = { status, said }
  switch (status) {
    case 401:
      return new Failure(
        'permission_denied',
        'GitHub does not know this token.',
        'Ask the person to correct GITHUB_TOKEN; it may have expired.',
        facts,
      )
    case 403:
      return forbidden(headers, facts)
    case 404:
      return new Failure(
        'not_found',
        'GitHub knows nothing of that name, or this token may not see it.',
        `Check it with list_repositories, list_issues or list_pull_requests.${missing(headers) ? ` If it is there, the token needs ${missing(headers)}.` : ' If it is there, ask the person whether the token covers it.'}`,
        facts,
      )
    case 405:
    case 409:
      return conflict(facts)
    case 406:
      return new Failure(
        'validation_error',
        'This is too large for GitHub to give at once.',
        'Ask the person to look at it on GitHub.',
        facts,
      )
    case 410:
      return new Failure('not_found', `It is gone or switched off: ${said}`, 'Ask the person.', facts)
    case 422:
      return new Failure('validation_error', `GitHub refuses this: ${said}`, 'Correct what was asked.', facts)
    case 451:
      return new Failure('permission_denied', 'GitHub may not show this for legal reasons.', 'Leave it.', facts)
    default:
      return undefined
  }
}

/** What a mutation was refused for. */
export function graphFailure({ type, message }: { type?: string | undefined; message: string }): Failure {
  const said = message.slice(0, 300)
  if (type === 'FORBIDDEN' || type === 'INSUFFICIENT_SCOPES') return forbidden({}, { said })
  if (type === 'NOT_FOUND')
    return new Failure('not_found', `GitHub says: ${said}`, 'Look whether it is still there.', { said })
  return conflict({ said })
}

function conflict(facts: { status?: number | undefined; said: string }): Failure {
  const what = `GitHub cannot do this as things are now: ${facts.said}`
  return new Failure('conflict', what, 'Look at its state again, then decide.', facts)
}

function tooOften(isSecondary: boolean, { retryAfterMs = 60_000, status, said }: Problem): Failure {
  const wait = `Wait ${Math.ceil(retryAfterMs / 1_000)} s, then go on more slowly.`
  const what = isSecondary ? 'GitHub was asked too quickly.' : 'The number of requests this token may make is used up.'
  return new Failure('rate_limited', what, wait, { status, retryAfterMs, said })
}

function forbidden(headers: Record<string, string | undefined>, facts: object): Failure {
  const link = headers['x-github-sso']?.match(/url=(https:[^;\s]+)/)?.[1]
  if (link)
    return new Failure(
      'permission_denied',
      'This organisation asks for single sign-on.',
      `Ask the person to authorize the token there: ${link}`,
      { ...facts },
    )
  const lacks = missing(headers)
  return new Failure(
    'permission_denied',
    `This token may not do that${lacks ? `: it needs ${lacks}` : ''}.`,
    'Ask the person to give the token that right, or for another way.',
    { ...facts, ...(lacks ? { needs: lacks } : {}) },
  )
}

/** Fine-grained tokens: `issues=write; pull_requests=write`, either of them. Classic ones: `repo, user`. */
function missing(headers: Record<string, string | undefined>): string | undefined {
  const rights = headers['x-accepted-github-permissions']
  if (rights)
    return `the permission ${rights
      .split(';')
      .map(one => one.trim())
      .join(' or ')}`
  const scopes = list(headers['x-accepted-oauth-scopes'])
  const held = list(headers['x-oauth-scopes'])
  if (scopes.length === 0 || scopes.some(scope => held.includes(scope))) return undefined
  return `the scope ${scopes.join(' or ')}${held.length > 0 ? ` (it has ${held.join(', ')})` : ''}`
}

function list(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map(one => one.trim())
    .filter(Boolean)
}
