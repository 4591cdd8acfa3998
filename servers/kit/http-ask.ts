// One request to a backend that speaks HTTP and JSON: read whole, but no more than so much. Its library is loaded when it is asked.
import type { Agent } from 'undici'
import type { Failure } from './failure.ts'
import { type Problem, retryAfter } from './upstream.ts'

/** An answer that is not what was asked for. */
export class HttpProblem extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`HTTP ${problem.status}`)
    this.problem = problem
  }
}

export interface HttpAnswer {
  status: number
  retryAfterMs: number | undefined
  text: string
  /** Null where the text is no JSON. */
  json: unknown
}

export interface HttpQuestion {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers: Record<string, string>
  body?: string
  /** Taken out of the answer, should it come back. */
  secret?: string
  signal: AbortSignal
}

export class HttpAsker {
  readonly #mostBytes: number
  readonly #tooMuch: Failure
  #agent: Agent | undefined

  /** `tooMuch`: what is thrown of a longer answer. */
  constructor(mostBytes: number, tooMuch: Failure) {
    this.#mostBytes = mostBytes
    this.#tooMuch = tooMuch
  }

  /** Redirects are not followed. Throws the network's own errors. */
  async ask(url: string, question: HttpQuestion): Promise<HttpAnswer> {
    const { Agent, request } = await import('undici')
    const { secret, ...asked } = question
    this.#agent ??= new Agent({ maxResponseSize: this.#mostBytes })
    try {
      const { statusCode, headers, body } = await request(url, { ...asked, dispatcher: this.#agent })
      const said = await body.text()
      const text = secret ? said.replaceAll(secret, '‹secret›') : said
      const retryAfterMs = retryAfter([headers['retry-after']].flat()[0])
      return { status: statusCode, retryAfterMs, text, json: parsed(text) }
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? this.#tooMuch : error
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
