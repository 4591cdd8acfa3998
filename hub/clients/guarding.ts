// The guardian at work: files are watched, a lost entry goes back, and a person's word about it is carried out.
import type { AuditEvent } from '../../contract/audit.ts'
import type { ClientEvent, Preview, Written } from '../../contract/clients.ts'
import { HubError } from '../error.ts'
import type { GuardMemory } from './guard-memory.ts'
import { Guardian } from './guardian.ts'
import type { Write } from './history.ts'
import { known } from './known.ts'
import type { Looking } from './looking.ts'
import { configPath } from './places.ts'
import { canQuit, quitApp } from './quit-app.ts'
import { type KnownClient, systemOf } from './table.ts'
import { SHOWN_TOKEN, type Tasks } from './tasks.ts'
import { FileWatch } from './watch-files.ts'
import type { Writing } from './writing.ts'

const MOST_TRIES = 5

interface Options {
  memory: GuardMemory
  looking: Looking
  tasks: Tasks
  /** Writing tells the guardian what it wrote, so it is there only after it. */
  writing: () => Writing
  tell: (event: Omit<AuditEvent, 'kind'>) => void
  changed: () => void
  /** The person does not want the entry any more: its token ends. */
  retire: (client: KnownClient) => void
}

export class Guarding {
  readonly #o: Options
  readonly #guardian: Guardian
  readonly #watch = new FileWatch(() => this.#lookAgain())
  readonly #kinds = new Map<string, string>()

  constructor(options: Options) {
    this.#o = options
    const { memory, looking, tell, changed, retire } = options
    this.#guardian = new Guardian({
      memory,
      tell,
      changed,
      retire,
      see: client => looking.see(client),
      runs: client => looking.overwrites(client),
      restore: client => this.#restore(client, 'guardian'),
    })
  }

  /** Watches what is connected, and goes on with what was begun before. */
  start(): void {
    this.watch()
    this.#guardian.resume(this.#o.looking.connected())
  }

  close(): void {
    this.#watch.close()
    this.#guardian.close()
  }

  wrote(client: KnownClient, what: ClientEvent['what'], by: string, diff: string): void {
    this.#guardian.wrote(client, what, by, diff)
    this.watch()
    this.#o.changed()
  }

  /** What happened to our entry in its file, newest first. */
  history(id: string): ClientEvent[] {
    return this.#o.memory.events(known(id).id)
  }

  keep(id: string, on: boolean, by: string): void {
    this.#guardian.keep(known(id), on, by)
  }

  /** What keeping it from now on would write at once; null: nothing. */
  async previewKeep(id: string, on: boolean): Promise<Preview | null> {
    const client = known(id)
    const { looking } = this.#o
    return on && looking.see(client).kind === 'dropped' && !(await looking.overwrites(client))
      ? this.#previewRestore(client)
      : null
  }

  /** What that answer would write. */
  async previewAnswer(id: string, answer: 'back' | 'out'): Promise<Preview | null> {
    const client = known(id)
    this.#mustAsk(client)
    if (answer === 'out') return null
    await this.#mustRest(client)
    return this.#previewRestore(client)
  }

  /** Answers what the guardian asks: our entry goes back, or stays out. */
  async answer(id: string, answer: 'back' | 'out', by: string): Promise<Written | null> {
    const client = known(id)
    const write = this.#mustAsk(client)
    if (answer === 'out') {
      this.#guardian.leaveOut(client, write.id, by)
      this.watch()
      return null
    }
    await this.#mustRest(client)
    this.#guardian.answeredBack(client, by)
    return this.#restore(client, by)
  }

  /** Quits the client's app, has our entry written, and opens the app again: only ever on a person's word. */
  async quitAndWrite(id: string, by: string, write: () => Promise<Written>): Promise<Written & { reopened: boolean }> {
    const client = known(id)
    const { home, platform } = this.#o.looking.at
    const program = client.process?.[systemOf(platform)]
    const tell = (what: string, detail: string) => this.#o.tell({ what, client: id, by, detail })
    if (!program || !canQuit(platform))
      throw new HubError('clients/cannot-quit', `${client.name} cannot be quit from here.`, {
        hint: 'Quit it yourself.',
      })
    const reopen = await quitApp(program, client.name, platform, home)
    tell('client/quit-app', program)
    let reopened = false
    try {
      const written = await write()
      reopened = reopen()
      return { ...written, reopened }
    } finally {
      if (!reopened) reopened = reopen()
      tell('client/opened-app', reopened ? program : 'could not be opened again')
    }
  }

  /** Everything the guardian noticed so far is dealt with. */
  async settled(): Promise<void> {
    await this.#guardian.settled()
  }

  /** Watches the files of those that are connected now. */
  watch(): void {
    const { looking } = this.#o
    const connected = looking.all().flatMap(client => {
      const write = looking.newest(client.id)
      const path = configPath(client, looking.at)
      this.#kinds.set(client.id, looking.see(client).kind)
      return write?.action === 'connect' ? [write.path, ...(path && path !== write.path ? [path] : [])] : []
    })
    this.#watch.set(connected)
  }

  // Clients rewrite their files all the time; only what it means for our entry is told.
  #lookAgain(): void {
    const { looking, changed } = this.#o
    for (const client of looking.all()) {
      const { kind } = looking.see(client)
      if (this.#kinds.get(client.id) === kind) continue
      this.#kinds.set(client.id, kind)
      changed()
    }
    for (const client of looking.connected()) this.#guardian.notice(client)
  }

  async #previewRestore(client: KnownClient): Promise<Preview> {
    const { looking, tasks } = this.#o
    const now = looking.fileOf(client)
    const { plan } = tasks.restore(client, now, SHOWN_TOKEN)
    return { action: 'connect', ...(await looking.shown(client, now, plan)) }
  }

  #mustAsk(client: KnownClient): Write {
    const write = this.#o.looking.newest(client.id)
    if (write?.action === 'connect' && this.#o.looking.see(client).kind === 'dropped') return write
    throw new HubError('clients/nothing-asked', `Nothing is asked about ${client.name}.`)
  }

  async #mustRest(client: KnownClient): Promise<void> {
    if (!(await this.#o.looking.overwrites(client))) return
    throw new HubError('clients/running', `${client.name} runs and would overwrite this.`, {
      hint: 'Quit it first, then put our entry back.',
    })
  }

  // Some rewrite their files many times a second: what was looked at may be another file a moment later.
  async #restore(client: KnownClient, by: string): Promise<Written> {
    const { looking, tasks, writing } = this.#o
    for (let tries = 1; ; tries++) {
      try {
        const task = (each: KnownClient) => tasks.restore(each, looking.fileOf(each))
        return await writing().write(client, task, { by, what: 'restored' })
      } catch (error) {
        const passed = error instanceof HubError && error.code === 'clients/changed-meanwhile'
        if (!passed || tries === MOST_TRIES) throw error
      }
    }
  }
}
