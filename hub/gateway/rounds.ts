// Calls of modern clients that stand still until the client comes back with what the server asked for.
import { randomUUID } from 'node:crypto'
import { memberAt, splice } from '../../contract/wire.ts'
import { BAD_PARAMS, type ClientFrame, DENIED, resultFrame } from './frame.ts'
import type { ModernCaller } from './modern-caller.ts'
import type { Flight } from './relay.ts'
import { mintState, readState, requestDigest } from './request-state.ts'
import { RpcError } from './route.ts'

const MOST_SUSPENDED = 100
const LIFE_MS = 10 * 60_000

interface Suspended {
  caller: ModernCaller
  /** The call's own answer, under the id of the request that began it. */
  answer: Promise<string | null>
  flight: Flight
  /** Policy is asked before each round: the refusal under this id, or null. */
  refused: (id: string) => string | null
  timer: NodeJS.Timeout
}

export class Rounds {
  readonly #client: string
  readonly #waiting = new Map<string, Suspended>()

  constructor(client: string) {
    this.#client = client
  }

  /** The answer to a client's request, or what is asked of it first. */
  async first(
    frame: ClientFrame,
    caller: ModernCaller,
    flight: Flight,
    answer: Promise<string | null>,
    refused: Suspended['refused'],
  ): Promise<string | null> {
    return this.#next(frame, { caller, answer, flight, refused })
  }

  /** Null: this request is no later round of a call that waits here. Throws RpcError for a handle that is not good. */
  resume(frame: ClientFrame, flight: Flight, send: ModernCaller['send']): Promise<string | null> | null {
    const handle = readState(frame, this.#client)
    if (!handle) return null
    const suspended = this.#waiting.get(handle.id)
    if (!suspended)
      throw new RpcError(
        BAD_PARAMS,
        'This requestState was used before, or its call ended. Begin the request anew without it.',
      )
    this.#waiting.delete(handle.id)
    clearTimeout(suspended.timer)
    const refusal = suspended.refused(frame.id!)
    if (refusal !== null) {
      end(suspended, 'policy denies it by now')
      return Promise.resolve(refusal)
    }
    const { caller } = suspended
    const responses = frame.fields.find(m => m.key === 'inputResponses')
    caller.send = send
    caller.token = frame.token
    const takeBack = () => {
      if (flight.cancellation !== undefined) suspended.flight.cancellation = flight.cancellation
      suspended.flight.abort.abort(flight.abort.signal.reason)
    }
    flight.abort.signal.addEventListener('abort', takeBack, { once: true })
    caller.answered(responses ? frame.text.slice(responses.start, responses.end) : '{}')
    return this.#next(frame, suspended)
  }

  close(why: string): void {
    for (const one of this.#waiting.values()) end(one, why)
    this.#waiting.clear()
  }

  async #next(
    frame: ClientFrame,
    { caller, answer, flight, refused }: Omit<Suspended, 'timer'>,
  ): Promise<string | null> {
    const id = frame.id!
    const text = await Promise.race([answer, caller.asked.then(() => undefined)])
    if (text !== undefined) return text === null ? null : splice(text, [{ ...memberAt(text, ['id'])!, text: id }])
    if (flight.abort.signal.aborted) return null
    if (this.#waiting.size >= MOST_SUSPENDED) {
      flight.abort.abort('too many calls wait for their client')
      caller.abandon('Too many calls wait for their client.')
      throw new RpcError(DENIED, `More than ${MOST_SUSPENDED} calls wait for answers of this client already.`)
    }
    const handle = { id: randomUUID(), client: this.#client, digest: requestDigest(frame), until: Date.now() + LIFE_MS }
    const suspended = {
      caller,
      answer,
      flight,
      refused,
      timer: setTimeout(() => this.#late(handle.id), LIFE_MS).unref(),
    }
    this.#waiting.set(handle.id, suspended)
    // Ended by its server or its policy meanwhile: nothing is left to come back to.
    void answer
      .finally(() => this.#waiting.get(handle.id) === suspended && clearTimeout(suspended.timer))
      .catch(() => {})
    return resultFrame(id, caller.inputRequired(mintState(handle)))
  }

  #late(id: string): void {
    const suspended = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (suspended) end(suspended, 'the client did not come back in time')
  }
}

function end({ caller, flight }: Suspended, why: string): void {
  caller.abandon(why)
  flight.abort.abort(why)
}
