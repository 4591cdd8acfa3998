import { homedir } from 'node:os'
import { basename } from 'node:path'
import type { AuditEvent } from '../../contract/audit.ts'
import type { Client, OtherEntry, Preview, Written as WrittenNow } from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import type { Announcer } from '../announce.ts'
import { HubError } from '../error.ts'
import { type DataFolder, defaultDataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import type { Db } from '../store/open.ts'
import { Written } from '../store/written.ts'
import { dropBackup } from './backup.ts'
import { carryOut, type Desk, settleUnfinished } from './carry-out.ts'
import { excerpts, unifiedDiff } from './diff.ts'
import { type EntryPoint, entryIn } from './entry.ts'
import { History } from './history.ts'
import { isRunning } from './is-running.ts'
import { withLock } from './lock.ts'
import { masked } from './mask.ts'
import { maskedToml } from './mask-toml.ts'
import { Others } from './others.ts'
import { configPath, findClient, type Surroundings } from './places.ts'
import { configOf } from './plan.ts'
import { type Config, readConfig } from './read-config.ts'
import { type FileNow, hashOf, missingFolder, readNow } from './replace-file.ts'
import { describe, type Sight, see } from './sight.ts'
import { KNOWN_CLIENTS, type KnownClient, systemOf } from './table.ts'
import { type Task, Tasks } from './tasks.ts'
import { Tokens } from './tokens.ts'
import { FileWatch } from './watch-files.ts'

export type { EntryPoint } from './entry.ts'

type Action = Preview['action']

interface Options {
  folder: Pick<DataFolder, 'path'>
  db: Db
  /** Encrypts copies; null: they lie beside the original. */
  key: () => Buffer | null
  audit: { append(event: AuditEvent, options: { durable: boolean }): Promise<void> }
  announcer: Announcer
  entry: EntryPoint
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
    this.#tokens = new Tokens(kv, () => [...KNOWN_CLIENTS, ...this.others.all()].map(client => client.id))
    const data = folder === defaultDataFolder() ? null : folder
    this.others = new Others({ kv, tokens: this.#tokens, entry: start, data })
    const shared = { folder, key, history: this.#history, tokens: this.#tokens }
    this.#tasks = new Tasks({ ...shared, start, at: this.#at })
    this.#desk = { ...shared, audit }
    this.#watch = new FileWatch(() => this.#lookAgain())
    settleUnfinished(this.#desk, (id, path) => {
      const client = KNOWN_CLIENTS.find(each => each.id === id)
      return client && this.#see(client, path)
    })
    this.#watchConnected()
  }

  async list(links: readonly LinkInfo[]): Promise<Client[]> {
    const known = KNOWN_CLIENTS.map(client => describe(this.#see(client), links, this.#at.platform))
    return [...known, ...this.others.list(links)]
  }

  title(id: string): string {
    return (KNOWN_CLIENTS.find(client => client.id === id) ?? this.others.find(id))?.name ?? id
  }

  /** Whose token this is: a client's id, or null. */
  clientOf(token: string): string | null {
    return this.#tokens.clientOf(token)
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
    const before = shownOf(plan.before)
    const after = plan.after ? maskedBytes(plan.after, client) : ''
    const [beforeText, afterText] = excerpts(before, after)
    return {
      id,
      action,
      path: now.path,
      exists: now.bytes !== null,
      before: now.hash,
      diff: unifiedDiff(before, after, basename(now.path)),
      beforeText,
      afterText,
      summary: plan.summary,
      warnings: [...(await this.#warnings(client, now)), ...plan.warnings],
      alsoReadBy: client.alsoReadBy,
    }
  }

  /** `before`: the hash a person saw in the preview; when the file changed since, nothing is written. */
  connect(id: string, before?: string | null, by = 'gatehouse'): Promise<WrittenNow> {
    return this.#write(id, client => this.#tasks.for(client, 'connect', () => this.#now(client)), by, before)
  }

  disconnect(id: string, by = 'gatehouse'): Promise<WrittenNow> {
    return this.#write(id, client => this.#tasks.for(client, 'disconnect', () => this.#now(client, false)), by)
  }

  undo(id: string, by = 'gatehouse'): Promise<WrittenNow> {
    return this.#write(id, client => this.#tasks.for(client, 'undo', () => this.#now(client)), by)
  }

  /** A new token in the entry; the old one opens nothing any more. */
  replaceToken(id: string, by = 'gatehouse'): Promise<WrittenNow> {
    const task = (client: KnownClient): Task => {
      const now = this.#now(client)
      if (!entryIn(configOf(now, client), client)) {
        throw new HubError('clients/not-connected', `${client.name} has no entry of Gatehouse.`, {
          hint: 'Connect it first.',
        })
      }
      return this.#tasks.put(client, now, this.#tokens.newToken(), 'token')
    }
    return this.#write(id, task, by)
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
  }

  #write(id: string, taskFor: (client: KnownClient) => Task, by: string, before?: string | null): Promise<WrittenNow> {
    const done = this.#queue.then(async () => {
      const client = known(id)
      const path = configPath(client, this.#at) ?? this.#history.newest(id)?.path ?? ''
      // The lock lies beside the file: a folder that is not there yet is locked by nobody.
      return withLock(path, missingFolder(path) ? null : client.config.lock, async () => {
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
        const backup = await carryOut(task, by, this.#desk)
        this.#watchConnected()
        this.#o.announcer.emit('clients/changed')
        const afterWriting = client.afterWriting[systemOf(this.#at.platform)]
        return { id, path: now.path, backup, afterWriting, sha256: plan.after && hashOf(plan.after) }
      })
    })
    this.#queue = done.catch(() => {})
    return done
  }

  #see(client: KnownClient, path = configPath(client, this.#at)): Sight {
    return see(client, path, this.#at, this.#history.newest(client.id), this.#o.entry)
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
    const program = client.process?.[systemOf(this.#at.platform)]
    if (program && client.config.rewrittenByApp && (await isRunning(program, this.#at.platform)))
      warnings.push(`${client.name} is running and would overwrite this. Quit it first, then write.`)
    if (now.real !== now.path && now.bytes) warnings.push(`The file is a link: ${now.real} is what is written.`)
    if ((now.stat?.nlink ?? 1) > 1)
      warnings.push('The file has a second name on this disk, which will keep the old text.')
    return warnings
  }

  #watchConnected(): void {
    const connected = KNOWN_CLIENTS.flatMap(client => {
      const write = this.#history.newest(client.id)
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
      if (kind === 'dropped' || kind === 'drifted')
        void this.#o.audit
          .append({ kind: 'client', what: `client/entry-${kind}`, client: client.id }, { durable: false })
          .catch(() => {})
      this.#o.announcer.emit('clients/changed')
    }
  }
}

function known(id: string): KnownClient {
  const client = KNOWN_CLIENTS.find(each => each.id === id)
  if (client) return client
  const names = KNOWN_CLIENTS.map(each => each.id).join(', ')
  throw new HubError('clients/unknown', `No client is called ${JSON.stringify(id)}.`, { hint: `Known are: ${names}.` })
}

function maskedBytes(bytes: Buffer, client: KnownClient): string {
  const config = readConfig(bytes, client)
  return config.kind === 'config' ? shownOf(config) : ''
}

function shownOf(config: Config): string {
  return config.toml ? maskedToml(config.text, config.toml) : masked(config)
}
