// Keeps watch over our entry in a client's file: tells who took it out, asks, puts it back if wanted, and never fights in a loop.

import { basename } from 'node:path'
import type { AuditEvent } from '../../contract/audit.ts'
import type { ClientEvent, GuardQuestion } from '../../contract/clients.ts'
import { fileAt } from './client-file.ts'
import { unifiedDiff } from './diff.ts'
import type { GuardMemory } from './guard-memory.ts'
import { configOf } from './plan.ts'
import { othersIn, partOf } from './shown.ts'
import type { Sight } from './sight.ts'
import type { KnownClient } from './table.ts'

const MOST_RESTORES = 3
const WITHIN_MS = 10 * 60_000
const LOOK_AGAIN_MS = 5_000

interface Options {
  memory: GuardMemory
  tell: (event: Omit<AuditEvent, 'kind'>) => void
  changed: () => void
  see: (client: KnownClient) => Sight
  /** Whether an app that writes its file from memory runs now. */
  runs: (client: KnownClient) => Promise<boolean>
  /** Writes our entry where none is. */
  restore: (client: KnownClient) => Promise<unknown>
  /** The person does not want it any more: its token ends. */
  retire: (client: KnownClient) => void
  now?: () => number
  lookAgainMs?: number
}

/** One at a time, in the order things happened. */
export class Guardian {
  readonly #o: Options
  readonly #memory: GuardMemory
  readonly #now: () => number
  readonly #waiting = new Map<string, KnownClient>()
  readonly #timer: NodeJS.Timeout
  #queue: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: Options) {
    this.#o = options
    this.#memory = options.memory
    this.#now = options.now ?? Date.now
    this.#timer = setInterval(() => this.#lookAgain(), options.lookAgainMs ?? LOOK_AGAIN_MS).unref()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
  }

  /** All that was noticed so far is dealt with. */
  settled(): Promise<unknown> {
    return this.#queue
  }

  /** The file may have changed: to be called after each change, with the clients that have a write of ours. */
  notice(client: KnownClient): void {
    this.#queue = this.#queue
      .then(() => (this.#closed ? undefined : this.#look(client)))
      .catch(error => this.#failed(client, error))
  }

  /** We wrote the file ourselves. */
  wrote(client: KnownClient, what: ClientEvent['what'], by: string, diff: string): void {
    const words: Partial<Record<ClientEvent['what'], string>> = {
      connect: 'Our entry was written.',
      token: 'Our entry got a new token.',
      took: 'Servers of its own were taken into Gatehouse, and our entry was written.',
      gave: 'Servers were given back to it.',
      disconnect: 'Our entry was taken out.',
      undo: 'The last write was undone.',
      restored: 'Our entry was put back.',
    }
    this.#add(client, what, by, words[what] ?? '', diff)
    this.#waiting.delete(client.id)
    this.#memory.change(client.id, { asks: null, out: null, kind: null })
    this.#remember(client, this.#o.see(client))
  }

  /** After a start: an app that was waited for is waited for again. */
  resume(clients: readonly KnownClient[]): void {
    for (const client of clients) {
      const { asks, keep, answer, kind } = this.#memory.of(client.id)
      if (asks?.why === 'running') this.#waiting.set(client.id, client)
      // Killed while it was put back: it is gone over anew.
      if (kind === 'dropped' && !asks && (keep || answer === 'back')) this.#memory.change(client.id, { kind: null })
      this.notice(client)
    }
  }

  keep(client: KnownClient, on: boolean, by: string): void {
    const { keep, answer } = this.#memory.of(client.id)
    this.#memory.change(client.id, { keep: on, ...(on && answer === 'out' ? { answer: null } : {}) })
    if (keep === on) return
    const words = on ? 'It is put back by itself from now on.' : 'It is not put back by itself any more.'
    this.#act(client, 'keep', by, words, { what: on ? 'client/guard-on' : 'client/guard-off' })
    if (!on || this.#o.see(client).kind !== 'dropped') return
    this.#queue = this.#queue
      .then(async () => ((await this.#o.runs(client)) ? this.#waits(client, true) : this.#restore(client)))
      .catch(error => this.#failed(client, error))
  }

  /** The person says that our entry stays out: it is not asked again. */
  leaveOut(client: KnownClient, write: number, by: string): void {
    this.#waiting.delete(client.id)
    this.#memory.change(client.id, { asks: null, answer: 'out', out: write, keep: false, kind: null })
    this.#o.retire(client)
    this.#act(client, 'left-out', by, 'Our entry stays out; its token opens nothing any more.')
  }

  /** The person wants it back: now, and when it was said in the window also the next time. */
  answeredBack(client: KnownClient, by: string): void {
    const { asks } = this.#memory.of(client.id)
    const lasts = asks?.why === 'removed' && by !== 'cli'
    this.#memory.change(client.id, { restores: [], ...(lasts ? { answer: 'back' } : {}) })
    this.#o.tell({ what: 'client/guard-answered', client: client.id, by, detail: 'put it back' })
  }

  async #look(client: KnownClient): Promise<void> {
    const sight = this.#o.see(client)
    const before = this.#memory.of(client.id)
    if (sight.kind === 'written') this.#remember(client, sight)
    const kind = sight.foreign === null ? sight.kind : 'foreign'
    if (kind === before.kind) return
    this.#memory.change(client.id, { kind })
    if (sight.kind === 'written' || sight.kind === 'drifted') {
      this.#waiting.delete(client.id)
      this.#memory.change(client.id, { asks: null })
    }
    if (sight.kind === 'written' && ['dropped', 'drifted', 'foreign'].includes(before.kind ?? ''))
      this.#act(client, 'returned', client.name, 'Our entry is as it was written again.')
    if (sight.kind === 'drifted')
      this.#act(client, 'drifted', client.name, sight.evidence, { what: 'client/entry-drifted' }, this.#diff(sight))
    if (sight.kind !== 'dropped') return
    if (before.kind !== 'foreign') return this.#gone(client, sight)
    // It had taken the place of ours before: nobody dropped ours now, so nothing is put back by itself.
    const words = 'The entry of another Gatehouse, which stood in the place of ours, is gone.'
    this.#act(client, 'dropped', 'somebody', words, { what: 'client/entry-dropped' }, this.#diff(sight))
  }

  async #gone(client: KnownClient, sight: Sight): Promise<void> {
    const { keep, answer } = this.#memory.of(client.id)
    const seen = this.#memory.seen(client.id)
    const runs = await this.#o.runs(client)
    const isSame =
      seen !== null && sight.now?.hash != null && othersIn(contentOf(client, sight), client) === seen.others
    const diff = this.#diff(sight)
    if (!isSame || runs) {
      const why = runs ? 'It runs, and writes its file from memory.' : 'Other things in the file changed with it.'
      const words =
        sight.now?.hash == null ? 'The file is gone.' : isSame || seen ? why : 'Nothing is known of the file before.'
      this.#act(
        client,
        'dropped',
        client.name,
        `${client.name} dropped our entry. ${words}`,
        { what: 'client/entry-dropped' },
        diff,
      )
      if (runs) return this.#waits(client, keep)
      if (keep) await this.#restore(client)
      return
    }
    const words = 'Only our entry was taken out of the file; everything else in it stayed.'
    this.#act(client, 'removed', 'somebody', words, { what: 'client/entry-removed' }, diff)
    if (answer === 'back') return this.#restore(client)
    const write = sight.write?.id
    if (answer === 'out' && write !== undefined) return this.leaveOut(client, write, 'the answer of last time')
    this.#ask(client, {
      why: 'removed',
      text: `Our entry was taken out of ${client.name}'s file, and nothing else in it changed. Was that you? The answer is remembered.`,
    })
  }

  #waits(client: KnownClient, keep: boolean): void {
    const then = keep ? 'It is put back as soon as the app was quit.' : 'Quit it, then put our entry back.'
    this.#waiting.set(client.id, client)
    this.#act(client, 'waits', 'guardian', `${client.name} still runs and would overwrite the file. ${then}`, {
      what: 'client/guard-waits',
    })
    this.#ask(client, {
      why: 'running',
      text: `${client.name} dropped our entry, and it still runs: whatever is written now, it overwrites. ${then}`,
    })
  }

  async #restore(client: KnownClient): Promise<void> {
    const now = this.#now()
    const restores = this.#memory.of(client.id).restores.filter(at => Math.abs(now - at) < WITHIN_MS)
    if (restores.length >= MOST_RESTORES) {
      const text = `${client.name} dropped our entry ${MOST_RESTORES + 1} times within 10 minutes. It is not put back by itself until you say so.`
      this.#act(client, 'backed-off', 'guardian', text, { what: 'client/guard-backed-off' })
      this.#ask(client, { why: 'fight', text })
      return
    }
    this.#memory.change(client.id, { restores: [...restores, now], asks: null })
    await this.#o.restore(client)
  }

  #failed(client: KnownClient, error: unknown): void {
    if (this.#closed) return
    const text = `Our entry could not be put back. ${error instanceof Error ? error.message : String(error)}`
    this.#act(client, 'failed', 'guardian', text, { what: 'client/guard-failed', outcome: 'error' })
    this.#ask(client, { why: 'failed', text })
  }

  // An app that was quit does not change its file: only looking at what runs tells.
  #lookAgain(): void {
    for (const client of this.#waiting.values()) {
      this.#queue = this.#queue
        .then(async () => {
          if (this.#closed || !this.#waiting.has(client.id) || (await this.#o.runs(client))) return
          this.#waiting.delete(client.id)
          if (this.#o.see(client).kind !== 'dropped') return
          if (this.#memory.of(client.id).keep) return this.#restore(client)
          this.#memory.change(client.id, { asks: null })
          this.#o.changed()
        })
        .catch(error => this.#failed(client, error))
    }
  }

  #ask(client: KnownClient, asks: GuardQuestion): void {
    this.#memory.change(client.id, { asks })
    this.#o.changed()
  }

  #act(
    client: KnownClient,
    what: ClientEvent['what'],
    by: string,
    words: string,
    event: Partial<AuditEvent> = {},
    diff = '',
  ): void {
    this.#add(client, what, by, words, diff)
    this.#o.tell({ what: `client/guard-${what}`, client: client.id, by, detail: words, ...event })
    this.#o.changed()
  }

  #add(client: KnownClient, what: ClientEvent['what'], by: string, words: string, diff: string): void {
    this.#memory.add(client.id, { at: this.#now(), what, by, words, diff })
  }

  #remember(client: KnownClient, sight: Sight): void {
    const hash = sight.now?.hash
    if (sight.kind !== 'written' || !hash || this.#memory.seen(client.id)?.hash === hash) return
    const config = contentOf(client, sight)
    this.#memory.see(client.id, { hash, others: othersIn(config, client), shown: partOf(config, client) })
  }

  #diff(sight: Sight): string {
    const seen = this.#memory.seen(sight.client.id)
    if (!seen || !sight.path) return ''
    const after = sight.now?.hash == null ? '' : partOf(contentOf(sight.client, sight), sight.client)
    return unifiedDiff(seen.shown, after, basename(sight.path))
  }
}

/** The file as it was looked at; where that is not in memory any more, as it is now. */
function contentOf(client: KnownClient, { config, path }: Sight) {
  return config?.deref() ?? configOf(fileAt(client, path ?? ''), client)
}
