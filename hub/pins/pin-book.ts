// The pins of all servers: what each listed first after it was agreed to, and what of its tools is held back since.
import { homedir } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { AuditEvent } from '../../contract/audit.ts'
import { type FoundIn, INSTRUCTIONS, type PackageRan, type Pins, type TextFinding } from '../../contract/pins.ts'
import type { Launch } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { heldNames, heldTools, renamedTools } from './held-tools.ts'
import { ListedTools } from './listed-tools.ts'
import { packageRan } from './package-ran.ts'
import { isSame, type Pin, words } from './pin.ts'
import { isPinned, type Listed, type PinnedTool } from './pinned-tool.ts'
import { StoredPins } from './stored-pins.ts'
import { Told } from './told.ts'

/** So many tools with findings are shown. */
const MOST_FOUND = 200
/** Of definitions looked through before others have a turn. */
const CHARS_AT_ONCE = 200_000

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
  /** Ids of all servers. */
  servers: () => readonly string[]
  find: (id: string) => Known
  isTrusted: (id: string) => boolean
  /** No person ever agrees here: what is listed first is pinned. */
  isUnattended: boolean
  /** What was listed last; null when nothing was. */
  listed: (id: string) => Listed | null
  redact: (text: string) => string
  /** What servers are started in. */
  environment: Promise<NodeJS.ProcessEnv>
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
  readonly #tools: ListedTools
  readonly #stored: StoredPins
  readonly #looked = new Map<string, Looked>()
  readonly #told: Told
  readonly #ran = new Map<string, PackageRan | null>()
  readonly #flagged = new Map<string, number>()
  /** First listings that are being looked through: nothing of them is seen yet. */
  readonly #reading = new Map<string, Listed>()
  #closed = false

  constructor(options: PinBookOptions) {
    this.#o = options
    this.#tools = new ListedTools(options)
    this.#stored = new StoredPins(options)
    this.#told = new Told(options.audit)
    const forget = (id: string) => void this.#looked.delete(id)
    options.announcer.on('servers/changed', forget)
    options.announcer.on('servers/listing-changed', forget)
    for (const name of ['vault/changed', 'secrets/changed'] as const)
      options.announcer.on(name, () => {
        this.#tools.forget()
        this.#looked.clear()
      })
  }

  /**
   * A running server was listed. The first listing after an agreement is the pin, but for what may be meant for the model
   * rather than for people: that is held back like a change. A later one is compared with it.
   */
  listed(id: string, listing: Listed): void {
    const known = this.#o.find(id)
    this.#looked.delete(id)
    void this.#findPackage(known).catch(() => {})
    if (this.#isDue(known)) {
      void this.#pinFirst(known, listing)
      return
    }
    this.#freshen(known, this.#pin(known), listing)
    this.#tell(known)
    void this.#flag(id, listing, false)
  }

  /** How many of its tools have passages worth reading. */
  flagged(id: string): number {
    return this.#flagged.get(id) ?? 0
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

  /** When its tools were first seen after it was agreed to; null before. */
  pinnedAt(id: string): number | null {
    return this.#pin(this.#o.find(id))?.at ?? null
  }

  pins(id: string): Pins {
    const known = this.#o.find(id)
    const pin = this.#pin(known)
    const looked = this.#look(id)
    const [now, pinned] = [this.#ran.get(id) ?? null, pin?.package ?? null]
    const isOther = this.#tools.isOther(id)
    return {
      pinnedAt: pin?.at ?? null,
      held: looked ? heldTools(pin?.tools, looked, tool => this.#tools.findings(tool, isOther)) : [],
      heldCount: looked?.held.size ?? 0,
      found: looked ? this.#found(id, looked.listing) : [],
      removed: pin && looked ? Object.keys(pin.tools).filter(name => !looked.tools.has(name)) : [],
      package: { pinned, now, differs: pinned !== null && now !== null && !isSame(pinned, now) },
    }
  }

  /** What the offline check says of one of its tools. */
  findings(id: string, tool: string): TextFinding[] {
    const own = this.#look(id)?.tools.get(tool)
    return own ? this.#tools.findings(own, this.#tools.isOther(id)) : []
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
    for (const [name, old] of renamedTools(pin.tools, looked)) if (tools.some(one => one.name === name)) delete own[old]
    this.#put(known, { ...pin, package: acceptPackage ? (this.#ran.get(id) ?? pin.package) : pin.package, tools: own })
    this.#told.settled(id)
    this.#o.announcer.emit('servers/listing-changed', id)
    this.#o.announcer.emit('servers/changed', id)
  }

  close(): void {
    this.#closed = true
  }

  async #pinFirst(known: Known, listing: Listed): Promise<void> {
    const { id, digest } = known
    const tools = this.#tools.of(id, listing)
    const isSeen = known.bundled || this.#o.isUnattended
    const own = new Map(isSeen ? tools : [])
    if (!isSeen) {
      let left = CHARS_AT_ONCE
      for (const [name, tool] of tools) {
        left -= tool.text.length
        if (left < 0) {
          this.#reading.set(id, listing)
          await setImmediate()
          left = CHARS_AT_ONCE / 10
        }
        if (!this.#tools.isGrave(tool)) own.set(name, tool)
      }
    }
    const wasLong = this.#reading.get(id) === listing
    if (wasLong) this.#reading.delete(id)
    if (this.#closed || this.#o.listed(id) !== listing || this.#o.find(id).digest !== digest) return
    this.#put(known, { digest, at: Date.now(), package: null, tools: Object.fromEntries(own) })
    this.#tell(known)
    void this.#flag(id, listing, true)
    if (wasLong) this.#o.announcer.emit('servers/listing-changed', id)
  }

  async #flag(id: string, listing: Listed, isFirst: boolean): Promise<void> {
    const count = await this.#told.flagged(id, this.#tools.eachFound(id, listing), isFirst)
    if (this.#closed || this.#o.listed(id) !== listing || this.flagged(id) === count) return
    this.#looked.delete(id)
    this.#flagged.set(id, count)
    this.#o.announcer.emit('servers/changed', id)
  }

  #found(id: string, listing: Listed): FoundIn[] {
    const found: FoundIn[] = []
    for (const one of this.#tools.eachFound(id, listing)) {
      if (one.findings.length > 0) found.push(one)
      if (found.length >= MOST_FOUND) break
    }
    return found
  }

  #look(id: string): Looked | undefined {
    const listing = this.#o.listed(id)
    if (!listing) return undefined
    const known = this.#looked.get(id)
    if (known?.listing === listing) return known
    const server = this.#o.find(id)
    const pin = this.#pin(server)
    const tools = this.#tools.of(id, listing)
    const isFree = server.bundled || (this.#isDue(server) && !this.#reading.has(id))
    const trusted = this.#o.isTrusted(id)
    let left = CHARS_AT_ONCE
    const isHeld = (name: string, tool: PinnedTool) => {
      // A pin that is gone was taken out by hand: nobody can tell what of this was seen.
      if (!pin) return true
      const before = Object.hasOwn(pin.tools, name) ? pin.tools[name] : undefined
      if (before) return !isPinned(tool, before)
      if (!trusted) return true
      // Its word counts for what a tool does, not for what its description does to the model.
      if (!this.#tools.isLookedThrough(tool)) left -= tool.text.length
      return left < 0 || this.#tools.isGrave(tool)
    }
    const held = new Set(isFree ? [] : [...tools].flatMap(([name, tool]) => (isHeld(name, tool) ? [name] : [])))
    const looked = { listing, tools, held }
    this.#looked.set(id, looked)
    return looked
  }

  #pin(known: Known): Pin | undefined {
    const listing = this.#o.listed(known.id)
    return this.#stored.of(known, listing ? this.#tools.of(known.id, listing) : new Map())
  }

  /** Is the next listing the first one after the agreement? */
  #isDue(known: Known): boolean {
    return !this.#pin(known) && (this.#stored.isOf(known) || known.bundled || this.#o.isUnattended)
  }

  /** What is kept on disk of the same definition may look otherwise now: another secret is known. */
  #freshen(known: Known, pin: Pin | undefined, listing: Listed): void {
    if (!pin) return
    const others = [...this.#tools.of(known.id, listing)].filter(([name, { hash, stored }]) => {
      const before = Object.hasOwn(pin.tools, name) ? pin.tools[name] : undefined
      return before?.hash === hash && before.stored !== stored
    })
    if (others.length > 0) this.#put(known, { ...pin, tools: { ...pin.tools, ...Object.fromEntries(others) } })
  }

  #put({ id }: Known, pin: Pin): void {
    this.#stored.put(id, pin)
    this.#looked.delete(id)
  }

  /** Told in its own time: a container's is asked for. A pin that knew none takes the first that is known. */
  async #findPackage({ id, digest, launch }: Known): Promise<void> {
    const ran = await packageRan(launch, this.#o.home ?? homedir(), await this.#o.environment)
    const known = !this.#closed && this.#o.servers().includes(id) ? this.#o.find(id) : null
    if (known?.digest !== digest) return
    const before = this.#ran.get(id)
    this.#ran.set(id, ran)
    const pin = this.#pin(known)
    if (pin && !pin.package && ran) this.#put(known, { ...pin, package: ran })
    if (pin?.package && ran && !isSame(pin.package, ran)) this.#tell(known)
    if (ran && !(before && isSame(before, ran))) this.#o.announcer.emit('servers/changed', id)
  }

  #tell(known: Known): void {
    const { id } = known
    const pin = this.#pin(known)
    const looked = this.#look(id)
    const ran = this.#ran.get(id)
    const version = pin?.package && ran && !isSame(pin.package, ran) ? `${words(pin.package)} → ${words(ran)}` : ''
    const held = looked ? heldNames(pin?.tools, looked) : []
    if (this.#told.changed(known, held, version) && held.length > 0) this.#o.announcer.emit('servers/changed', id)
  }
}
