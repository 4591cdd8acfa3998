// What goes to one client: its answers, and what nobody waits for.
import type { House } from './house.ts'
import type { LinkOptions } from './link-options.ts'
import type { Tap } from './tap.ts'
import { UnreadNotes } from './unread-notes.ts'

type About = Parameters<Tap['push']>[3]

const UNREAD = 'It leaves 16 MB of notifications unread; until it reads, more of them are dropped.'

export class Outgoing {
  readonly #house: House
  readonly #who: { client: string; title: string }
  readonly #send: LinkOptions['send']
  readonly #cannot: () => void
  readonly #unread = new UnreadNotes()
  #closed = false

  /** `cannot`: called when it cannot be written to. */
  constructor(house: House, who: { client: string; title: string }, send: LinkOptions['send'], cannot: () => void) {
    this.#house = house
    this.#who = who
    this.#send = send
    this.#cannot = cannot
  }

  /** `request`: source text of the id that it belongs to. */
  out(text: string, about: About = {}, request?: string): void | Promise<void> {
    if (this.#closed) return
    this.#house.tap.push('Gatehouse', this.#who.title, text, about)
    try {
      return this.#send(text, request)?.catch(this.#cannot)
    } catch {
      this.#cannot()
    }
  }

  /** What nobody waits for. */
  note(text: string, about: About, request: string | undefined): void | Promise<void> {
    if (this.#unread.isFull(text))
      return this.#house.guard.refused.record(this.#who.client, UNREAD, 'refused/notification')
    return this.#unread.holds(text, this.out(text, about, request))
  }

  close(): void {
    this.#closed = true
  }
}
