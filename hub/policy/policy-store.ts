// The policy in force: the last state a person accepted, sealed. policy.json mirrors it and may tighten it, never loosen.
import { join } from 'node:path'
import type { Policy, PolicyChange, Rule } from '../../contract/policy.ts'
import type { Role } from '../../contract/procedure.ts'
import type { Announcer } from '../announce.ts'
import { assertNever, HubError } from '../error.ts'
import type { Sealed } from '../store/sealed.ts'
import { FileOnDisk } from './file-on-disk.ts'
import { keptTexts } from './kept-texts.ts'
import { editedFile, readPolicyFile, sha256, stateOfFile, tightenedByFile, withTighter } from './policy-file.ts'
import {
  CAREFUL,
  PolicyState,
  tightens,
  withFolder,
  withLimit,
  withoutRule,
  withProtected,
  withReplaced,
  withRule,
} from './policy-state.ts'
import type { Proposals } from './proposals.ts'
import { difference, inOneLine } from './state-words.ts'

/** What an edit of policy.json did by itself; there is no caller to record it. */
export interface FileEvent {
  what: 'policy/tightened' | 'policy/proposed' | 'policy/unreadable'
  detail: string
}

export interface PolicyStoreOptions {
  redact?: (text: string) => string
  folder: string
  sealed: Pick<Sealed, 'get' | 'put' | 'isForged'>
  announcer: Announcer
  proposals: Pick<Proposals, 'propose' | 'withdraw'>
  /** The fixed rules of a machine without a person: no file, no seal, servers named by id or name. */
  unattended?: Rule[] | undefined
  serverName?: ((id: string) => string) | undefined
  onFile?: ((event: FileEvent) => void) | undefined
}

const LOOK_MS = 500

/** The policy, as it was made of a state. */
interface Made {
  of: PolicyState
  policy: Policy & { serversByName: boolean }
}

export class PolicyStore {
  readonly #options: PolicyStoreOptions
  readonly #file: FileOnDisk
  readonly #serverName: (id: string) => string
  #state: PolicyState = CAREFUL
  #isSealed = false
  #problem: string | null = null
  #current: Made | null = null
  #seen: string | null | undefined
  #proposal: string | null = null
  readonly #onVault = () => this.#reload()
  #timer: NodeJS.Timeout | undefined

  static open(options: PolicyStoreOptions): PolicyStore {
    return new PolicyStore(options)
  }

  private constructor(options: PolicyStoreOptions) {
    this.#options = options
    this.#file = new FileOnDisk(join(options.folder, 'policy.json'))
    this.#serverName = options.serverName ?? (id => id)
    if (options.unattended) {
      this.#state = { ...CAREFUL, limits: [], rules: options.unattended }
      return
    }
    this.#reload()
    if (this.#isSealed && this.#seen === null) this.#mirror(this.#state, this.#state)
    // Looked at rather than watched: the folder's databases change all the time, and fs.watchFile misses an edit that
    // comes before its own first look.
    this.#timer = setInterval(() => this.#file.hasChanged && this.#tryToCatchUp(), LOOK_MS)
    this.#timer.unref()
    options.announcer.on('vault/changed', this.#onVault)
  }

  /** What decides now; the same object until it changes. */
  current(): Policy & { serversByName: boolean } {
    const [of, problem] = [this.#state, this.#problem]
    if (this.#current?.of !== of || this.#current.policy.problem !== problem)
      this.#current = { of, policy: this.#asPolicy(of) }
    return this.#current.policy
  }

  /** What would decide after the change; nothing is changed. */
  wouldBe(change: PolicyChange): Policy & { serversByName: boolean } {
    this.#catchUp()
    return this.#asPolicy(this.#after(change))
  }

  #asPolicy({ lastRule: _, ...state }: PolicyState): Policy & { serversByName: boolean } {
    return { ...state, problem: this.#problem, serversByName: this.#options.unattended !== undefined }
  }

  /** True only when the change cannot let through or ask less than now. Throws as `change` would. */
  tightens(change: PolicyChange): boolean {
    this.#catchUp()
    return tightens(this.#state, this.#after(change))
  }

  /** What would go and come, in words; for showing it and for the record. */
  inWords(change: PolicyChange): { before: string; after: string } {
    return difference(this.#state, this.#after(change), this.#serverName) ?? SAME
  }

  /** Applied at once from a window or when it only tightens; else kept as a proposal. */
  change(change: PolicyChange, from: Role, by: string): { applied: boolean; proposal: string | null } {
    const { redact = text => text } = this.#options
    if (keptTexts(change).some(text => redact(text) !== text))
      throw new HubError('policy/holds-secret', 'A credential stands in this rule, and rules are kept as plain text.', {
        hint: 'Leave it out, or name what is around it with a pattern.',
      })
    this.#catchUp()
    const after = this.#after(change)
    if (from === 'window' || tightens(this.#state, after)) {
      this.#accept(after)
      return { applied: true, proposal: null }
    }
    const words = difference(this.#state, after, this.#serverName) ?? SAME
    const wish = { from: by, what: 'Loosen the policy', ...words, apply: { kind: 'policy', change } }
    return { applied: false, proposal: this.#options.proposals.propose(wish).id }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#options.announcer.off('vault/changed', this.#onVault)
  }

  #after(change: PolicyChange): PolicyState {
    switch (change.kind) {
      case 'add-rule':
        return withRule(this.#state, change.rule)
      case 'remove-rule':
        return withoutRule(this.#state, change.id)
      case 'replace-rule':
        return withReplaced(this.#state, change.id, change.rule)
      case 'stop':
        return { ...this.#state, stopped: change.on }
      case 'read-only':
        return { ...this.#state, readOnly: change.on }
      case 'preset':
        return { ...this.#state, preset: change.preset }
      case 'protect':
        return withProtected(this.#state, change)
      case 'folder':
        return withFolder(this.#state, change)
      case 'limit':
        return withLimit(this.#state, change)
      case 'file':
        return this.#fileAsSeen(change.sha256)
      default:
        return assertNever(change)
    }
  }

  #fileAsSeen(seen: string): PolicyState {
    const text = this.#options.unattended ? null : this.#file.read()
    if (text === null || sha256(text) !== seen)
      throw new HubError('policy/changed-meanwhile', 'policy.json is no longer what was shown.', {
        hint: 'Look at the newest proposal.',
      })
    const reading = readPolicyFile(text)
    if (reading.kind === 'unreadable') throw new HubError('policy/unreadable', reading.problem)
    return stateOfFile(this.#state, reading.file)
  }

  #accept(after: PolicyState): void {
    const before = this.#state
    if (!this.#options.unattended) {
      this.#seal(after, tightens(before, after))
      this.#isSealed = true
    }
    this.#state = after
    try {
      if (!this.#options.unattended) this.#mirror(before, after)
    } catch (error) {
      this.#problem = `policy.json cannot be written: ${messageOf(error)}`
    }
    this.#options.announcer.emit('policy/changed')
  }

  // A full disk must not keep a person from tightening: that holds in memory at least. Loosening fails.
  #seal(state: PolicyState, isTighter: boolean): void {
    try {
      this.#options.sealed.put('policy', 'state', state)
    } catch (error) {
      if (!isTighter) throw error
    }
  }

  // What cannot be read is left alone, and the problem goes on saying so.
  #mirror(before: PolicyState, after: PolicyState): void {
    const text = this.#file.read()
    if (text === null || readPolicyFile(text).kind === 'read') this.#file.write(editedFile(text, before, after))
    this.#compare(this.#file.read())
  }

  // The keychain may open after us; a state accepted in it wins over what we began with, the file can only tighten that.
  #reload(): void {
    const before = JSON.stringify([this.#state, this.#problem])
    const stored = this.#options.sealed.get('policy', 'state', PolicyState)
    if (stored) {
      const isLate = !this.#isSealed && this.#seen !== undefined
      const tighter = isLate ? withTighter(stored, this.#state) : stored
      this.#state = tighter
      this.#isSealed = true
      if (tighter !== stored) this.#seal(tighter, true)
    }
    const isForged = !stored && this.#options.sealed.isForged('policy', 'state')
    // Read-only, or a deny, may have stood there.
    if (isForged) this.#state = { ...this.#state, stopped: true }
    this.#compare(this.#file.read())
    if (isForged) this.#problem = FORGED
    if (JSON.stringify([this.#state, this.#problem]) !== before) this.#options.announcer.emit('policy/changed')
  }

  #tryToCatchUp(): void {
    try {
      this.#catchUp()
    } catch (error) {
      this.#problem = `policy.json cannot be taken over: ${messageOf(error)}`
    }
  }

  #catchUp(): void {
    if (this.#options.unattended) return
    const text = this.#file.read()
    if (text === this.#seen) return
    this.#compare(text)
    this.#options.announcer.emit('policy/changed')
  }

  // Tightens by what the file says at once, and proposes the rest. A missing file says nothing.
  #compare(text: string | null): void {
    this.#seen = text
    if (this.#proposal !== null) this.#options.proposals.withdraw(this.#proposal)
    this.#proposal = null
    this.#problem = null
    if (text === null) return
    const reading = readPolicyFile(text)
    if (reading.kind === 'unreadable') {
      this.#problem = reading.problem
      this.#options.onFile?.({ what: 'policy/unreadable', detail: reading.problem })
      return
    }
    const tightened = tightenedByFile(this.#state, reading.file)
    const isTighter = JSON.stringify(tightened) !== JSON.stringify(this.#state)
    if (isTighter) this.#tighten(tightened)
    const whole = stateOfFile(this.#state, reading.file)
    const words = difference(this.#state, whole, this.#serverName)
    if (words) this.#proposeFile(reading.sha256, words)
  }

  #tighten(tightened: PolicyState): void {
    const words = difference(this.#state, tightened, this.#serverName) ?? SAME
    this.#state = tightened
    // Sealing over a state we could not read would lose it; until then the file itself keeps these rules.
    if (this.#isSealed) this.#seal(tightened, true)
    this.#options.onFile?.({ what: 'policy/tightened', detail: `policy.json: ${inOneLine(words)}` })
  }

  #proposeFile(hash: string, words: { before: string; after: string }): void {
    const apply = { kind: 'policy', change: { kind: 'file', sha256: hash } }
    const wish = { from: 'policy.json', what: 'Take policy.json as it is', ...words, apply }
    try {
      this.#proposal = this.#options.proposals.propose(wish).id
      this.#problem = 'policy.json asks for more than is in force. It waits for you under Approvals.'
    } catch (error) {
      this.#problem = `policy.json asks for more than is in force. ${messageOf(error)}`
    }
    this.#options.onFile?.({ what: 'policy/proposed', detail: `policy.json: ${inOneLine(words)}` })
  }
}

const FORGED =
  'The policy in state.db was edited by hand and does not count. Everything is stopped until you have looked at the rules and start it again.'
const SAME = { before: 'The same', after: 'The same' }

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
