// The AI clients on this machine: detects them, and connects, disconnects and undoes what was written for them.
import { homedir } from 'node:os'
import type { AuditEvent } from '../../contract/audit.ts'
import {
  baseOf,
  type Client,
  type ClientAction,
  type OtherEntry,
  type Preview,
  type Written as WrittenNow,
} from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import type { DataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import type { Db } from '../store/open.ts'
import { Written } from '../store/written.ts'
import { dropBackup } from './backup.ts'
import { type Desk, settleUnfinished } from './carry-out.ts'
import { fileAt } from './client-file.ts'
import { Direct } from './direct.ts'
import { Directly } from './directly.ts'
import { dataArgument, type EntryPoint } from './entry.ts'
import { GuardMemory } from './guard-memory.ts'
import { Guarding } from './guarding.ts'
import { History } from './history.ts'
import { isKnown, known } from './known.ts'
import { Leaving } from './leaving.ts'
import { freeOldLock } from './lock.ts'
import { Looking } from './looking.ts'
import { Moving } from './moving.ts'
import { Others } from './others.ts'
import { describe } from './sight.ts'
import { KNOWN_CLIENTS, type KnownClient } from './table.ts'
import { SHOWN_TOKEN, Tasks } from './tasks.ts'
import { Tokens } from './tokens.ts'
import { Writing } from './writing.ts'

export type { EntryPoint } from './entry.ts'

interface Options {
  folder: Pick<DataFolder, 'path'>
  db: Db
  /** Encrypts copies; null: they lie beside the original. */
  key: () => Buffer | null
  audit: { append(event: AuditEvent, options: { durable: boolean }): Promise<void> }
  announcer: Announcer
  entry: EntryPoint
  /** False: only looks, for a command without a hub. */
  guards?: boolean
  /** False: what a hub that runs is writing right now is left alone. */
  settles?: boolean
  home?: string
  env?: NodeJS.ProcessEnv
  platform?: NodeJS.Platform
}

export class Clients {
  /** Those in no table. */
  readonly others: Others
  readonly guarding: Guarding
  readonly moving: Moving
  readonly directly: Directly
  readonly leaving: Leaving
  readonly #o: Options
  readonly #history: History
  readonly #memory: GuardMemory
  readonly #tokens: Tokens
  readonly #tasks: Tasks
  readonly #looking: Looking
  readonly #writing: Writing

  constructor(options: Options) {
    this.#o = options
    const { key, audit, db, entry } = options
    const folder = options.folder.path
    const at = {
      home: options.home ?? homedir(),
      env: options.env ?? process.env,
      platform: options.platform ?? process.platform,
    }
    const history = new History(
      new Written(db),
      name => dropBackup(folder, name),
      work => db.transaction(work)(),
    )
    const kv = new Kv(db)
    const memory = new GuardMemory(kv)
    const tokens = new Tokens(kv, () => [
      ...[...KNOWN_CLIENTS, ...this.others.all()].map(client => client.id),
      ...history.clients().filter(id => id !== baseOf(id)),
    ])
    const shared = { folder, key, history, tokens }
    const looking = new Looking({ folder, entry, at, history, memory })
    const tasks = new Tasks({ ...shared, start: entry, at })
    const desk: Desk = { ...shared, audit }
    this.#history = history
    this.#memory = memory
    this.#tokens = tokens
    this.#looking = looking
    this.#tasks = tasks
    this.others = new Others({ kv, tokens, entry, data: dataArgument(folder) })
    this.guarding = new Guarding({
      memory,
      looking,
      tasks,
      writing: () => this.#writing,
      tell: event => this.#tell(event),
      changed: () => this.#changed(),
      retire: client => tokens.settle(client.id, null, true),
    })
    this.#writing = new Writing({ desk, at, kv, wrote: this.guarding.wrote.bind(this.guarding) })
    this.moving = new Moving(looking, tasks, this.#writing)
    this.directly = new Directly(new Direct(kv), looking, this.moving, () => this.#changed())
    this.leaving = new Leaving(looking, history, tasks, this.#writing)
    if (options.settles !== false)
      settleUnfinished(desk, (id, path) => (isKnown(id) ? looking.see(known(id), path) : undefined))
    if (options.guards === false) return
    freeOldLock(kv)
    this.guarding.start()
  }

  async list(links: readonly LinkInfo[]): Promise<Client[]> {
    const all = this.#looking.all().map(client => {
      const { keep, asks } = this.#memory.of(client.id)
      const linkedAt = this.#memory.linkedAt(client.id)
      const direct = this.directly.namesIn(client)
      return describe(this.#looking.see(client), links, this.#looking.at.platform, { keep, asks, linkedAt, direct })
    })
    return [...all, ...this.others.list(links)]
  }

  knows(id: string): boolean {
    return isKnown(id) || this.others.find(id) !== undefined
  }

  title(id: string): string {
    return (isKnown(id) ? known(id) : this.others.find(id))?.name ?? id
  }

  /** Whose token this is: a client's id, or null. */
  clientOf(token: string): string | null {
    const place = this.placeOf(token)
    return place && baseOf(place)
  }

  /** The same, and the project where its entry stands in one: `ID@FOLDER`. */
  placeOf(token: string): string | null {
    return this.#tokens.clientOf(token)
  }

  /** A link of this client was seen, there. */
  linked(id: string): void {
    if (isKnown(id)) this.#memory.linked(id, Date.now())
  }

  /** What an action would do, with foreign values masked. Nothing is written and no token is made. */
  async preview(id: string, action: ClientAction): Promise<Preview> {
    const client = known(id)
    const file = () => this.#looking.fileOf(client, action === 'connect')
    const { now, plan } = this.#tasks.for(client, action, file, SHOWN_TOKEN)
    return { action, ...(await this.#looking.shown(client, now, plan)) }
  }

  /** `before`: the hash a person saw in the preview; when the file changed since, nothing is written. */
  connect(id: string, before?: string | null, by = 'gatehouse'): Promise<WrittenNow> {
    return this.#act(id, 'connect', by, before)
  }

  disconnect(id: string, by = 'gatehouse', before?: string | null): Promise<WrittenNow> {
    return this.#act(id, 'disconnect', by, before)
  }

  undo(id: string, by = 'gatehouse', before?: string | null): Promise<WrittenNow> {
    return this.#act(id, 'undo', by, before)
  }

  quitAndWrite(id: string, before: string | null | undefined, by: string) {
    return this.guarding.quitAndWrite(id, by, () => this.connect(id, before, by))
  }

  /** A new token in the entry; the old one opens nothing any more. */
  replaceToken(id: string, by = 'gatehouse', before?: string | null): Promise<WrittenNow> {
    return this.#act(id, 'token', by, before)
  }

  /** The data folder of another Gatehouse whose entry stands in its file, or null. */
  othersEntry(id: string): string | null {
    return this.#looking.see(known(id)).foreign
  }

  /** Undoing puts servers that were taken over, and the keys in them, into its file again. */
  undoGivesBack(id: string): boolean {
    return this.#history.chain(known(id).id).some(({ note }) => note.taken.length > 0)
  }

  /** The servers that undoing gives back with the very bytes of before; none where the file was changed since. */
  undoGives(id: string): string[] {
    const client = known(id)
    const [newest] = this.#history.chain(client.id)
    const isSame = newest && fileAt(client, this.#looking.see(client).path ?? newest.path).hash === newest.hashAfter
    return isSame ? newest.note.taken : []
  }

  addOther(name: string, transport: 'stdio' | 'http', by: string): OtherEntry {
    const added = this.others.add(name, transport)
    this.#otherChanged('client/added', by, { client: added.id })
    return added
  }

  newOtherToken(id: string, by: string): OtherEntry {
    const entry = this.others.newToken(id)
    this.#otherChanged('client/token-replaced', by, { client: id })
    this.#o.announcer.emit('clients/token-ended', id)
    return entry
  }

  removeOther(id: string, by: string): void {
    this.others.remove(id)
    this.#otherChanged('client/removed', by, { client: id })
    this.#o.announcer.emit('clients/token-ended', id)
  }

  setHttpPort(port: number, by: string): void {
    this.others.port = port
    this.#otherChanged('client/http-port', by, { detail: String(port) })
  }

  close(): void {
    this.guarding.close()
  }

  async #act(id: string, action: ClientAction, by: string, before: string | null | undefined): Promise<WrittenNow> {
    const task = (client: KnownClient) =>
      this.#tasks.for(client, action, () => this.#looking.fileOf(client, action !== 'disconnect'))
    const more = action === 'token' ? { what: action } : {}
    const written = await this.#writing.write(known(id), task, { by, before, ...more })
    if (action !== 'connect') this.#o.announcer.emit('clients/token-ended', id)
    return written
  }

  #otherChanged(what: string, by: string, more: Pick<AuditEvent, 'client' | 'detail'>): void {
    this.#tell({ what, by, ...more })
    this.#changed()
  }

  #tell(event: Omit<AuditEvent, 'kind'>): void {
    void this.#o.audit
      .append(
        { kind: 'client', ...event, ...(event.client ? { client: baseOf(event.client) } : {}) },
        { durable: false },
      )
      .catch(() => {})
  }

  #changed(): void {
    this.#o.announcer.emit('clients/changed')
  }
}
