// A real backend over HTTP, by the few requests that the README describes.
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { type HttpAnswer, HttpAsker, HttpProblem, type HttpQuestion } from '../kit/http-ask.ts'
import { orAborted } from '../kit/or-aborted.ts'
import { withoutShapes, withoutShapesIn } from '../kit/shapes.ts'
import { type Problem, Upstream } from '../kit/upstream.ts'
import { type Backend, type Order, Run, Service, ServiceName } from './backend.ts'
import { TokenProblem, type Tokens } from './token.ts'

const TIMEOUT_MS = 30_000
const MOST_BYTES = 10_000_000
const TOO_MUCH = new Failure(
  'upstream_error',
  'The deployment backend answers with more than 10 MB.',
  'Ask the person to look at the backend.',
)

export interface HttpPlace {
  url: string
  tokens: Tokens | null
  timeoutMs?: number
  firstDelayMs?: number
}

export class HttpBackend implements Backend {
  readonly kind = 'http'
  readonly #url: string
  readonly #tokens: Tokens | null
  readonly #timeoutMs: number
  readonly #asker = new HttpAsker(MOST_BYTES, TOO_MUCH)
  readonly #upstream: Upstream

  constructor({ url, tokens, timeoutMs = TIMEOUT_MS, firstDelayMs }: HttpPlace) {
    this.#url = url.replace(/\/+$/, '')
    this.#tokens = tokens
    this.#timeoutMs = timeoutMs
    this.#upstream = new Upstream({
      name: 'The deployment backend',
      read: error => (error instanceof HttpProblem || error instanceof TokenProblem ? error.problem : {}),
      inWords: (error, problem) =>
        error instanceof TokenProblem ? new Failure('upstream_error', ...NO_TOKEN, { ...problem }) : refusal(problem),
      ...(firstDelayMs === undefined ? {} : { firstDelayMs }),
    })
  }

  async services(signal: AbortSignal): Promise<string[]> {
    const shape = z.object({ services: z.array(ServiceName).max(10_000) })
    return (await this.#ask('GET', 'services', signal, shape)).services
  }

  service(name: string, signal: AbortSignal): Promise<Service> {
    return this.#ask('GET', `services/${name}`, signal, Service)
  }

  /** PUT under an id of our own: however often it is sent, it is one deployment. */
  async begin({ id, ...order }: Order, signal: AbortSignal): Promise<void> {
    await this.#ask('PUT', `deployments/${encodeURIComponent(id)}`, signal, z.unknown(), order)
  }

  async run(id: string, signal: AbortSignal): Promise<Run | null> {
    try {
      return withoutShapesIn(await this.#ask('GET', `deployments/${encodeURIComponent(id)}`, signal, Run))
    } catch (error) {
      if (error instanceof Failure && error.kind === 'not_found') return null
      throw error
    }
  }

  async cancel(id: string, signal: AbortSignal): Promise<void> {
    await this.#ask('DELETE', `deployments/${encodeURIComponent(id)}`, signal, z.unknown())
  }

  async remove(service: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask('DELETE', `services/${service}`, signal, z.unknown())
    } catch (error) {
      // Asked again after an answer that was lost: it is gone, as it should be.
      if (!(error instanceof Failure && error.kind === 'not_found')) throw error
    }
  }

  async #ask<T>(
    method: HttpQuestion['method'],
    path: string,
    signal: AbortSignal,
    shape: z.ZodType<T>,
    body?: object,
  ): Promise<T> {
    const answer = await this.#upstream.ask(() => this.#once(method, path, signal, body), signal)
    const read = shape.safeParse(answer)
    if (read.success) return read.data
    const where = read.error.issues[0]?.path.join('.') || 'as a whole'
    throw new Failure('upstream_error', ...NOT_UNDERSTOOD, { path: `/${path}`, where })
  }

  /** With a fresh token once, where the one that was kept is no longer taken. */
  async #once(method: HttpQuestion['method'], path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const tokenNow = async () => this.#tokens && (await orAborted(this.#tokens.get(), signal))
    const token = await tokenNow()
    const first = await this.#send(method, path, signal, token, body)
    if (first.status !== 401 || token === null) return read(first)
    this.#tokens!.drop(token)
    return read(await this.#send(method, path, signal, await tokenNow(), body))
  }

  #send(
    method: HttpQuestion['method'],
    path: string,
    signal: AbortSignal,
    token: string | null,
    body?: object,
  ): Promise<HttpAnswer> {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
    const type = body ? { 'content-type': 'application/json' } : {}
    return this.#asker.ask(`${this.#url}/${path}`, {
      method,
      headers: { accept: 'application/json', ...authorization, ...type },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(token === null ? {} : { secret: token }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
    })
  }
}

function read({ status, retryAfterMs, json }: HttpAnswer): unknown {
  if (status >= 200 && status < 300) return json
  const said = z.object({ message: z.string() }).safeParse(json)
  throw new HttpProblem({ status, retryAfterMs, said: said.success ? withoutShapes(said.data.message) : undefined })
}

const NO_TOKEN = [
  'The token service does not answer.',
  'Try again in a while; if it stays, check OAUTH_TOKEN_URL.',
] as const
const NOT_UNDERSTOOD = [
  'The deployment backend answered something else than expected.',
  'Ask the person whether DEPLOYMENTS_URL is right, and whether the backend answers as the README of this server says.',
] as const

function refusal({ status, said }: Problem): Failure | undefined {
  const why = said ? `: ${said.slice(0, 300).replace(/\.$/, '')}` : ''
  const details = { status }
  if (status === 401)
    return new Failure(
      'permission_denied',
      `The deployment backend does not take this server’s token${why}.`,
      'Ask the person to correct the OAUTH settings.',
      details,
    )
  if (status === 403)
    return new Failure(
      'permission_denied',
      `This server’s account may not do this at the deployment backend${why}.`,
      'Ask the person to give the account (OAUTH_CLIENT_ID) that right, or another OAUTH_SCOPE.',
      details,
    )
  if (status === 409)
    return new Failure(
      'conflict',
      `The deployment backend is doing something else there${why}.`,
      'Look with list_deployments, wait for its end, then check the prerequisites again.',
      details,
    )
  return undefined
}
