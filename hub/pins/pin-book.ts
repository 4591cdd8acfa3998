// The pins of all servers: what each listed first after it was agreed to, and what of its tools is held back since.
import { homedir } from 'node:os'
import { z } from 'zod'
import type { AuditEvent } from '../../contract/audit.ts'
import { type HeldTool, PackageRan, type Pins } from '../../contract/pins.ts'
import type { Launch } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { checkTool } from './check-text.ts'
import { packageRan } from './package-ran.ts'
import { INSTRUCTIONS, isPinned, type Listed, PinnedTool, pinnedTools } from './pinned-tool.ts'
import { renamesAmong } from './renamed.ts'

const Pin = z.object({
  /** Of the definition that was agreed to: another command is another server, and is pinned anew. */
  digest: z.string(),
  at: z.number(),
  package: PackageRan.nullable(),
  /** Null from the agreement to the first listing. */
  tools: z.record(z.string(), PinnedTool).nullable(),
})
type Pin = z.infer<typeof Pin> & { tools: Record<string, PinnedTool> }

/** A server as the registry knows it. `bundled`: comes with Gatehouse, whose updates a person chose. */
interface Known {
  id: string
  name: string
  digest: string
  launch: Launch
  bundled: boolean
}

export interface PinBookOptions {
  sealed: Sealed
  announcer: Announcer
  audit: { append(event: AuditEvent, o: { durable: boolean }): Promise<void> }
  find: (id: string) => Known
  isTrusted: (id: string) => boolean
  /** No person ever agrees here: what is listed first is pinned. */
  isUnattended: boolean
  /** What was listed last; null when nothing was. */
  listed: (id: string) => Listed | null
  /** Names of the tools of all other servers. */
  otherTools: (id: string) => readonly string[]
  redact: (text: string) => string
  home?: string
}

/** What was worked out for one listing; looked at on every call. */
interface Looked {
  listing: Listed
  tools: ReadonlyMap<string, PinnedTool>
  held: ReadonlySet<string>
}

export class PinBook {
  readonly #o: PinBookOptions
  readonly #looked = new Map<string, Looked>()
  readonly #told = new Map<string, string>()
  readonly #ran = new Map<string, PackageRan | null>()

  constructor(options: PinBookOptions) {
    this.#o = options
    const forget = (id: string) => void this.#looked.delete(id)
    options.announcer.on('servers/changed', forget)
    options.announcer.on('servers/listing-changed', forget)
    options.announcer.on('vault/changed', () => this.#looked.clear())
  }

  /** A running server was listed. The first listing after an agreement is the pin; a later one is compared with it. */
  listed(id: string, listing: Listed): void {
    const known = this.#o.find(id)
    this.#looked.delete(id)
    const ran = packageRan(known.launch, this.#o.home ?? homedir())
    this.#ran.set(id, ran)
    if (this.#isDue(known)) {
      const own = Object.fromEntries(pinnedTools(listing, this.#o.redact))
      this.#put(known, { digest: known.digest, at: Date.now(), package: ran, tools: own })
      return
    }
    const pin = this.#pin(known)
    this.#freshen(known, pin, listing)
    this.#tell(known, pin, ran)
  }

  /** May nobody see or call this tool now? */
  isHeld(id: string, tool: string): boolean {
    return tool === INSTRUCTIONS || (this.#look(id)?.held.has(tool) ?? false)
  }

  /** Are its instructions kept from every client now? */
  isSilent(id: string): boolean {
    return this.#look(id)?.held.has(INSTRUCTIONS) ?? false
  }

  /** How many tools are held back. */
  count(id: string): number {
    return this.#look(id)?.held.size ?? 0
  }

  pins(id: string): Pins {
    const known = this.#o.find(id)
    const pin = this.#pin(known)
    const looked = this.#look(id)
    const now = this.#ran.get(id) ?? null
    const pinned = pin?.package ?? null
    return {
      pinnedAt: pin?.at ?? null,
      held: looked ? heldTools(pin, looked, this.#o.otherTools(id)) : [],
      removed: pin && looked ? Object.keys(pin.tools).filter(name => !looked.tools.has(name)) : [],
      package: { pinned, now, differs: pinned !== null && now !== null && !isSame(pinned, now) },
    }
  }

  /** Throws HubError when one of these is no longer what a person was shown; `hash` says what that was. */
  expects(id: string, tools: readonly { name: string; hash: string }[]): void {
    const { name: server } = this.#o.find(id)
    const now = this.#look(id)?.tools
    for (const { name, hash } of tools) {
      if (now?.get(name)?.hash === hash) continue
      throw new HubError('pins/changed-meanwhile', `${server} changed ${name} again while you looked at it.`, {
        hint: 'Nothing was accepted. Look at it again.',
      })
    }
  }

  /** A person has seen these, exactly as they are. `acceptPackage`: and the version of the package that runs now. */
  accept(id: string, tools: readonly { name: string; hash: string }[], acceptPackage: boolean): void {
    this.expects(id, tools)
    const known = this.#o.find(id)
    const looked = this.#look(id)
    if (!looked || this.#isDue(known)) throw new HubError('pins/none', `Nothing of ${known.name} is held back.`)
    const pin = this.#pin(known) ?? { digest: known.digest, at: Date.now(), package: null, tools: {} }
    const accepted = tools.map(({ name }) => [name, looked.tools.get(name)!] as const)
    const own = { ...pin.tools, ...Object.fromEntries(accepted) }
    // An old name that is listed no more is let go with its new one.
    for (const { name, renamedFrom } of heldTools(pin, looked))
      if (renamedFrom && tools.some(one => one.name === name)) delete own[renamedFrom]
    this.#put(known, { ...pin, package: acceptPackage ? (this.#ran.get(id) ?? pin.package) : pin.package, tools: own })
    this.#told.delete(id)
    this.#o.announcer.emit('servers/listing-changed', id)
    this.#o.announcer.emit('servers/changed', id)
  }

  #look(id: string): Looked | undefined {
    const listing = this.#o.listed(id)
    if (!listing) return undefined
    const known = this.#looked.get(id)
    if (known?.listing === listing) return known
    const server = this.#o.find(id)
    const pin = this.#pin(server)
    const tools = pinnedTools(listing, this.#o.redact)
    const isFree = server.bundled || this.#isDue(server)
    const trusted = this.#o.isTrusted(id)
    const isHeld = (name: string, tool: PinnedTool) => {
      // A pin that is gone was taken out by hand: nobody can tell what of this was seen.
      if (!pin) return true
      const before = Object.hasOwn(pin.tools, name) ? pin.tools[name] : undefined
      return before ? !isPinned(tool, before) : !trusted
    }
    const held = new Set(isFree ? [] : [...tools].flatMap(([name, tool]) => (isHeld(name, tool) ? [name] : [])))
    const looked = { listing, tools, held }
    this.#looked.set(id, looked)
    return looked
  }

  #pin({ id, digest }: Known): Pin | undefined {
    const { tools, ...pin } = this.#o.sealed.get('pin', id, Pin) ?? { digest: null, tools: null }
    return pin.digest === digest && tools ? { ...pin, tools } : undefined
  }

  /** Is the next listing the first one after the agreement? */
  #isDue(known: Known): boolean {
    if (this.#pin(known)) return false
    const isFirst = this.#o.sealed.get('pin', known.id, Pin)?.digest === known.digest
    return isFirst || known.bundled || this.#o.isUnattended
  }

  /** What is kept on disk of the same definition may look otherwise now: another secret is known. */
  #freshen(known: Known, pin: Pin | undefined, listing: Listed): void {
    if (!pin) return
    const others = [...pinnedTools(listing, this.#o.redact)].filter(([name, { hash, stored }]) => {
      const before = Object.hasOwn(pin.tools, name) ? pin.tools[name] : undefined
      return before?.hash === hash && before.stored !== stored
    })
    if (others.length > 0) this.#put(known, { ...pin, tools: { ...pin.tools, ...Object.fromEntries(others) } })
  }

  #put({ id }: Known, pin: Pin): void {
    this.#o.sealed.put('pin', id, pin)
    this.#looked.delete(id)
  }

  /** Each change once, however often it is listed. */
  #tell({ id, name }: Known, pin: Pin | undefined, ran: PackageRan | null): void {
    const looked = this.#look(id)
    const held = looked ? heldTools(pin, looked) : []
    const version = pin?.package && ran && !isSame(pin.package, ran) ? `${words(pin.package)} → ${words(ran)}` : ''
    const said = JSON.stringify([held.map(one => [one.name, one.hash]), version])
    if (this.#told.get(id) === said || (held.length === 0 && !version)) return
    this.#told.set(id, said)
    const record = (what: string, detail: string) =>
      void this.#o.audit
        .append({ kind: 'server', what, server: id, by: 'gatehouse', detail }, { durable: false })
        .catch(() => {})
    if (version) record('server/package-changed', `${name}: ${version}`)
    if (held.length === 0) return
    const list = held.map(one => `${one.name} (${one.renamedFrom ? `was ${one.renamedFrom}` : one.kind})`)
    record('tools/held-back', list.join(', '))
    this.#o.announcer.emit('servers/changed', id)
  }
}

function heldTools(pin: Pin | undefined, { tools, held }: Looked, others: readonly string[] = []): HeldTool[] {
  const pinned = pin?.tools ?? {}
  const added = new Map([...tools].filter(([name]) => held.has(name) && !Object.hasOwn(pinned, name)))
  const removed = new Map(Object.entries(pinned).filter(([name]) => !tools.has(name)))
  const renames = renamesAmong(added, removed)
  return [...held].map(name => {
    const { hash, text } = tools.get(name)!
    const renamedFrom = renames.get(name) ?? null
    const before = (Object.hasOwn(pinned, renamedFrom ?? name) ? pinned[renamedFrom ?? name] : undefined)?.text ?? null
    const kind = renamedFrom ? 'renamed' : before === null ? 'new' : 'changed'
    return { name, kind, renamedFrom, before, after: text, hash, findings: checkTool(JSON.parse(text), others) }
  })
}

function isSame(a: PackageRan, b: PackageRan): boolean {
  return a.name === b.name && a.version === b.version && a.integrity === b.integrity
}

function words({ name, version, integrity }: PackageRan): string {
  return `${name}${version ? ` ${version}` : ''}${integrity ? ` (${integrity.slice(0, 20)}…)` : ''}`
}
