// Which servers are defined, what each is called for good, and what a person agreed to about it.
import type { ConfigProblem } from '../../contract/hub.ts'
import type { Agreement, Launch, ServerId } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { DataFolder } from '../store/data-folder.ts'
import type { Db } from '../store/open.ts'
import type { Sealed } from '../store/sealed.ts'
import { ServerIds } from '../store/server-ids.ts'
import type { Vault } from '../vault/vault.ts'
import { Accepted } from './accepted.ts'
import { bundledName } from './bundled.ts'
import { ConfigFile } from './config-file.ts'
import { editConfig, renameInConfig } from './config-text.ts'
import { digestOf, secretNamesOf } from './digest.ts'
import { type Entry, EntryName, launchOf } from './entry.ts'
import { identify } from './identify.ts'
import { importText } from './import-text.ts'
import { notesOn } from './notes.ts'
import { watchConfig } from './watch-config.ts'

/** What is configured. `trust`: as configured; whether it counts, `isTrusted` says. */
export interface Definition {
  id: ServerId
  name: string
  slug: string
  title: string
  launch: Launch
  enabled: boolean
  trust: boolean
  startup: 'eager' | 'lazy'
  idleStopMinutes: number
  instance: 'shared' | 'per-client'
  bundled: boolean
  digest: string
  secretNames: string[]
}

/** Whether a server may start, and what it waits for. `note`: what config.json asks for and nobody accepted. */
export type Standing =
  | { may: 'start'; note?: string }
  | { may: 'wait'; for: 'agreement' | 'secret'; what: string }
  | { may: 'no'; what: string }

export interface RegistryOptions {
  folder: DataFolder
  db: Db
  sealed: Sealed
  vault: Pick<Vault, 'has'>
  announcer: Announcer
  /** Without a person everything defined is agreed to and granted. */
  mode: 'person' | 'unattended'
  /** Unattended only: names of servers whose own read-only marks count. */
  trust?: readonly string[]
}

const IDLE_STOP_MINUTES = 30

export class Registry {
  readonly #file: ConfigFile
  readonly #ids: ServerIds
  readonly #accepted: Accepted
  readonly #vault: Pick<Vault, 'has'>
  readonly #announcer: Announcer
  readonly #unattended: boolean
  readonly #trust: ReadonlySet<string>
  readonly #stopWatching: () => void
  #definitions: Definition[] = []
  #problem: ConfigProblem | null = null
  /** Edits wait for each other. */
  #edits: Promise<unknown> = Promise.resolve()

  private constructor(options: RegistryOptions) {
    this.#file = new ConfigFile(options.folder.path)
    this.#ids = new ServerIds(options.db)
    this.#accepted = new Accepted(options.sealed)
    this.#vault = options.vault
    this.#announcer = options.announcer
    this.#unattended = options.mode === 'unattended'
    this.#trust = new Set(options.trust)
    this.#reload()
    this.#announcer.on('vault/changed', this.#onVault)
    this.#announcer.on('secrets/changed', this.#onVault)
    const stop = watchConfig(this.#file.path, () => this.#reload())
    this.#stopWatching = stop
  }

  static async open(options: RegistryOptions): Promise<Registry> {
    return new Registry(options)
  }

  list(): Definition[] {
    return this.#definitions
  }

  find(idOrName: string): Definition {
    const by = (key: 'id' | 'name' | 'slug') => this.#definitions.find(d => d[key] === idOrName)
    const found = by('id') ?? by('name') ?? by('slug')
    if (found) return found
    const names = this.#definitions.map(d => d.name)
    throw new HubError('server/unknown', `There is no server “${idOrName.slice(0, 100)}”.`, {
      hint: names.length
        ? `There is: ${names.join(', ')}.`
        : 'None is defined yet: `gatehouse servers add`, or paste a block in the window.',
    })
  }

  /** What is wrong with config.json; the last good state stays in force. */
  problem(): ConfigProblem | null {
    return this.#problem
  }

  async add(name: string, launch: Launch): Promise<Definition> {
    await this.#edit(text => {
      checkName(name)
      this.#refuseTaken(name)
      return editConfig(text, name, keysOf(launch))
    })
    return this.find(name)
  }

  async import(text: string): Promise<{ definitions: Definition[]; dropped: string[] }> {
    const { entries, dropped } = importText(text)
    const names: string[] = []
    await this.#edit(before => {
      const taken = new Set(this.#definitions.map(d => d.name))
      let out = before
      for (const [wanted, entry] of entries) {
        const name = freeName(checkName(wanted), taken)
        if (name !== wanted) dropped.push(`${wanted}: the name is taken, so it is called ${name}.`)
        taken.add(name)
        names.push(name)
        out = editConfig(out, name, entry)
      }
      return out
    })
    return { definitions: names.map(name => this.find(name)), dropped }
  }

  async remove(id: string): Promise<void> {
    const { name } = this.find(id)
    await this.#edit(text => editConfig(text, name, null))
    this.#accepted.forget(id)
    this.#ids.replaceAll(this.#ids.list().filter(row => row.id !== id))
  }

  async update(
    id: string,
    change: { launch?: Launch; startup?: 'eager' | 'lazy'; name?: string; enabled?: boolean; trust?: boolean },
  ): Promise<Definition> {
    const { name } = this.find(id)
    const newName = change.name
    await this.#edit(
      text => {
        const keys = {
          ...(change.launch ? keysOf(change.launch, true) : {}),
          ...given(change, 'startup'),
          ...given(change, 'enabled'),
          ...given(change, 'trust'),
        }
        const out = Object.keys(keys).length ? editConfig(text, name, keys) : text
        if (newName === undefined || newName === name) return out
        checkName(newName)
        this.#refuseTaken(newName)
        return renameInConfig(out, name, newName)
      },
      newName === undefined ? undefined : { id, name: newName },
    )
    if (change.enabled !== undefined) this.#accepted.setOff(id, !change.enabled)
    if (change.enabled !== undefined) this.#reload()
    return this.find(id)
  }

  standing(id: string): Standing {
    const definition = this.find(id)
    const { name, digest, secretNames } = definition
    if (!definition.enabled)
      return {
        may: 'no',
        what: this.#accepted.isOff(id)
          ? `${name} was disabled. Enable it in the window.`
          : `${name} is disabled in config.json.`,
      }
    if (!this.#isAgreed(definition))
      return {
        may: 'wait',
        for: 'agreement',
        what: this.#accepted.agreement(id)
          ? `${name} was changed: agree to its new command in the window.`
          : `Agree to the command of ${name} in the window.`,
      }
    const missing = secretNames.filter(secret => !this.#vault.has(secret))
    if (missing.length)
      return {
        may: 'wait',
        for: 'secret',
        what: `${name} needs the secret ${missing.join(', ')}: set it in Credentials or with \`gatehouse secrets set\`.`,
      }
    const refused = secretNames.filter(secret => !this.isGranted(id, secret))
    if (refused.length)
      return {
        may: 'wait',
        for: 'secret',
        what: `${name} asks for the secret ${refused.join(', ')}: give it in the window.`,
      }
    if (definition.trust && !this.isTrusted(id))
      return {
        may: 'start',
        note: `config.json trusts ${name}, but nobody accepted that in the window, so it does not count. ${digest.slice(0, 8)}`,
      }
    return { may: 'start' }
  }

  /** Configured, and accepted by a person for exactly this launch. */
  isTrusted(id: string): boolean {
    const { name, slug, trust, digest } = this.find(id)
    if (this.#unattended) return this.#trust.has(name) || this.#trust.has(slug)
    return trust && this.#accepted.isTrusted(id, digest)
  }

  isGranted(id: string, secret: string): boolean {
    return this.#unattended || this.#accepted.isGranted(id, this.find(id).digest, secret)
  }

  /** What a person is shown before agreeing; null when nothing is left to agree to. */
  agreement(id: string): Agreement | null {
    const definition = this.find(id)
    const { digest, launch, secretNames } = definition
    const secrets = secretNames.map(name => ({
      name,
      stored: this.#vault.has(name),
      granted: this.isGranted(id, name),
    }))
    const agreed = this.#isAgreed(definition)
    if (agreed && secrets.every(secret => secret.stored && secret.granted)) return null
    const before = this.#accepted.agreement(id)
    const trustNote =
      definition.trust && !this.isTrusted(id)
        ? ['config.json says that its own read-only marks count; they do only if you say so here.']
        : []
    return {
      digest,
      launch,
      before: before && !agreed ? before.launch : null,
      secrets,
      notes: [...notesOn(launch), ...trustNote],
    }
  }

  agree(id: string, answer: { digest: string; secrets: readonly string[]; trust: boolean }): void {
    const { name, digest, launch, secretNames } = this.find(id)
    if (answer.digest !== digest)
      throw new HubError('server/changed-meanwhile', `${name} was changed while you looked at it.`, {
        hint: 'Nothing was agreed to. Look at it again.',
      })
    this.#accepted.agree(id, digest, launch)
    for (const secret of answer.secrets) if (secretNames.includes(secret)) this.#accepted.grant(id, digest, secret)
    this.#accepted.setTrust(id, digest, answer.trust)
    this.#announcer.emit('servers/changed', id)
  }

  acceptTrust(id: string, trust: boolean): void {
    this.#accepted.setTrust(id, this.find(id).digest, trust)
    this.#announcer.emit('servers/changed', id)
  }

  grant(id: string, secret: string): void {
    const { name, digest, secretNames } = this.find(id)
    if (!secretNames.includes(secret))
      throw new HubError('server/secret-not-used', `${name} does not use a secret named ${secret}.`, {
        hint: secretNames.length
          ? `It uses ${secretNames.join(', ')}.`
          : 'Name it in its env or headers as ${secret:NAME}.',
      })
    this.#accepted.grant(id, digest, secret)
    this.#announcer.emit('servers/changed', id)
  }

  close(): void {
    this.#stopWatching()
    this.#announcer.off('vault/changed', this.#onVault)
    this.#announcer.off('secrets/changed', this.#onVault)
  }

  // With the keychain, agreements appear; with a secret, what waited for it may start.
  readonly #onVault = (): void => {
    for (const { id } of this.#definitions) this.#announcer.emit('servers/changed', id)
  }

  #isAgreed({ id, digest }: Definition): boolean {
    return this.#unattended || this.#accepted.agreement(id)?.digest === digest
  }

  #refuseTaken(name: string): void {
    if (!this.#definitions.some(d => d.name === name)) return
    throw new HubError('registry/name-taken', `There is a server named “${name}” already.`, {
      hint: 'Choose another name, or change that one.',
    })
  }

  #edit(change: (text: string) => string, renamed?: { id: string; name: string }): Promise<void> {
    const edit = this.#edits.then(async () => {
      this.#reload()
      await this.#file.edit(change)
      if (renamed)
        this.#ids.replaceAll(
          this.#ids.list().map(row => (row.id === renamed.id ? { ...row, name: renamed.name } : row)),
        )
      this.#reload()
    })
    this.#edits = edit.catch(() => {})
    return edit
  }

  /** Takes config.json as it is now; a wrong file changes nothing but the problem. */
  #reload(): void {
    const now = this.#file.read()
    const problem = 'problem' in now ? now.problem : null
    if (!('problem' in now)) this.#apply(now.entries)
    if (JSON.stringify(problem) === JSON.stringify(this.#problem)) return
    this.#problem = problem
    this.#announcer.emit('config/changed')
  }

  #apply(entries: Map<string, Entry>): void {
    const digests = new Map([...entries].map(([name, entry]) => [name, digestOf(launchOf(entry))]))
    const known = this.#ids.list()
    const rows = identify(known, digests)
    if (JSON.stringify(rows) !== JSON.stringify(known)) this.#ids.replaceAll(rows)
    const byName = new Map(rows.map(row => [row.name, row]))
    const before = new Map(this.#definitions.map(d => [d.id, JSON.stringify(d)]))
    this.#definitions = [...entries].map(([name, entry]) => {
      const { id, slug, digest } = byName.get(name)!
      const launch = launchOf(entry)
      return {
        id,
        name,
        slug,
        title: name,
        launch,
        enabled: entry.enabled !== false && !this.#accepted.isOff(id),
        trust: entry.trust === true,
        startup: entry.startup ?? 'lazy',
        idleStopMinutes: entry.idleStopMinutes ?? IDLE_STOP_MINUTES,
        instance: entry.instance ?? 'shared',
        bundled: bundledName(entry.command) !== null,
        digest,
        secretNames: secretNamesOf(launch),
      }
    })
    for (const definition of this.#definitions) {
      if (before.get(definition.id) !== JSON.stringify(definition))
        this.#announcer.emit('servers/changed', definition.id)
      before.delete(definition.id)
    }
    for (const id of before.keys()) this.#announcer.emit('servers/changed', id)
  }
}

function checkName(name: string): string {
  const checked = EntryName.safeParse(name)
  if (checked.success) return name
  throw new HubError(
    'registry/bad-name',
    `The name ${JSON.stringify(name).slice(0, 80)} ${checked.error.issues[0]!.message}.`,
    {
      hint: 'Use up to 60 letters, digits, spaces or dashes.',
    },
  )
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name.slice(0, 55)}-${n}`
    if (!taken.has(free)) return free
  }
}

/** A launch as keys of config.json; empty ones are left out, or removed where an entry is `replaced`. */
function keysOf(launch: Launch, replaced = false): Record<string, unknown> {
  const { command, args, cwd, env, url, headers } = launch
  const keys = {
    command,
    args: args.length ? args : undefined,
    cwd,
    env: Object.keys(env).length ? env : undefined,
    url,
    headers: Object.keys(headers).length ? headers : undefined,
  }
  return replaced ? keys : Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined))
}

function given<T extends object, K extends keyof T>(from: T, key: K): Partial<T> {
  return from[key] === undefined ? {} : ({ [key]: from[key] } as unknown as Partial<T>)
}
