// What a remote server's refusal, or its absence, means to a person: what happened, and which header or secret it is about.
import type { Launch } from '../../contract/servers.ts'
import { HubError } from '../error.ts'

const NAMES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}
const SHOWN_CHARACTERS = 300

/** An answer of HTTP's own, without an answer of MCP in it. */
export class HttpRefusal extends HubError {
  readonly status: number
  /** MCP's own answer to the request, when it came with the refusal. */
  answer: string | null = null

  constructor(code: string, status: number, message: string, hint?: string) {
    super(code, message, hint ? { hint } : {})
    this.status = status
  }
}

export function refusal(status: number, text: string, launch: Launch): HttpRefusal {
  const answered = `it answered ${status}${NAMES[status] ? ` (${NAMES[status]})` : ''}`
  if (status === 401 || status === 403) {
    const { what, hint } = credential(status, launch)
    return new HttpRefusal('server/unauthorized', status, `${answered}: ${what}`, hint)
  }
  const said = text
    .replaceAll(/<[^>]*>|\s+/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
  const message = `${answered}${said ? `: ${said.slice(0, SHOWN_CHARACTERS)}` : '.'}`
  const hint =
    status === 404 || status === 405 ? 'Check that the url is that of an MCP server, path included.' : undefined
  return new HttpRefusal('server/unreachable', status, message, hint)
}

/** Of a `fetch` that got no answer at all. `isGone`: the host is not there, rather than one connection that broke. */
export function noAnswer(error: unknown): { problem: HubError; isGone: boolean } {
  const [code, why] = causeOf(error)
  const problem = new HubError('server/unreachable', why, {
    cause: error,
    ...(HINTS[code] ? { hint: HINTS[code] } : {}),
  })
  return { problem, isGone: code in HINTS }
}

const NETWORK = 'Check the network connection, and the proxy if you use one.'
const HINTS: Record<string, string> = {
  ECONNREFUSED: 'Nobody listens at its url. Check that the server runs, and that host and port are right.',
  ENOTFOUND: `Its host is not known. Check the url. ${NETWORK}`,
  EAI_AGAIN: `Its host could not be looked up. ${NETWORK}`,
  EHOSTUNREACH: NETWORK,
  ENETUNREACH: NETWORK,
  ETIMEDOUT: NETWORK,
  UND_ERR_CONNECT_TIMEOUT: NETWORK,
}

/** `fetch failed` says nothing; what it was stands in the innermost cause. */
function causeOf(error: unknown): [code: string, why: string] {
  let at = error as { code?: string; message?: string; cause?: unknown; errors?: unknown[] }
  while (at.cause ?? at.errors?.[0]) at = (at.cause ?? at.errors?.[0]) as typeof at
  return [at.code ?? '', at.message || at.code || String(error)]
}

function credential(status: number, { headers }: Launch): { what: string; hint: string } {
  const names = Object.keys(headers)
  if (names.length === 0)
    return {
      what: 'it wants a credential, and no header is set.',
      hint: 'Add the header it asks for in its settings, such as Authorization: Bearer $' + '{secret:NAME}.',
    }
  const secrets = [
    ...new Set(Object.values(headers).flatMap(value => [...value.matchAll(/\$\{secret:([^}]+)\}/g)].map(m => m[1]!))),
  ]
  const which = `${names.length === 1 ? 'header' : 'headers'} ${names.join(', ')}`
  const how = status === 401 ? `the ${which} did not satisfy it.` : `what the ${which} stands for may not do this.`
  return {
    what: how,
    hint: secrets.length
      ? `Store ${secrets.length === 1 ? 'the secret' : 'the secrets'} ${secrets.join(', ')} anew in Credentials, then start it again.`
      : `Correct the ${which} in its settings.`,
  }
}
