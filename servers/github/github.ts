// GitHub's REST API through Octokit, which paces itself and asks again; its answers are checked before they are believed.
import type { Octokit } from 'octokit'
import type { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import type { Log } from '../kit/log.ts'
import { Upstream } from '../kit/upstream.ts'
import { graphFailure, inWords, readProblem } from './problems.ts'
import { Mutated } from './shapes.ts'

export interface GitHubPlace {
  token: string | undefined
  url: string
}

export interface Asked {
  signal: AbortSignal
  /** What is done and not only looked up: never asked twice. How to see whether it was done after all. */
  changes?: { lookWith: string }
  /** Looks once more right before it is sent: what changes waits its turn first. Throws Failure: then it is not sent. */
  before?: () => Promise<void>
  /** Of the answer, where it is not JSON as usual. */
  accept?: string
}

const NAME = 'GitHub'
const TRIES_AGAIN = 3
/** A rate limit that ends sooner is waited for; a longer one is said. */
const LONGEST_WAIT_S = 8
const ANSWERS_IN_MS = 12_000

export class GitHub {
  readonly #place: GitHubPlace
  readonly #log: Log
  readonly #upstream = new Upstream({ name: NAME, read: readProblem, inWords, tries: 1 })
  #octokit: Promise<Octokit> | undefined

  constructor(place: GitHubPlace, log: Log) {
    this.#place = place
    this.#log = log
  }

  /** `route`: as `GET /repos/{owner}/{repo}`. Throws Failure. */
  async ask<T>(
    shape: z.ZodType<T>,
    route: string,
    parameters: Record<string, unknown>,
    { signal, changes, before, accept }: Asked,
  ): Promise<{ data: T; hasNext: boolean }> {
    const octokit = await this.#client()
    // Counted from when it is sent; what is asked again has its own time.
    const timely: typeof fetch = async (url, options) => {
      await before?.()
      return fetch(url, { ...options, signal: inTime(signal) })
    }
    // Named only where there are none: the plugin would also repeat what GitHub refused.
    const request = { fetch: timely, ...(changes ? { retries: 0 } : {}) }
    const headers = accept ? { accept } : {}
    const response = await this.#upstream.ask(async () => {
      try {
        return await octokit.request(route, { ...parameters, headers, request })
      } catch (error) {
        if (error instanceof Error && error.cause instanceof Failure) throw error.cause
        throw changes && isUncertain(error) ? perhapsDone(changes.lookWith) : error
      }
    }, signal)
    const read = shape.safeParse(response.data)
    if (!read.success) throw changes ? perhapsDone(changes.lookWith) : unreadable()
    return { data: read.data, hasNext: /rel="next"/.test(response.headers.link ?? '') }
  }

  /** A look past the queue in which others wait, for `before`. Throws Failure. */
  async askNow<T>(shape: z.ZodType<T>, route: string, parameters: object, signal: AbortSignal): Promise<T> {
    const { request } = await this.#client()
    try {
      // Asked as this client would, without what paces it.
      const { url, method, headers } = request.endpoint(route, { ...parameters })
      const authorization = `token ${this.#place.token}`
      const all = new Headers({ ...(headers as Record<string, string>), authorization })
      const answer = await fetch(url, { method, headers: all, signal: inTime(signal) })
      return shape.parse(await answer.json())
    } catch {
      throw new Failure('upstream_error', 'GitHub could not be asked once more.', 'Nothing was done: try again.')
    }
  }

  /** For what REST cannot do. `query`: one mutation. Throws Failure. */
  async mutate(
    query: string,
    variables: Record<string, unknown>,
    asked: { signal: AbortSignal; changes: { lookWith: string } },
  ): Promise<void> {
    // On GitHub Enterprise Server it stands beside the REST API.
    const baseUrl = this.#base.replace(/\/api\/v3$/, '/api')
    const { data } = await this.ask(Mutated, 'POST /graphql', { baseUrl, query, variables }, asked)
    const [refused] = data.errors
    if (refused) throw graphFailure(refused)
    if (!Object.values(data.data ?? {}).some(Boolean)) throw perhapsDone(asked.changes.lookWith)
  }

  get #base(): string {
    return this.#place.url.replace(/\/+$/, '')
  }

  #client(): Promise<Octokit> {
    this.#octokit ??= this.#make()
    return this.#octokit
  }

  async #make(): Promise<Octokit> {
    const { token } = this.#place
    if (token === undefined) {
      this.#octokit = undefined
      throw new Failure(
        'permission_denied',
        'There is no GitHub token.',
        'Ask the person to set GITHUB_TOKEN in this server’s settings; its README says which rights it needs.',
      )
    }
    const { Octokit } = await import('octokit')
    const waitsFor = (seconds: number, _options: unknown, _octokit: unknown, tried: number) =>
      tried === 0 && seconds <= LONGEST_WAIT_S
    const warn = (message: string) => this.#log.say('warn', message)
    return new Octokit({
      auth: token,
      baseUrl: this.#base,
      log: { debug: () => {}, info: () => {}, warn, error: warn },
      throttle: { onRateLimit: waitsFor, onSecondaryRateLimit: waitsFor },
      retry: {
        retries: TRIES_AGAIN,
        retryAfterBaseValue: 200,
        doNotRetry: [400, 401, 403, 404, 405, 406, 409, 410, 422, 429, 451],
      },
    })
  }
}

const inTime = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_IN_MS)])

/** GitHub failed, or its answer was lost: it may have done what it was asked for. */
function isUncertain(error: unknown): boolean {
  const { status } = readProblem(error)
  return status === undefined || status >= 500
}

export const lateWords = (lookWith: string) => `It may have been done: look with ${lookWith} before you try again.`

function perhapsDone(lookWith: string): Failure {
  return new Failure('upstream_error', 'GitHub’s answer did not come.', lateWords(lookWith))
}

export function unreadable(): Failure {
  return new Failure(
    'upstream_error',
    'GitHub answered what cannot be read.',
    'Try again in a while; if it stays, ask the person to look at GITHUB_API_URL.',
  )
}
