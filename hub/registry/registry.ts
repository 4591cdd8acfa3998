// Which servers are defined, what each is called for good, and what a person agreed to about it.
import type { ConfigProblem } from '../../contract/hub.ts'
import type { Agreement, Launch } from '../../contract/servers.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { DataFolder } from '../store/data-folder.ts'
import type { Db } from '../store/open.ts'
import type { Sealed } from '../store/sealed.ts'
import { ServerIds } from '../store/server-ids.ts'
import type { Vault } from '../vault/vault.ts'
import { Accepted } from './accepted.ts'
import { ConfigFile } from './config-file.ts'
import { editConfig, renameInConfig } from './config-text.ts'
import { checkedName, type Definition, type DefinitionChange, definitionOf, freeName, keysOf } from './definition.ts'
import { digestOf } from './digest.ts'
import { type ConfigEdit, editsOf } from './edited.ts'
import { type Entry, launchOf } from './entry.ts'
import { identify } from './identify.ts'
import { importText } from './import-text.ts'
import { type Standing, Standings } from './standing.ts'
import { watchConfig } from './watch-config.ts'

export type { Definition } from './definition.ts'
export type { Standing } from './standing.ts'

export interface RegistryOptions {
  folder: DataFolder
  db: Db
  sealed: Sealed
  vault: Pick<Vault, 'has'> & { redactor: Pick<Vault['redactor'], 'holds'> }
  announcer: Announcer
  /** Without a person everything defined is agreed to and granted. */
  mode: 'person' | 'unattended'
  /** Unattended only: names of servers whose own read-only marks count. */
  trust?: readonly string[]
  /** Told of edits that came by the file alone. */
  onEdited?: ((edit: ConfigEdit) => void) | undefined
}

export class Registry {
  readonly #file: ConfigFile
  readonly #ids: ServerIds
  readonly #accepted: Accepted
  readonly #standings: Standings
  readonly #announcer: Announcer
  readonly #stopWatching: () => void
  readonly #onEdited: (edit: ConfigEdit) => void
  #definitions: Definition[] = []
  /** What is found in the file meanwhile is our own. */
  #isWriting = false
  #entries: ReadonlyMap<string, Entry> | null = null
  #problem: ConfigProblem | null = null
  /** Edits wait for each other. */
  #edits: Promise<unknown> = Promise.resolve()

  private constructor({
    folder,
    db,
    sealed,
    vault,
    announcer,
    mode,
    trust = [],
    onEdited = () => {},
  }: RegistryOptions) {
    this.#onEdited = onEdited
    this.#file = new ConfigFile(folder.path, text => vault.redactor.holds(text))
    this.#ids = new ServerIds(db)
    this.#accepted = new Accepted(sealed)
    this.#standings = new Standings({
      accepted: this.#accepted,
      hasSecret: name => vault.has(name),
      unattended: mode === 'unattended' ? { trust } : null,
    })
    this.#announcer = announcer
    this.#reload()
    announcer.on('vault/changed', this.#onVault)
    announcer.on('secrets/changed', this.#onVault)
    this.#stopWatching = watchConfig(this.#file.path, () => this.#reload())
  }

  static async open(options: RegistryOptions): Promise<Registry> {
    return new Registry(options)
  }

  list(): Definition[] {
    return this.#definitions
  }

  /** By id, by name or by slug. */
  find(wanted: string): Definition {
    for (const key of ['id', 'name', 'slug'] as const) {
      const found = this.#definitions.find(definition => definition[key] === wanted)
      if (found) return found
    }
    const names = this.#definitions.map(definition => definition.name)
    throw new HubError('server/unknown', `There is no server “${wanted.slice(0, 100)}”.`, {
      hint: names.length
        ? `There is: ${names.join(', ')}.`
        : 'None is defined yet: use `gatehouse servers add`, or paste a block in the window.',
    })
  }

  /** What is wrong with config.json; the last good state stays in force. */
  problem(): ConfigProblem | null {
    return this.#problem
  }

  async add(name: string, launch: Launch): Promise<Definition> {
    await this.#edit(text => {
      this.#refuseTaken(checkedName(name))
      return editConfig(text, name, keysOf(launch))
    })
    return this.find(name)
  }

  /** All that the text defines, or nothing when one of them is wrong. `dropped`: what was left out, in words. */
  async import(text: string): Promise<{ definitions: Definition[]; dropped: string[] }> {
    const { entries, dropped } = importText(text)
    const names: string[] = []
    await this.#edit(before => {
      const taken = new Set(this.#definitions.map(definition => definition.name))
      let out = before
      for (const [wanted, entry] of entries) {
        const name = freeName(checkedName(wanted), taken)
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

  async update(id: string, change: DefinitionChange): Promise<Definition> {
    // Switching off holds even where config.json cannot be written.
    if (change.enabled === false) this.#switch(id, false)
    const { name } = this.find(id)
    const { launch, name: newName = name, ...flags } = change
    await this.#edit(
      text => {
        const keys = { ...(launch ? keysOf(launch) : {}), ...flags }
        const out = Object.keys(keys).length ? editConfig(text, name, keys) : text
        if (newName === name) return out
        this.#refuseTaken(checkedName(newName))
        return renameInConfig(out, name, newName)
      },
      () => {
        if (newName !== name) this.#ids.rename(id, newName)
      },
    )
    if (change.enabled === true) this.#switch(id, true)
    return this.find(id)
  }

  standing(id: string): Standing {
    return this.#standings.standing(this.find(id))
  }

  isTrusted(id: string): boolean {
    return this.#standings.isTrusted(this.find(id))
  }

  isGranted(id: string, secret: string): boolean {
    return this.#standings.isGranted(this.find(id), secret)
  }

  /** What a person is shown before agreeing; null when nothing is left to agree to. */
  agreement(id: string): Agreement | null {
    return this.#standings.agreement(this.find(id))
  }

  /** Throws when this is no longer what a person was shown. */
  expects(id: string, shown: string): void {
    const { name, digest } = this.find(id)
    if (shown === digest) return
    throw new HubError('server/changed-meanwhile', `${name} was changed while you looked at it.`, {
      hint: 'Nothing was agreed to. Look at it again.',
    })
  }

  agree(id: string, answer: { digest: string; secrets: readonly string[]; trust: boolean }): void {
    this.expects(id, answer.digest)
    const { digest, launch, secretNames } = this.find(id)
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
        hint: secretNames.length ? `It uses ${secretNames.join(', ')}.` : 'Name it in its env, headers or url first.',
      })
    this.#accepted.grant(id, digest, secret)
    this.#announcer.emit('servers/changed', id)
  }

  ungrant(secret: string): void {
    this.#accepted.ungrant(secret)
  }

  close(): void {
    this.#stopWatching()
    this.#announcer.off('vault/changed', this.#onVault)
    this.#announcer.off('secrets/changed', this.#onVault)
  }

  // With the keychain, what was accepted appears; with a secret, who waited for it may start.
  readonly #onVault = (): void => {
    this.#reload()
    for (const { id } of this.#definitions) this.#announcer.emit('servers/changed', id)
  }

  #switch(id: string, on: boolean): void {
    this.#accepted.setOff(id, !on)
    this.#reload()
    // config.json may be unreadable just now; off is off all the same.
    this.#definitions = this.#definitions.map(d => (d.id === id && !on ? { ...d, enabled: false } : d))
    this.#announcer.emit('servers/changed', id)
  }

  #refuseTaken(name: string): void {
    if (!this.#definitions.some(definition => definition.name === name)) return
    throw new HubError('registry/name-taken', `There is a server named “${name}” already.`, {
      hint: 'Choose another name, or change that one.',
    })
  }

  #edit(change: (text: string) => string, written: () => void = () => {}): Promise<void> {
    const edit = this.#edits.then(async () => {
      this.#reload()
      this.#isWriting = true
      try {
        await this.#file.edit(change)
        written()
        this.#reload()
      } finally {
        this.#isWriting = false
      }
    })
    this.#edits = edit.catch(() => {})
    return edit
  }

  /** Takes config.json as it is now; a wrong file changes nothing but the problem. */
  #reload(): void {
    const now = this.#file.read()
    if (!('problem' in now)) this.#apply(now.entries)
    const problem = 'problem' in now ? now.problem : null
    if (JSON.stringify(problem) === JSON.stringify(this.#problem)) return
    this.#problem = problem
    this.#announcer.emit('config/changed')
  }

  #apply(entries: Map<string, Entry>): void {
    const known = this.#ids.list()
    const rows = identify(known, new Map([...entries].map(([name, entry]) => [name, digestOf(launchOf(entry))])))
    if (JSON.stringify(rows) !== JSON.stringify(known)) this.#ids.replaceAll(rows)
    const before = new Map(this.#definitions.map(definition => [definition.id, JSON.stringify(definition)]))
    const byName = new Map(rows.map(row => [row.name, row]))
    this.#definitions = [...entries].map(([name, entry]) => {
      const row = byName.get(name)!
      return definitionOf(row, entry, this.#accepted.isOff(row.id))
    })
    const now = new Map(this.#definitions.map(definition => [definition.id, JSON.stringify(definition)]))
    for (const id of new Set([...now.keys(), ...before.keys()]))
      if (now.get(id) !== before.get(id)) this.#announcer.emit('servers/changed', id)
    const old = this.#entries
    this.#entries = entries
    if (this.#isWriting) return
    const digests = new Map(known.map(row => [row.name, row.digest]))
    const idOf = (name: string) => (byName.get(name) ?? known.find(row => row.name === name))?.id
    const counts = (name: string) => this.#standings.doubt(this.find(idOf(name)!))
    for (const edit of editsOf({ before: old, after: entries, known: digests, idOf, counts })) this.#onEdited(edit)
  }
}
