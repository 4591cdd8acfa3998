// Is a service up? Asks its URL as anybody would, and tells the state, the time it took and how long its certificate lasts.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { orAborted } from '../kit/or-aborted.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { AllowedAddresses } from './addresses.ts'
import { type Probing, probe } from './probe.ts'

const SOON_DAYS = 14
const url = z.string().min(1).max(2_000)

const Health = z.object({
  url: z.string(),
  status: z.enum(['healthy', 'unhealthy', 'error']),
  statusCode: z.number().optional(),
  responseTimeMs: z.number(),
  redirects: z.array(z.string()),
  tls: z
    .object({
      host: z.string(),
      trusted: z.boolean(),
      problem: z.string().optional(),
      subject: z.string().optional(),
      issuer: z.string().optional(),
      expiresAt: z.string().optional(),
      expiresInDays: z.number().optional(),
    })
    .optional(),
  problem: z.object({ kind: z.string(), message: z.string(), suggestion: z.string() }).optional(),
})
type Health = z.output<typeof Health>

export function addHealthTools(
  kit: Kit,
  server: McpServer,
  { allowed, resolve }: { allowed: AllowedAddresses; resolve?: Probing['resolve'] },
): void {
  kit.tool(
    server,
    'check_service_health',
    {
      title: 'Check the health of services',
      description:
        'Asks each URL once with GET (redirects are followed) and tells whether it answers, how fast, and how long its TLS certificate lasts. healthy: it answered below 400; unhealthy: 400 or above, or its certificate is not trusted; error: no answer. Only public addresses, unless the person allowed others.',
      input: z.object({
        url: url.optional().describe('http:// or https://, without user and password'),
        urls: z.array(url).min(1).max(20).optional().describe('Several at once'),
        timeout: z.int().min(100).max(20_000).default(5_000).describe('Milliseconds, for each'),
      }),
      output: z.object({ results: z.array(Health), healthy: z.number(), total: z.number() }),
      annotations: { ...READS, idempotentHint: false, openWorldHint: true },
    },
    async ({ url, urls = [], timeout }, { signal, progress }) => {
      const all = [...new Set([...(url === undefined ? [] : [url]), ...urls])]
      if (all.length === 0) throw new Failure('validation_error', 'No URL was given.', 'Give url, or urls.')
      let done = 0
      const results = await Promise.all(
        all.map(async one => {
          const health = await checkOne(one, timeout, { allowed, signal, ...(resolve ? { resolve } : {}) })
          progress(++done, all.length)
          return health
        }),
      )
      signal.throwIfAborted()
      refuseIfAllRefused(results)
      const healthy = results.filter(({ status }) => status === 'healthy').length
      return { text: results.map(inWords).join('\n'), data: { results, healthy, total: results.length } }
    },
  )
}

/** Nothing of what was asked is allowed: that is a refusal, not a state. */
function refuseIfAllRefused(results: Health[]): void {
  const problems = results.map(({ problem }) => problem)
  const kinds = new Set(problems.map(problem => problem?.kind))
  const [first] = problems
  const [kind] = kinds
  if (!first || kinds.size !== 1 || (kind !== 'permission_denied' && kind !== 'validation_error')) return
  const refused = results.map(({ url, problem }) => ({ url, message: problem!.message }))
  throw new Failure(kind, first.message, first.suggestion, { refused })
}

async function checkOne(given: string, timeoutMs: number, probing: Probing): Promise<Health> {
  const url = withoutUser(given)
  const late = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([probing.signal, late])
  const began = performance.now()
  const took = () => Math.round(performance.now() - began)
  try {
    // A name that is looked up does not listen to a signal.
    const { statusCode, tls, redirects } = await orAborted(probe(given, { ...probing, signal }), signal)
    const isUp = statusCode !== undefined && statusCode < 400
    const facts = { ...(statusCode === undefined ? {} : { statusCode }), ...(tls ? { tls } : {}) }
    return { url, status: isUp ? 'healthy' : 'unhealthy', responseTimeMs: took(), redirects, ...facts }
  } catch (error) {
    const { kind, message, suggestion } = late.aborted ? tooLate(timeoutMs) : failureOf(error)
    return { url, status: 'error', responseTimeMs: took(), redirects: [], problem: { kind, message, suggestion } }
  }
}

/** As it is said again. */
function withoutUser(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url?.username && !url?.password) return text
  url.username = ''
  url.password = ''
  return url.href
}

function tooLate(timeoutMs: number): Failure {
  return new Failure(
    'timeout',
    `No answer in ${timeoutMs} ms.`,
    'Give it more time with timeout, or look at the service.',
  )
}

const BY_CODE: Record<string, string> = {
  ENOTFOUND: 'There is no host of this name.',
  EAI_AGAIN: 'Its name cannot be looked up at the moment.',
  ECONNREFUSED: 'Nothing listens there.',
  ECONNRESET: 'It closed the connection without an answer.',
  UND_ERR_SOCKET: 'It closed the connection without an answer.',
  EHOSTUNREACH: 'There is no way to it.',
  ENETUNREACH: 'There is no way to it.',
  ETIMEDOUT: 'It did not answer.',
  EPROTO: 'It does not speak TLS.',
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  const { code = '', name } = error as NodeJS.ErrnoException
  const said =
    BY_CODE[code] ??
    (name === 'HTTPParserError'
      ? 'What it answered is not HTTP.'
      : /SSL|TLS/.test(code)
        ? BY_CODE.EPROTO!
        : 'It cannot be reached.')
  return new Failure('upstream_error', said, 'Look at the URL and at the service.', { code })
}

function inWords({ url, status, statusCode, responseTimeMs, tls, redirects, problem }: Health): string {
  const facts = [
    statusCode === undefined ? null : `HTTP ${statusCode} in ${responseTimeMs} ms`,
    redirects.length > 0 ? `led to ${redirects.at(-1)}` : null,
    tls && !tls.trusted ? `its certificate is not trusted (${tls.problem}), so nothing was asked` : null,
    tls?.expiresInDays !== undefined && tls.expiresInDays < SOON_DAYS
      ? `its certificate ends in ${tls.expiresInDays} days`
      : null,
    problem?.message ?? null,
  ]
  return `${url}: ${status}. ${facts.filter(fact => fact !== null).join('; ')}`
}
