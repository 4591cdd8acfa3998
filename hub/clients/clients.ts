import { homedir } from 'node:os'
import { basename } from 'node:path'
import type { AuditEvent } from '../../contract/audit.ts'
import type { MovePreview } from '../../contract/client-move.ts'
import type { Client, ClientEvent, OtherEntry, Preview, Written as WrittenNow } from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import type { DataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import type { Db } from '../store/open.ts'
import { Written } from '../store/written.ts'
import { dropBackup } from './backup.ts'
import { carryOut, type Desk, settleUnfinished } from './carry-out.ts'
import { excerpts, unifiedDiff } from './diff.ts'
import { Direct } from './direct.ts'
import { type DirectServer, directEntries, losses } from './direct-entry.ts'
import { dataArgument, digestOf, type EntryPoint, entryIn, foreignFolder, isBridge, valueAt } from './entry.ts'
import { GuardMemory } from './guard-memory.ts'
import { Guardian } from './guardian.ts'
import { History, type Write } from './history.ts'
import { isRunning } from './is-running.ts'
import { freeOldLock, withLock } from './lock.ts'
import { type FoundServer, serversIn } from './move-entry.ts'
import type { Change } from './move-plan.ts'
import { Others } from './others.ts'
import { atPath, configPath, findClient, type Surroundings } from './places.ts'
import { configOf, type Plan } from './plan.ts'
import { canQuit, quitApp } from './quit-app.ts'
import { type FileNow, hashOf, missingFolder, readNow } from './replace-file.ts'
import { shownBytes, shownOf } from './shown.ts'
import { describe, type Sight, see } from './sight.ts'
import { KNOWN_CLIENTS, type KnownClient, systemOf } from './table.ts'
import { type Task, Tasks } from './tasks.ts'
import { Tokens } from './tokens.ts'
import { FileWatch } from './watch-files.ts'

export type { EntryPoint } from './entry.ts'

type Action = Preview['action']
const MOST_TRIES = 5

/** A file with our entry in it. `problem`: why it cannot be read, in words. */
export interface Found {
  id: string
  name: string
  path: string
  problem: string | null
}

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

/** Detects clients and writes their configs, one write at a time. */
export class Clients {
  /** Those in no table. */
  readonly others: Others
  readonly #o: Options
  readonly #at: Surroundings
  readonly #history: History
  readonly #tokens: Tokens
  readonly #tasks: Tasks
  readonly #desk: Desk
  readonly #watch: FileWatch
  readonly #kv: Kv
  readonly #memory: GuardMemory
  readonly #direct: Direct
  readonly #guardian: Guardian
  readonly #known = new Map<string, string>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: Options) {
    this.#o = options
    this.#at = {
      home: options.home ?? homedir(),
      env: options.env ?? process.env,
      platform: options.platform ?? process.platform,
    }
    const { key, audit, db, entry: start } = options
    const folder = options.folder.path
    this.#history = new History(
      new Written(db),
      name => dropBackup(folder, name),
      work => db.transaction(work)(),
    )
    const kv = new Kv(db)
    this.#kv = kv
    this.#memory = new GuardMemory(kv)
    this.#direct = new Direct(kv)
    this.#guardian = new Guardian({
      memory: this.#memory,
      tell: event => void audit.append({ kind: 'client', ...event }, { durable: false }).catch(() => {}),
      changed: () => options.announcer.emit('clients/changed'),
      see: client => this.#see(client),
      runs: client => this.#overwrites(client),
      restore: client => this.#restore(client.id, 'guardian'),
      retire: client => this.#tokens.settle(client.id, null, true),
    })
    this.#tokens = new Tokens(kv, () => [...KNOWN_CLIENTS, ...this.others.all()].map(client => client.id))
    this.others = new Others({ kv, tokens: this.#tokens, entry: start, data: dataArgument(folder) })
    const shared = { folder, key, history: this.#history, tokens: this.#tokens }
    this.#tasks = new Tasks({ ...shared, start, at: this.#at })
    this.#desk = { ...shared, audit }
    this.#watch = new FileWatch(() => this.#lookAgain())
    if (options.settles !== false)
      settleUnfinished(this.#desk, (id, path) => {
        const client = KNOWN_CLIENTS.find(each => each.id === id)
        return client && this.#see(client, path)
      })
    if (options.guards === false) return
    freeOldLock(kv)
    this.#watchConnected()
    this.#guardian.resume(this.#guarded())
  }

  async list(links: readonly LinkInfo[]): Promise<Client[]> {
    const known = KNOWN_CLIENTS.map(client => {
      const { keep, asks } = this.#memory.of(client.id)
      const linkedAt = this.#memory.linkedAt(client.id)
      return describe(this.#see(client), links, this.#at.platform, {
        keep,
        asks,
        linkedAt,
        direct: this.#directIn(client),
      })
    })
    return [...known, ...this.others.list(links)]
  }

  knows(id: string): boolean {
    return KNOWN_CLIENTS.some(client => client.id === id) || this.others.find(id) !== undefined
  }

  title(id: string): string {
    return (KNOWN_CLIENTS.find(client => client.id === id) ?? this.others.find(id))?.name ?? id
  }

  /** Whose token this is: a client's id, or null. */
  clientOf(token: string): string | null {
    return this.#tokens.clientOf(token)
  }

  /** A link of this client was seen. */
  linked(id: string): void {
    if (KNOWN_CLIENTS.some(client => client.id === id)) this.#memory.linked(id, Date.now())
  }

  /** What happened to our entry in its file, newest first. */
  history(id: string): ClientEvent[] {
    return this.#memory.events(known(id).id)
  }

  keep(id: string, on: boolean, by: string): void {
    this.#guardian.keep(known(id), on, by)
  }

  /** Answers what the guardian asks: our entry goes back, or stays out. */
  async answerGuard(id: string, answer: 'back' | 'out', by: string): Promise<WrittenNow | null> {
    const client = known(id)
    const write = this.#newest(id)
    if (write?.action !== 'connect' || this.#see(client).kind !== 'dropped')
      throw new HubError('clients/nothing-asked', `Nothing is asked about ${client.name}.`)
    if (answer === 'out') {
      this.#guardian.leaveOut(client, write.id, by)
      this.#watchConnected()
      return null
    }
    if (await this.#overwrites(client))
      throw new HubError('clients/running', `${client.name} runs and would overwrite this.`, {
        hint: 'Quit it first, then put our entry back.',
      })
    this.#guardian.answeredBack(client, by)
    return this.#restore(id, by)
  }

  /** Quits the client's app, writes our entry, and opens the app again: only ever on a person's word. */
  async quitAndWrite(id: string, before: string | null | undefined, by: string) {
    const client = known(id)
    const program = client.process?.[systemOf(this.#at.platform)]
    const tell = (what: string, detail: string) =>
      this.#o.audit.append({ kind: 'client', what, client: id, by, detail }, { durable: false }).catch(() => {})
    if (!program || !canQuit(this.#at.platform))
      throw new HubError('clients/cannot-quit', `${client.name} cannot be quit from here.`, {
        hint: 'Quit it yourself.',
      })
    const reopen = await quitApp(program, client.name, this.#at.platform, this.#at.home)
    void tell('client/quit-app', program)
    let reopened = false
    try {
      const written = await this.connect(id, before, by)
      reopened = reopen()
      return { ...written, reopened }
    } finally {
      if (!reopened) reopened = reopen()
      void tell('client/opened-app', reopened ? program : 'could not be opened again')
    }
  }

  /** Everything the guardian noticed so far is dealt with. */
  async settled(): Promise<void> {
    await this.#guardian.settled()
  }

  /** What an action would do, with foreign values masked. Nothing is written and no token is made. */
  async preview(id: string, action: Action): Promise<Preview> {
    const client = known(id)
    const { now, plan } = this.#tasks.for(
      client,
      action,
      () => this.#now(client, action === 'connect'),
      `gh_${'0'.repeat(43)}`,
    )
    return { action, ...(await this.#shown(client, now, plan)) }
  }

  async #shown(client: KnownClient, now: FileNow, plan: Plan): Promise<MovePreview> {
    const before = shownOf(plan.before)
    const after = plan.after ? shownBytes(plan.after, client) : ''
    const [beforeText, afterText] = excerpts(before, after)
    return {
      id: client.id,
      path: now.path,
      exists: now.bytes !== null,
      before: now.hash,
      diff: unifiedDiff(before, after, basename(now.path)),
      beforeText,
      afterText,
      summary: plan.summary,
      warnings: [...(await this.#warnings(client, now)), ...plan.warnings],
      alsoReadBy: client.alsoReadBy,
      canQuit: canQuit(this.#at.platform) && (await this.#overwrites(client)),
    }
  }

  /** `before`: the hash a person saw in the preview; when the file changed since, nothing is written. */
  connect(id: string, before?: string | null, by = 'gatehouse'): Promise<WrittenNow> {
    return this.#write(known(id), client => this.#tasks.for(client, 'connect', () => this.#now(client)), by, before)
  }

  disconnect(id: string, by = 'gatehouse', before?: string | null): Promise<WrittenNow> {
    return this.#write(
      known(id),
      client => this.#tasks.for(client, 'disconnect', () => this.#now(client, false)),
      by,
      before,
    )
  }

  undo(id: string, by = 'gatehouse', before?: string | null): Promise<WrittenNow> {
    return this.#write(known(id), client => this.#tasks.for(client, 'undo', () => this.#now(client)), by, before)
  }

  /** The data folder of another Gatehouse whose entry stands in its file, or null. */
  othersEntry(id: string): string | null {
    return this.#see(known(id)).foreign
  }

  /** Undoing puts servers that were taken over, and the keys in them, into its file again. */
  undoGivesBack(id: string): boolean {
    return this.#history.chain(known(id).id).some(({ note }) => note.taken.length > 0)
  }

  /** The servers that undoing gives back with the very bytes of before; none where the file was changed since. */
  undoGives(id: string): string[] {
    const client = known(id)
    const [newest] = this.#history.chain(id)
    const isSame = newest && readNow(this.#see(client).path ?? newest.path).hash === newest.hashAfter
    return isSame ? newest.note.taken : []
  }

  /** A new token in the entry; the old one opens nothing any more. */
  replaceToken(id: string, by = 'gatehouse'): Promise<WrittenNow> {
    const task = (client: KnownClient): Task => {
      const now = this.#now(client)
      this.#tasks.refuseForeign(client, now)
      if (!entryIn(configOf(now, client), client)) {
        throw new HubError('clients/not-connected', `${client.name} has no entry of Gatehouse.`, {
          hint: 'Connect it first.',
        })
      }
      return this.#tasks.put(client, now, this.#tokens.newToken(), 'token')
    }
    return this.#write(known(id), task, by, null, 'token')
  }

  /** The servers in its own file. With their values: not to leave the hub. */
  servers(id: string): { path: string; before: string | null; servers: FoundServer[] } {
    const client = known(id)
    const now = this.#now(client, false)
    return { path: now.path, before: now.hash, servers: serversIn(configOf(now, client), client) }
  }

  /** What moving would make of its file; `connect`: our entry goes in with it. */
  previewMove(id: string, change: Change, connect: boolean): Promise<MovePreview> {
    const client = known(id)
    const now = this.#now(client, connect)
    const { plan } = this.#tasks.move(client, now, change, { connect, token: `gh_${'0'.repeat(43)}` })
    return this.#shown(client, now, plan)
  }

  /** Entries of servers out of its file or in, in one write. `ready`: what has to be done first, when the file is still as seen. */
  move(
    id: string,
    change: Change,
    o: { connect: boolean; by: string; before: string | null | undefined; ready?: () => Promise<void> },
  ): Promise<WrittenNow> {
    const task = (client: KnownClient) => this.#tasks.move(client, this.#now(client), change, { connect: o.connect })
    return this.#write(known(id), task, o.by, o.before, change.take.length > 0 ? 'took' : 'gave', o.ready)
  }

  // Some rewrite their files many times a second: what was looked at may be another file a moment later.
  async #restore(id: string, by: string): Promise<WrittenNow> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(
          known(id),
          client => this.#tasks.restore(client, this.#now(client)),
          by,
          null,
          'restored',
        )
      } catch (error) {
        const passed = error instanceof HubError && error.code === 'clients/changed-meanwhile'
        if (!passed || tries === MOST_TRIES) throw error
      }
    }
  }

  /** What writing these servers into its file directly would make of it. */
  async previewDirect(id: string, servers: readonly DirectServer[], values: ReadonlyMap<string, string>) {
    const preview = await this.previewMove(id, { take: [], put: directEntries(known(id), servers, values) }, false)
    const twice = this.#see(known(id)).entry !== undefined
    return { ...preview, losses: losses(known(id), twice) }
  }

  async writeDirect(
    id: string,
    servers: readonly DirectServer[],
    values: ReadonlyMap<string, string>,
    o: { by: string; before: string | null | undefined; ready: () => Promise<void> },
  ): Promise<WrittenNow> {
    const put = directEntries(known(id), servers, values)
    const written = await this.move(id, { take: [], put }, { connect: false, ...o })
    const rows = servers.map(({ id: server, name }) => ({ name, server, digest: digestOf(put.get(name)) }))
    this.#direct.add(id, rows)
    this.#o.announcer.emit('clients/changed')
    return written
  }

  previewTakeBack(id: string): Promise<MovePreview> {
    return this.previewMove(id, { take: this.#mustDirect(id), put: new Map() }, false)
  }

  async takeBackDirect(id: string, o: { by: string; before: string | null | undefined }): Promise<WrittenNow> {
    const names = this.#mustDirect(id)
    const written = await this.move(id, { take: names, put: new Map() }, { connect: false, ...o })
    this.#direct.forget(id, names)
    this.#o.announcer.emit('clients/changed')
    return written
  }

  #mustDirect(id: string): string[] {
    const names = this.#directIn(known(id))
    if (names.length > 0) return names
    throw new HubError('clients/none-direct', `No server in ${known(id).name}'s file was written there directly.`, {
      hint: 'One that was changed since is not ours to take out.',
    })
  }

  /** Those that still stand in its file as they were written. */
  #directIn(client: KnownClient): string[] {
    const rows = this.#direct.of(client.id)
    const path = rows.length > 0 && configPath(client, this.#at)
    if (!path) return []
    try {
      const config = configOf(readNow(path), client)
      const at = (name: string) => valueAt(config, [...client.config.keyPath, name])
      return rows.flatMap(({ name, digest }) => (digestOf(at(name)) === digest ? [name] : []))
    } catch {
      return []
    }
  }

  /** Every file that holds an entry which starts this Gatehouse, whoever wrote it; and those nobody can say it of. */
  entries(): Found[] {
    return KNOWN_CLIENTS.flatMap(client => {
      const paths = new Set([configPath(client, this.#at), this.#history.newest(client.id)?.path])
      return [...paths].flatMap(path => (path ? (this.#entryAt(client, path) ?? []) : []))
    })
  }

  #entryAt(client: KnownClient, path: string): Found | null {
    const found = { id: client.id, name: client.name, path }
    const sight = this.#see(client, path)
    if (sight.problem) {
      const expected = this.#history.newest(client.id)?.action === 'connect'
      return expected ? { ...found, problem: sight.problem.what } : null
    }
    if (sight.entry === undefined) return null
    const isOurs = isBridge(sight.entry) && sight.foreign === null
    return isOurs ? { ...found, problem: null } : null
  }

  /** Our entry out of the file at that path, also where the client would read another one now. */
  takeOut(id: string, path: string, by: string): Promise<WrittenNow> {
    return this.#write(
      atPath(known(id), path),
      client => this.#tasks.for(client, 'disconnect', () => readNow(path)),
      by,
    )
  }

  /** What taking it out would make of the file. */
  async previewTakeOut(id: string, path: string): Promise<MovePreview> {
    const client = atPath(known(id), path)
    const { now, plan } = this.#tasks.for(client, 'disconnect', () => readNow(path))
    return this.#shown(client, now, plan)
  }

  addOther(name: string, transport: 'stdio' | 'http', by: string): OtherEntry {
    const added = this.others.add(name, transport)
    this.#otherChanged('client/added', added.id, by)
    return added
  }

  newOtherToken(id: string, by: string): OtherEntry {
    const entry = this.others.newToken(id)
    this.#otherChanged('client/token-replaced', id, by)
    return entry
  }

  removeOther(id: string, by: string): void {
    this.others.remove(id)
    this.#otherChanged('client/removed', id, by)
  }

  setHttpPort(port: number, by: string): void {
    this.others.port = port
    this.#otherChanged('client/http-port', null, by, String(port))
  }

  #otherChanged(what: string, client: string | null, by: string, detail?: string): void {
    const event = { kind: 'client' as const, what, by, ...(client ? { client } : {}), ...(detail ? { detail } : {}) }
    void this.#o.audit.append(event, { durable: false }).catch(() => {})
    this.#o.announcer.emit('clients/changed')
  }

  close(): void {
    this.#watch.close()
    this.#guardian.close()
  }

  #write(
    client: KnownClient,
    taskFor: (client: KnownClient) => Task,
    by: string,
    before?: string | null,
    what?: ClientEvent['what'],
    ready?: () => Promise<void>,
  ): Promise<WrittenNow> {
    const done = this.#queue.then(async () => {
      const path = configPath(client, this.#at) ?? this.#history.newest(client.id)?.path ?? ''
      // The lock lies beside the file: a folder that is not there yet is locked by nobody.
      return withLock(path, missingFolder(path) ? null : client.config.lock, this.#kv, async () => {
        const task = taskFor(client)
        const { now, plan } = task
        if (before && now.hash !== before) {
          throw new HubError(
            'clients/changed-meanwhile',
            `${path} was changed since the preview. Nothing was written.`,
            {
              hint: 'Look at the preview again.',
            },
          )
        }
        await ready?.()
        const backup = await carryOut(task, by, this.#desk)
        const after = plan.after ? shownBytes(plan.after, client) : ''
        const diff = unifiedDiff(shownOf(plan.before), after, basename(now.path))
        this.#guardian.wrote(client, what ?? task.action, by, diff)
        this.#watchConnected()
        this.#o.announcer.emit('clients/changed')
        const afterWriting = client.afterWriting[systemOf(this.#at.platform)]
        return { id: client.id, path: now.path, backup, afterWriting, sha256: plan.after && hashOf(plan.after) }
      })
    })
    this.#queue = done.catch(() => {})
    return done
  }

  #see(client: KnownClient, path = configPath(client, this.#at)): Sight {
    return see(client, path, this.#at, this.#newest(client.id), this.#o.entry, this.#o.folder.path)
  }

  // An entry that the person took out for good is not missed.
  #newest(id: string): Write | null {
    const write = this.#history.newest(id)
    return write && this.#memory.of(id).out === write.id ? null : write
  }

  #guarded(): KnownClient[] {
    return KNOWN_CLIENTS.filter(client => this.#newest(client.id)?.action === 'connect')
  }

  /** The client runs, and would write its file anew from memory. */
  runs(id: string): Promise<boolean> {
    return this.#overwrites(known(id))
  }

  async #overwrites(client: KnownClient): Promise<boolean> {
    const program = client.process?.[systemOf(this.#at.platform)]
    return !!program && client.config.rewrittenByApp && isRunning(program, this.#at.platform, this.#at.home)
  }

  // A client that is gone may still have its file set right, but gets no new entry.
  #now(client: KnownClient, mustBeThere = true): FileNow {
    const path = configPath(client, this.#at)
    if (path && (!mustBeThere || findClient(client, this.#at))) return readNow(path)
    throw new HubError('clients/not-installed', `${client.name} was not found on this computer.`, {
      hint: 'Install it and start it once.',
    })
  }

  async #warnings(client: KnownClient, now: FileNow): Promise<string[]> {
    const warnings: string[] = []
    const other = now.bytes && foreignFolder(entryIn(configOf(now, client), client), this.#o.folder.path)
    if (other)
      warnings.push(`The entry in it is of another Gatehouse, with its data in ${other}. Writing would replace it.`)
    if (await this.#overwrites(client))
      warnings.push(`${client.name} is running and would overwrite this. Quit it first, then write.`)
    if (now.real !== now.path && now.bytes) warnings.push(`The file is a link: ${now.real} is what is written.`)
    if ((now.stat?.nlink ?? 1) > 1)
      warnings.push('The file has a second name on this disk, which will keep the old text.')
    return warnings
  }

  #watchConnected(): void {
    const connected = KNOWN_CLIENTS.flatMap(client => {
      const write = this.#newest(client.id)
      const path = configPath(client, this.#at)
      this.#known.set(client.id, this.#see(client).kind)
      return write?.action === 'connect' ? [write.path, ...(path && path !== write.path ? [path] : [])] : []
    })
    this.#watch.set(connected)
  }

  // Clients rewrite their files all the time; only what it means for our entry is told.
  #lookAgain(): void {
    for (const client of KNOWN_CLIENTS) {
      const { kind } = this.#see(client)
      if (this.#known.get(client.id) === kind) continue
      this.#known.set(client.id, kind)
      this.#o.announcer.emit('clients/changed')
    }
    for (const client of this.#guarded()) this.#guardian.notice(client)
  }
}

function known(id: string): KnownClient {
  const client = KNOWN_CLIENTS.find(each => each.id === id)
  if (client) return client
  const names = KNOWN_CLIENTS.map(each => each.id).join(', ')
  throw new HubError('clients/unknown', `No client is called ${JSON.stringify(id)}.`, { hint: `Known are: ${names}.` })
}
