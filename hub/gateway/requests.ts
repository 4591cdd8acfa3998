// A client's requests under way: each is answered once, under its own id, unless the client takes it back.
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type ClientFrame,
  DENIED,
  errorFrame,
  INTERNAL_ERROR,
  idKey,
  METHOD_NOT_FOUND,
  NOT_A_REQUEST,
} from './frame.ts'
import type { House } from './house.ts'
import type { LinkOptions } from './link-options.ts'
import type { Outgoing } from './outgoing.ts'
import { type Flight, inWords } from './relay.ts'
import { Room } from './room.ts'
import { RpcError } from './route.ts'

/** The answer's frame; null when the client took its request back. Throws RpcError for an answer that is an error. */
type Answer = (frame: ClientFrame, flight: Flight, correlation: string) => Promise<string | null>

export class Requests {
  readonly #house: House
  readonly #who: { client: string; title: string; kind: LinkOptions['kind'] }
  readonly #outgoing: Outgoing
  readonly #answer: Answer
  readonly #flights = new Map<string, Flight>()
  readonly #room = new Room()

  constructor(
    house: House,
    who: { client: string; title: string; kind: LinkOptions['kind'] },
    outgoing: Outgoing,
    answer: Answer,
  ) {
    this.#house = house
    this.#who = who
    this.#outgoing = outgoing
    this.#answer = answer
  }

  /** Nothing on the wire says which request a server's own words belong to: with one alone it is that one. */
  get only(): string | undefined {
    return this.#flights.size === 1 ? this.#flights.values().next().value?.id : undefined
  }

  async take(frame: ClientFrame): Promise<void> {
    const { client, title, kind } = this.#who
    const id = frame.id!
    const key = idKey(id)
    // Calls from inside come with an id of ours, which whoever made them already knows.
    const isOurs = kind === 'cli' || kind === 'inspector'
    const correlation: string = isOurs ? JSON.parse(id) : randomUUID()
    const flight: Flight = { id, abort: new AbortController(), cancelled: false, progressed: false }
    this.#house.tap.push(title, 'Gatehouse', frame.text, { correlation })
    const about = { correlation, method: frame.method }
    if (this.#flights.has(key))
      return void this.#outgoing.out(errorFrame(id, NOT_A_REQUEST, 'This id is still in use.'), about, id)
    const full = this.#room.whyFull(this.#flights.size, frame.text)
    if (full) return void this.#outgoing.out(errorFrame(id, DENIED, full), about, id)
    this.#flights.set(key, flight)
    this.#room.asks(frame.text)
    let answer: string | null
    try {
      answer = await this.#answer(frame, flight, correlation)
    } catch (error) {
      if (error instanceof RpcError && error.code === METHOD_NOT_FOUND)
        this.#house.guard.refused.record(client, error.message.slice(0, 200), 'refused/method')
      answer =
        error instanceof RpcError
          ? errorFrame(id, error.code, error.message, error.data)
          : errorFrame(id, INTERNAL_ERROR, inWords(error))
    }
    // SDK clients lose a progress notification that arrives together with its result.
    if (flight.progressed) await nextTurn()
    this.#flights.delete(key)
    this.#room.asksNoMore(frame.text)
    if (answer === null || flight.cancelled) return
    const dropped = this.#room.whyDropped(answer)
    const text = dropped ? errorFrame(id, DENIED, dropped) : answer
    this.#room.holds(text, this.#outgoing.out(text, about, id))
  }

  cancel(frame: ClientFrame): void {
    const id = frame.fields.find(m => m.key === 'requestId')
    const flight = id && this.#flights.get(idKey(frame.text.slice(id.start, id.end)))
    if (!flight) return
    flight.cancelled = true
    flight.cancellation = frame.text
    const { reason } = frame.value
    flight.abort.abort(typeof reason === 'string' ? reason : undefined)
  }

  abort(why: string): void {
    for (const flight of this.#flights.values()) flight.abort.abort(why)
  }
}
