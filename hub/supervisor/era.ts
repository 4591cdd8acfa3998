// Which of MCP's two eras a fresh server speaks: asked by a short `server/discover`, else greeted with `initialize`.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/lifecycle
import { memberAt } from '../../contract/wire.ts'
import { AnswerError, ask, type Hello, initialize, OURS } from './ask.ts'
import type { Multiplexer } from './multiplexer.ts'
import type { Era } from './upstream.ts'

/** Versions without `initialize` that Gatehouse speaks, newest first. */
export const MODERN_VERSIONS = ['2026-07-28']

/** What a request of the modern era says of who sends it, in its `_meta`. */
export const ENVELOPE = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
} as const

/** A server found to be of the legacy era is not asked again for this long: its package may have been updated since. */
const LEGACY_KNOWN_MS = 24 * 60 * 60 * 1_000

/** An earlier verdict. `probedAt`: epoch ms. */
export interface Verdict {
  era: Era
  probedAt: number
}

/** True when a server is worth asking; a clock that jumped asks once more. */
export function isWorthProbing(known: Verdict | null): boolean {
  return known?.era !== 'legacy' || Math.abs(Date.now() - known.probedAt) > LEGACY_KNOWN_MS
}

/**
 * Greets a server that has heard nothing yet and notes on the upstream what it answered. `probeMs`: how long `server/discover`
 * is waited for alone; then `initialize` goes out too, which decides where it is taken. Null: it was of the legacy era.
 */
export async function greet(
  upstream: Multiplexer,
  as: Hello,
  probeMs: number | null,
  signal: AbortSignal,
): Promise<Verdict> {
  if (probeMs === null) return greetKnown(upstream, as, signal)
  const giveUp = new AbortController()
  const both = AbortSignal.any([signal, giveUp.signal])
  const found = discover(upstream, as, both)
  // Whoever comes second is not waited for.
  found.catch(() => {})
  try {
    const first = await Promise.race([found, later(probeMs, both)])
    if (first) return settle(upstream, 'modern', first)
    const greeting = initialize(upstream, as, both).then((hello): Greeted => ({ era: 'legacy', hello }))
    if (first === null) return settle(upstream, 'legacy', (await greeting).hello)
    // It was silent: a slow server of either era, or one that ignores what it does not know. Who takes both, as servers of
    // the SDK 2.x that start slowly do, has been greeted by the second, and is asked anew at its next start.
    let isModern = false
    const taken = () => Promise.race([greeting.catch(() => undefined), later(probeMs, both)])
    const late = found.then(async (hello): Promise<Greeted> => {
      if (!hello) return greeting
      isModern = true
      return (await taken()) ?? { era: 'modern', hello }
    })
    const { era, hello } = await Promise.any([greeting, late])
    return { ...settle(upstream, era, hello), ...(era === 'legacy' && isModern ? ASK_ANEW : {}) }
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    giveUp.abort()
  }
}

const ASK_ANEW = { probedAt: 0 }

/** A server that refuses what it took before may have been updated since: it is asked after all. */
async function greetKnown(upstream: Multiplexer, as: Hello, signal: AbortSignal): Promise<Verdict> {
  try {
    return settle(upstream, 'legacy', await initialize(upstream, as, signal))
  } catch (error) {
    const found = error instanceof AnswerError ? await discover(upstream, as, signal) : null
    if (!found) throw error
    return settle(upstream, 'modern', found)
  }
}

interface Greeting {
  initialize: string
  protocolVersion: string
}

interface Greeted {
  era: Era
  hello: Greeting
}

function settle(upstream: Multiplexer, era: Era, hello: Greeting): Verdict {
  upstream.era = era
  upstream.initialize = hello.initialize
  upstream.protocolVersion = hello.protocolVersion
  return { era, probedAt: Date.now() }
}

/** Null: it does not speak the modern era, whatever it answered instead. Rejects when it ended or the signal says so. */
async function discover(upstream: Multiplexer, as: Hello, signal: AbortSignal): Promise<Greeting | null> {
  const version = MODERN_VERSIONS[0]!
  upstream.envelope = {
    [ENVELOPE.version]: version,
    [ENVELOPE.clientInfo]: as.clientInfo ?? OURS,
    [ENVELOPE.capabilities]: as.capabilities,
  }
  let result: string
  try {
    result = await ask(upstream, 'server/discover', { _meta: upstream.envelope }, signal)
  } catch (error) {
    // Refused by a remote server's HTTP, too: whether it can be reached at all, `initialize` finds out.
    if (error instanceof AnswerError || upstream.isOpen) return signal.aborted ? Promise.reject(error) : null
    throw error
  }
  const { supportedVersions, capabilities } = JSON.parse(result) as Record<string, unknown>
  const isDiscovery = Array.isArray(supportedVersions) && typeof capabilities === 'object' && capabilities !== null
  const ours = isDiscovery && MODERN_VERSIONS.find(one => supportedVersions.includes(one))
  return ours ? { initialize: result, protocolVersion: ours } : null
}

/** A server's name and version as it gave them; of the modern era in `_meta`. JSON text. */
export function serverInfoOf(greeting: string, era: Era): string | undefined {
  const path = era === 'modern' ? ['_meta', 'io.modelcontextprotocol/serverInfo'] : ['serverInfo']
  const at = memberAt(greeting, path)
  return at && greeting.slice(at.start, at.end)
}

function later(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(undefined), ms)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}
