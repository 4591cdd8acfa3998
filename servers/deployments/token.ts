// A token for the backend by OAuth2 client credentials: fetched once for all who wait, and kept until shortly before its end.
import type { Configuration } from 'openid-client'
import { Failure } from '../kit/failure.ts'
import type { Problem } from '../kit/upstream.ts'

/** Before its end, so that it does not end on its way. */
const EARLY_MS = 30_000
const TIMEOUT_S = 30

export interface TokenPlace {
  url: string
  clientId: string
  clientSecret: string
  scope?: string | undefined
}

export class Tokens {
  readonly #place: TokenPlace
  readonly #now: () => number
  #kept: { token: string; until: number } | null = null
  #fetching: Promise<string> | null = null

  constructor(place: TokenPlace, now: () => number) {
    this.#place = place
    this.#now = now
  }

  async get(): Promise<string> {
    if (this.#kept && this.#now() < this.#kept.until) return this.#kept.token
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  /** The backend did not take this one. */
  drop(token: string): void {
    if (this.#kept?.token === token) this.#kept = null
  }

  async #fetch(): Promise<string> {
    const oauth = await import('openid-client')
    const { scope } = this.#place
    try {
      const answer = await oauth.clientCredentialsGrant(this.#configuration(oauth), scope ? { scope } : {})
      const lastsMs = (answer.expires_in ?? 0) * 1_000
      // One that lasts no longer than that is used once.
      this.#kept = { token: answer.access_token, until: this.#now() + lastsMs - EARLY_MS }
      return answer.access_token
    } catch (error) {
      throw inWords(error)
    }
  }

  #configuration(oauth: typeof import('openid-client')): Configuration {
    const { url, clientId, clientSecret } = this.#place
    const server = { issuer: new URL(url).origin, token_endpoint: url }
    const configuration = new oauth.Configuration(server, clientId, clientSecret, oauth.ClientSecretBasic(clientSecret))
    configuration.timeout = TIMEOUT_S
    // The settings refuse http:// beyond this computer.
    if (url.startsWith('http:')) oauth.allowInsecureRequests(configuration)
    return configuration
  }
}

/** What asking again may help is left as it is. */
export class TokenProblem extends Error {
  readonly problem: Problem
  constructor(problem: Problem, cause: unknown) {
    super('No token', { cause })
    this.problem = problem
  }
}

function inWords(error: unknown): Error {
  const {
    error: code,
    status,
    response,
    cause,
  } = error as {
    error?: string
    status?: number
    response?: Response
    cause?: unknown
  }
  const answered = status ?? response?.status ?? (cause instanceof Response ? cause.status : undefined)
  if (answered === undefined || answered >= 500 || answered === 429)
    return new TokenProblem({ status: answered }, error)
  const details = { status: answered, ...(code ? { said: code.slice(0, 100) } : {}) }
  if (answered >= 400)
    return new Failure(
      'permission_denied',
      'The token service gives this server no token.',
      'Ask the person to correct OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and OAUTH_SCOPE.',
      details,
    )
  return new Failure(
    'upstream_error',
    'What the token service answered is no token.',
    'Ask the person to correct OAUTH_TOKEN_URL.',
    details,
  )
}
