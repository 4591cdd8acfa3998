// One health check: follows a URL to its end, each hop to an address that was checked just before and to no other.
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { Failure } from '../kit/failure.ts'
import type { AllowedAddresses } from './addresses.ts'

const MOST_REDIRECTS = 5
const REDIRECTS = [301, 302, 303, 307, 308]
const DAY_MS = 86_400_000
const LONGEST_TOLD = 300
/** Longer than anybody waits: then what is still being connected is closed. */
const CONNECT_MS = 25_000

export interface Address {
  address: string
  family: number
}

export interface Tls {
  host: string
  trusted: boolean
  /** Why it is not trusted, in OpenSSL's words. */
  problem?: string
  subject?: string
  issuer?: string
  /** Absent where the certificate gives no time that can be read. */
  expiresAt?: string
  expiresInDays?: number
}

export interface Reached {
  statusCode?: number
  /** Where it was led, in order. */
  redirects: string[]
  tls?: Tls
}

export interface Probing {
  allowed: AllowedAddresses
  signal: AbortSignal
  resolve?: (host: string) => Promise<Address[]>
}

/** Throws Failure for what may not be asked, and the network's own errors. A certificate nobody trusts is sent nothing. */
export async function probe(url: string, { allowed, signal, resolve = everyAddress }: Probing): Promise<Reached> {
  const reached: Reached = { redirects: [] }
  let target = askable(url)
  for (;;) {
    const addresses = await checked(target.hostname, allowed, resolve).catch(led(reached))
    signal.throwIfAborted()
    const hop = await ask(target, addresses, signal)
    if (hop.tls) reached.tls = hop.tls
    else delete reached.tls
    if (hop.statusCode === undefined) return reached
    if (!REDIRECTS.includes(hop.statusCode) || hop.location === undefined)
      return { ...reached, statusCode: hop.statusCode }
    if (reached.redirects.length === MOST_REDIRECTS)
      throw new Failure('upstream_error', `It leads on more than ${MOST_REDIRECTS} times.`, 'Check where it leads to.')
    target = onward(hop.location, target)
    reached.redirects.push(told(target))
  }
}

/** What is wrong with where it leads to is the service's doing. */
function onward(location: string, from: URL): URL {
  try {
    return askable(location, from)
  } catch (error) {
    const { message } = error as Failure
    throw new Failure('upstream_error', `It leads on, but: ${message}`, 'Look at where the service leads to.')
  }
}

function led({ redirects }: Reached): (error: unknown) => never {
  return error => {
    if (!(error instanceof Failure) || redirects.length === 0) throw error
    throw new Failure(error.kind, `It leads to ${redirects.at(-1)}, but: ${error.message}`, error.suggestion)
  }
}

/** What stands behind the path may be a key. */
function told({ origin, pathname }: URL): string {
  return (origin + pathname).slice(0, LONGEST_TOLD)
}

function askable(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new Failure('validation_error', 'This is no URL.', 'Give it as https://…')
  const url = new URL(text, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Failure('validation_error', `${url.protocol} is not checked.`, 'Give a URL with http:// or https://.')
  if (url.username || url.password)
    throw new Failure('validation_error', 'The URL has a user or password in it.', 'Give it without.')
  return url
}

function everyAddress(host: string): Promise<Address[]> {
  return lookup(host, { all: true })
}

/** All addresses of a host, none of which is refused. */
async function checked(
  hostname: string,
  allowed: AllowedAddresses,
  resolve: (host: string) => Promise<Address[]>,
): Promise<Address[]> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const addresses = await resolve(host)
  for (const { address } of addresses) {
    const why = allowed.refuses(address)
    if (why === null) continue
    const who = address === host ? host : `${host} leads to ${address}, which`
    throw new Failure(
      'permission_denied',
      `${who} is ${why}, so it is not checked.`,
      'Ask the person to allow it in HEALTH_ALLOW, if it is theirs.',
    )
  }
  return addresses
}

interface Hop {
  statusCode?: number
  location?: string
  tls?: Tls
}

class NotTrusted extends Error {}

async function ask(url: URL, addresses: Address[], signal: AbortSignal): Promise<Hop> {
  // Loaded here, so that the server starts without it.
  const { buildConnector, Client } = await import('undici')
  const hop: Hop = {}
  const connect = buildConnector({ lookup: pinned(addresses), rejectUnauthorized: false, timeout: CONNECT_MS })
  const client = new Client(url.origin, {
    connect: (options, callback) =>
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null)
        if (socket instanceof TLSSocket) {
          hop.tls = factsOf(socket, url.hostname)
          if (!hop.tls.trusted) {
            socket.destroy()
            return callback(new NotTrusted(), null)
          }
        }
        callback(null, socket)
      }),
  })
  try {
    const { statusCode, headers, body } = await client.request({
      path: url.pathname + url.search,
      method: 'GET',
      headers: { 'user-agent': 'mcp-monitoring', accept: '*/*' },
      signal,
    })
    // What it says does not matter, and must not be handed on.
    body.on('error', () => {}).destroy()
    hop.statusCode = statusCode
    const { location } = headers
    if (typeof location === 'string') hop.location = location
    return hop
  } catch (error) {
    if (error instanceof NotTrusted) return hop
    throw error
  } finally {
    void client.destroy()
  }
}

/** Whatever the name means by now: these addresses. */
function pinned(addresses: Address[]): LookupFunction {
  return (_host, { all }, callback) => {
    if (all) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  }
}

function factsOf(socket: TLSSocket, host: string): Tls {
  const { subject, issuer, valid_to: until }: Partial<DetailedPeerCertificate> = socket.getPeerCertificate()
  const expires = Date.parse(until ?? '')
  const problem = socket.authorized ? {} : { problem: `${socket.authorizationError}` }
  return {
    host,
    trusted: socket.authorized,
    ...problem,
    ...named('subject', subject?.CN),
    ...named('issuer', issuer?.CN ?? issuer?.O),
    ...(Number.isNaN(expires)
      ? {}
      : {
          expiresAt: new Date(expires).toISOString(),
          expiresInDays: Math.floor((expires - Date.now()) / DAY_MS),
        }),
  }
}

function named(key: 'subject' | 'issuer', value: string | string[] | undefined) {
  return value === undefined ? {} : { [key]: [value].flat().join(', ').slice(0, 200) }
}
