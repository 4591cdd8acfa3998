// Everything a server offers: all pages of all four lists, each entry as the server wrote it, within limits.
import { elements, memberAt, members } from '../../contract/wire.ts'
import { AnswerError, ask } from './ask.ts'
import type { ListName, RawListing, Upstream } from './upstream.ts'

export interface ListingLimits {
  entries: number
  pages: number
  bytes: number
}

const LIMITS: ListingLimits = { entries: 10_000, pages: 200, bytes: 32 * 1024 * 1024 }
/** Of one list: more say nothing new. */
const MOST_WARNINGS = 10
const MOST_BESIDES = 65_536
const METHOD_NOT_FOUND = -32_601

interface List {
  name: ListName
  method: string
  capability: 'tools' | 'prompts' | 'resources'
  /** The member that names an entry. Entries without it can be called by nobody. */
  key: 'name' | 'uri' | 'uriTemplate'
}

const LISTS: List[] = [
  { name: 'tools', method: 'tools/list', capability: 'tools', key: 'name' },
  { name: 'prompts', method: 'prompts/list', capability: 'prompts', key: 'name' },
  { name: 'resources', method: 'resources/list', capability: 'resources', key: 'uri' },
  { name: 'resourceTemplates', method: 'resources/templates/list', capability: 'resources', key: 'uriTemplate' },
]

/** What a listing knows of its server's greeting comes with it. Asks only for what the server says it has. Tools that cannot be listed are a failure; the rest is a warning. */
export async function listAll(
  upstream: Upstream,
  probedAt: number,
  signal: AbortSignal,
  limits: ListingLimits = LIMITS,
): Promise<RawListing> {
  const { capabilities = {} } = JSON.parse(upstream.initialize) as { capabilities?: Record<string, unknown> }
  const warnings: string[] = []
  const budget = { pages: limits.pages, bytes: limits.bytes }
  const around: RawListing['around'] = {}
  const found: Record<ListName, string[]> = { tools: [], prompts: [], resources: [], resourceTemplates: [] }
  for (const list of LISTS) {
    if (!capabilities[list.capability]) continue
    try {
      found[list.name] = await listOne(upstream, list, signal, { entries: limits.entries, budget, warnings, around })
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error
      if (error.answer === METHOD_NOT_FOUND) continue
      if (list.name === 'tools') throw error
      warnings.push(error.message)
    }
  }
  const { era, initialize } = upstream
  return { at: Date.now(), era, probedAt, initialize, ...found, around, warnings }
}

/**
 * Lists that hold what they held before keep their order: many servers list in another one at each start, and a client that
 * is told of it reads all tools again.
 */
export function inKnownOrder(known: RawListing | null, listing: RawListing): RawListing {
  const same = LISTS.filter(({ name }) => known && holdsTheSame(known[name], listing[name]))
  return { ...listing, ...Object.fromEntries(same.map(({ name }) => [name, known![name]])) }
}

function holdsTheSame(a: readonly string[], b: readonly string[]): boolean {
  const left = new Set(a)
  return a.length === b.length && b.every(one => left.delete(one))
}

/** True when a client would see a difference. */
export function differs(a: RawListing | null, b: RawListing): boolean {
  const shown = ({ at: _, probedAt: __, around: ___, ...rest }: RawListing) => JSON.stringify(rest)
  return a === null || shown(a) !== shown(b)
}

interface Room {
  entries: number
  /** Shared by all lists of one listing. */
  budget: { pages: number; bytes: number }
  warnings: string[]
  around: RawListing['around']
}

async function listOne(upstream: Upstream, list: List, signal: AbortSignal, room: Room): Promise<string[]> {
  const found = new Map<string, string>()
  const cursors = new Set<string>()
  let left = MOST_WARNINGS
  const warn = (why: string) => {
    if (left-- > 0) room.warnings.push(`${list.method}: ${why}`)
  }
  for (let cursor: string | undefined; ; ) {
    if (room.budget.pages-- <= 0) {
      warn('it has too many pages; what came after is left out.')
      break
    }
    const page = await ask(upstream, list.method, cursor === undefined ? {} : { cursor }, signal)
    room.budget.bytes -= page.length
    if (room.budget.bytes < 0) {
      warn('it is too large; what came after is left out.')
      break
    }
    if (cursor === undefined) room.around[list.name] = besides(page, list.name)
    if (!take(page, list, found, room.entries, warn)) break
    const next = (JSON.parse(page) as { nextCursor?: unknown }).nextCursor
    if (typeof next !== 'string') break
    if (cursors.has(next)) {
      warn('its pages go round in a circle; each was taken once.')
      break
    }
    cursors.add(next)
    cursor = next
  }
  return [...found.values()]
}

/** The page without its entries and its cursor. What is very long is not kept. */
function besides(page: string, name: ListName): string {
  const kept = members(page).filter(m => m.key !== name && m.key !== 'nextCursor')
  const text = kept.map(m => `${JSON.stringify(m.key)}:${page.slice(m.start, m.end)}`).join(',')
  return text.length > MOST_BESIDES ? '{}' : `{${text}}`
}

/** False: the list is full. */
function take(
  page: string,
  list: List,
  found: Map<string, string>,
  most: number,
  warn: (why: string) => void,
): boolean {
  const at = memberAt(page, [list.name])
  for (const { start, end } of at ? elements(page, at.start) : []) {
    const text = page.slice(start, end)
    const key = nameOf(text, list.key)
    if (key === undefined) warn(`an entry without a ${list.key} is left out.`)
    else if (found.has(key)) warn(`${JSON.stringify(key)} is there twice; the first counts.`)
    else if (found.size >= most) {
      warn(`it has more than ${most} entries; what came after is left out.`)
      return false
    } else found.set(key, text)
  }
  return true
}

function nameOf(text: string, key: string): string | undefined {
  const entry: unknown = JSON.parse(text)
  if (typeof entry !== 'object' || entry === null) return undefined
  const name = (entry as Record<string, unknown>)[key]
  return typeof name === 'string' && name !== '' ? name : undefined
}
