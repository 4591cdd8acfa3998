// How every tool runs: limits, a deadline, progress, metrics, a log line with a correlation id, and failures in words.
import { randomBytes } from 'node:crypto'
import {
  type CallToolResult,
  type ContentBlock,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  type ToolAnnotations,
} from '@modelcontextprotocol/server'
import { type BulkheadPolicy, BulkheadRejectedError, bulkhead } from 'cockatiel'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import type { z } from 'zod'
import type { Caller } from './callers.ts'
import { Failure, unforeseen } from './failure.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { orAborted } from './or-aborted.ts'
import { Watches } from './watches.ts'

export interface Call {
  /** Aborted when the client takes the call back, or its time is over. */
  signal: AbortSignal
  correlation: string
  /** Over HTTP: who it is. Over stdio it is who started this server. */
  caller?: Caller
  /** Tells a client that asked for it how far this is. */
  progress(done: number, total?: number, message?: string): void
}

export interface Answer<T> {
  /** Short: what a model needs to go on. */
  text: string
  data: T
  /** Pictures and the like, after the text. */
  more?: ContentBlock[]
}

export interface ToolSpec<I extends z.ZodObject, O extends z.ZodObject> {
  title: string
  description: string
  input: I
  output: O
  annotations: Required<Pick<ToolAnnotations, 'readOnlyHint' | 'destructiveHint' | 'idempotentHint' | 'openWorldHint'>>
  timeoutMs?: number
  /** What to try when it was not done in time. */
  ifLate?: string
}

export const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

/** Over HTTP: what `authInfo.extra` of a call is. `ended`: called once it is answered, with the kind of its error. */
export interface HttpCall {
  caller: Caller
  ended: (correlation: string, kind: string | null) => void
  [more: string]: unknown
}

export interface KitOptions {
  log: Log
  /** Null: nobody can read them. */
  metrics: Metrics | null
  settings: { RATE_LIMIT: number; MAX_AT_ONCE: number; CALL_TIMEOUT_MS: number }
}

/** One for a process: its limits hold for all its clients together. */
export class Kit {
  readonly log: Log
  readonly #metrics: Metrics | null
  readonly watches = new Watches()
  /** Of every tool that was ever registered here. */
  readonly annotations = new Map<string, ToolAnnotations>()
  readonly #timeoutMs: number
  readonly #rate: RateLimiterMemory
  readonly #atOnce: BulkheadPolicy

  constructor({ log, metrics, settings }: KitOptions) {
    this.log = log
    this.#metrics = metrics
    this.#timeoutMs = settings.CALL_TIMEOUT_MS
    this.#rate = new RateLimiterMemory({ points: settings.RATE_LIMIT, duration: 60 })
    this.#atOnce = bulkhead(settings.MAX_AT_ONCE, settings.MAX_AT_ONCE)
  }

  tool<I extends z.ZodObject, O extends z.ZodObject>(
    server: McpServer,
    name: string,
    spec: ToolSpec<I, O>,
    run: (input: z.output<I>, call: Call) => Promise<Answer<z.input<O>>> | Answer<z.input<O>>,
  ): void {
    const { title, description, input, output, annotations, timeoutMs = this.#timeoutMs, ifLate = LESS } = spec
    this.annotations.set(name, annotations)
    const config = { title, description, inputSchema: listed(input), outputSchema: listed(output), annotations }
    const handler = (given: unknown, context: ServerContext) =>
      this.#attempt(name, context, { timeoutMs, ifLate }, async call => {
        const answer = await run(await asked(name, input, given), call)
        return { ...answer, data: await output.parseAsync(answer.data) }
      })
    server.registerTool(name, config, handler as never)
  }

  /** What is no tool, as reading a resource, under the same limits. What fails becomes an error of the protocol. */
  async serve<T>(what: string, context: ServerContext, run: (call: Call) => Promise<T> | T): Promise<T> {
    const correlation = randomBytes(6).toString('hex')
    try {
      return await this.#limited(what, correlation, context, { timeoutMs: this.#timeoutMs, ifLate: LESS }, run)
    } catch (error) {
      const { text, error: told } = this.#failed(what, correlation, error)
      const isOurs = told.kind === 'internal_error' || told.kind === 'upstream_error'
      throw new ProtocolError(isOurs ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams, text, told)
    }
  }

  async #attempt(
    tool: string,
    context: ServerContext,
    limit: TimeLimit,
    run: (call: Call) => Promise<Answer<unknown>>,
  ): Promise<CallToolResult> {
    const correlation = randomBytes(6).toString('hex')
    try {
      const { text, data, more = [] } = await this.#limited(tool, correlation, context, limit, run)
      return { content: [{ type: 'text', text }, ...more], structuredContent: data as Record<string, unknown> }
    } catch (error) {
      const told = this.#failed(tool, correlation, error)
      return {
        isError: true,
        content: [{ type: 'text', text: told.text }],
        structuredContent: { error: told.error },
      }
    }
  }

  async #limited<T>(
    tool: string,
    correlation: string,
    context: ServerContext,
    limit: TimeLimit,
    run: (call: Call) => Promise<T> | T,
  ): Promise<T> {
    const began = performance.now()
    const http = context.http?.authInfo?.extra as HttpCall | undefined
    const ended = (kind: string | null) => {
      this.#metrics?.ended(tool, (performance.now() - began) / 1000, kind)
      http?.ended(correlation, kind)
    }
    try {
      await this.#takeTurn()
      const deadline = AbortSignal.timeout(limit.timeoutMs)
      const signal = AbortSignal.any([context.mcpReq.signal, deadline])
      const caller = http ? { caller: http.caller } : {}
      const call = { signal, correlation, progress: progressOf(context), ...caller }
      const result = await this.#atOnce.execute(() => inTime(run(call), signal, tool, limit))
      ended(null)
      this.log.say('debug', 'answered', { tool, correlation, ms: Math.round(performance.now() - began) })
      return result
    } catch (error) {
      ended(failureOf(error).kind)
      throw error
    }
  }

  async #takeTurn(): Promise<void> {
    try {
      await this.#rate.consume('all')
    } catch (rejected) {
      const retryAfterMs = (rejected as RateLimiterRes).msBeforeNext
      const seconds = Math.ceil(retryAfterMs / 1000)
      throw new Failure(
        'rate_limited',
        'Too many calls in the last minute.',
        `Wait ${seconds} s, then go on more slowly.`,
        { retryAfterMs },
      )
    }
  }

  #failed(tool: string, correlation: string, error: unknown) {
    const { kind, message, suggestion, details } = failureOf(error)
    const isOurs = kind === 'internal_error'
    const cause = isOurs && error instanceof Error ? { cause: error.message, stack: error.stack } : {}
    this.log.say(isOurs ? 'error' : 'warn', message, { tool, correlation, kind, ...cause })
    const told = { kind, message, suggestion, details, correlationId: correlation }
    const text = `${sentence(message)} ${suggestion} (${kind}, ${correlation})`
    return JSON.parse(this.log.redact(JSON.stringify({ text, error: told }))) as { text: string; error: typeof told }
  }
}

/** As it is listed. What is given is checked here and not by the SDK, so that what is wrong is a failure like any other. */
function listed<S extends z.ZodObject>(schema: S): S {
  return { '~standard': { ...schema['~standard'], validate: (value: unknown) => ({ value }) } } as unknown as S
}

async function asked<I extends z.ZodObject>(tool: string, input: I, given: unknown): Promise<z.output<I>> {
  const read = await input.safeParseAsync(given)
  if (read.success) return read.data
  const short = (text: string) => text.slice(0, MOST_SAID)
  const issues = read.error.issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => ({ path: short(path.join('.')), message: short(message) }))
  const what = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
  throw new Failure(
    'validation_error',
    `${tool} cannot take these arguments: ${what}.`,
    'Correct them and call again.',
    { issues },
  )
}

const MOST_ISSUES = 10
const MOST_SAID = 300

/** Others' words end without a stop. */
const sentence = (words: string) => (/[.!?…:]$/.test(words) ? words : `${words}.`)

function failureOf(error: unknown): Failure {
  return error instanceof BulkheadRejectedError ? TOO_MANY_AT_ONCE : unforeseen(error)
}

const TOO_MANY_AT_ONCE = new Failure(
  'rate_limited',
  'Too many calls run at once.',
  'Wait for the answers of some of them.',
)

interface TimeLimit {
  timeoutMs: number
  ifLate: string
}
const LESS = 'Ask for less at once.'

async function inTime<T>(running: Promise<T> | T, signal: AbortSignal, tool: string, limit: TimeLimit): Promise<T> {
  try {
    return await orAborted(running, signal)
  } catch (error) {
    // What was running says so in words of its own; the reason is the same.
    throw signal.aborted && !(error instanceof Failure) ? abortedFailure(signal, tool, limit) : error
  }
}

function abortedFailure(signal: AbortSignal, tool: string, { timeoutMs, ifLate }: TimeLimit): Failure {
  const isLate = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
  return isLate
    ? new Failure('timeout', `${tool} was not done after ${timeoutMs / 1000} s.`, ifLate)
    : new Failure('timeout', `${tool} was taken back.`, 'Call it again if it is still wanted.')
}

function progressOf(context: ServerContext): Call['progress'] {
  const progressToken = context.mcpReq._meta?.progressToken
  if (progressToken === undefined) return () => {}
  return (progress, total, message) => {
    const params = {
      progressToken,
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message ? { message } : {}),
    }
    void context.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}
