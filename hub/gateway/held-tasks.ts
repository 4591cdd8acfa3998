// A call that waits for a person longer than its client would: a client that knows tasks is given one of ours instead of
// "repeat it", follows it, and takes the call's own answer from it. https://modelcontextprotocol.io/extensions/tasks
import { randomUUID } from 'node:crypto'
import { memberAt, splice } from '../../contract/wire.ts'
import { BAD_PARAMS, type ClientFrame, INTERNAL_ERROR, isObject, readFrame, resultFrame } from './frame.ts'
import { withMembers } from './json-edit.ts'
import { type Envelope, TASKS_EXTENSION } from './modern.ts'
import { type Flight, inWords } from './relay.ts'
import { RpcError } from './route.ts'

const MOST = 200
/** From its beginning; then nobody asks for it any more. */
const LIFE_MS = 3_600_000
const POLL_MS = 1_000
const WAITS = 'It waits for a person in Gatehouse; once allowed it is run.'
const DONE = '{"resultType":"complete"}'

type Answer = Promise<string | null>

interface Held {
  frame: ClientFrame
  flight: Flight
  createdAt: string
  updatedAt: string
  /** The call's answer; null while there is none. */
  answer: string | null
  isCancelled: boolean
  timer: NodeJS.Timeout
  /** Takes a request of this client on its usual way, as part of the same call. */
  again: (frame: ClientFrame) => Answer
}

export class HeldTasks {
  readonly #held = new Map<string, Held>()

  /** Undefined: this client would not know what a task is. `again`: see `Held`. */
  offer(
    frame: ClientFrame,
    envelope: Envelope,
    flight: Flight,
    again: Held['again'],
  ): ((a: Answer) => Answer) | undefined {
    const { extensions } = envelope.capabilities
    if (frame.method !== 'tools/call' || flight.asTask || !isObject(extensions) || !extensions[TASKS_EXTENSION])
      return undefined
    const late = Promise.withResolvers<undefined>()
    flight.asTask = () => late.resolve(undefined)
    return async answer => {
      const early = await Promise.race([answer.then(text => ({ text })), late.promise])
      if (early) return early.text
      const now = new Date().toISOString()
      const id = `gatehouse-${randomUUID()}`
      const timer = setTimeout(() => this.#expire(id), LIFE_MS).unref()
      const held: Held = {
        frame,
        flight,
        createdAt: now,
        updatedAt: now,
        answer: null,
        isCancelled: false,
        timer,
        again,
      }
      flight.isTask = true
      this.#held.set(id, held)
      this.#dropOld()
      void settle(held, answer)
      return resultFrame(frame.id!, objectOf({ resultType: 'task', ...about(id, held, 'working') }))
    }
  }

  /** The answer to a request about a task of ours; null when it is about none. */
  answer(frame: ClientFrame): Answer | null {
    const id = String(frame.value.taskId)
    const held = frame.method.startsWith('tasks/') ? this.#held.get(id) : undefined
    if (!held) return null
    const own = ownTask(held)
    if (own !== null && !held.isCancelled) return this.#passOn(frame, held, id, own)
    if (frame.method === 'tasks/get') return Promise.resolve(resultFrame(frame.id!, state(id, held)))
    if (frame.method === 'tasks/update') goOn(held, frame)
    else if (frame.method !== 'tasks/cancel') return null
    // How it ended stays as it is.
    else if (!isOver(held)) cancel(held, 'its client cancelled its task')
    return Promise.resolve(resultFrame(frame.id!, DONE))
  }

  close(why: string): void {
    for (const held of this.#held.values()) {
      clearTimeout(held.timer)
      if (held.answer === null) cancel(held, why)
    }
    this.#held.clear()
  }

  #expire(id: string): void {
    const held = this.#held.get(id)
    this.#held.delete(id)
    if (held?.answer === null) cancel(held, 'nobody can take its answer any more')
  }

  /** Never one whose call goes on: nobody could take its answer, or stop it. */
  #dropOld(): void {
    if (this.#held.size <= MOST) return
    const over = [...this.#held].find(([, held]) => isOver(held))
    if (!over) return
    clearTimeout(over[1].timer)
    this.#held.delete(over[0])
  }

  /** Its server made a task of the call in turn: ours stands for that one from then on. */
  async #passOn(frame: ClientFrame, held: Held, id: string, own: string): Answer {
    const named = memberAt(frame.text, ['params', 'taskId'])!
    const answer = await held.again(read(splice(frame.text, [{ ...named, text: JSON.stringify(own) }])))
    const back = answer === null ? undefined : memberAt(answer, ['result', 'taskId'])
    return back ? splice(answer!, [{ ...back, text: JSON.stringify(id) }]) : answer
  }
}

async function settle(held: Held, answer: Answer): Promise<void> {
  const failed = (error: unknown) =>
    objectOf({ error: { code: error instanceof RpcError ? error.code : INTERNAL_ERROR, message: inWords(error) } })
  const text = await answer.catch(failed)
  held.updatedAt = new Date().toISOString()
  if (text === null) held.isCancelled = true
  else held.answer = text
}

function cancel(held: Held, why: string): void {
  held.isCancelled = true
  held.updatedAt = new Date().toISOString()
  held.flight.abort.abort(why)
}

/** What its server asked for has come: the call's next round. */
function goOn(held: Held, update: ClientFrame): void {
  const responses = update.fields.find(m => m.key === 'inputResponses')
  const given = responses && update.text.slice(responses.start, responses.end)
  if (asked(held) === null || given === undefined || held.isCancelled) return
  const state = memberAt(held.answer!, ['result', 'requestState'])
  const { text, params } = held.frame
  const next = read(
    withMembers(text, params!, {
      inputResponses: given,
      ...(state ? { requestState: held.answer!.slice(state.start, state.end) } : {}),
    }),
  )
  held.answer = null
  void settle(held, held.again(next))
}

function read(text: string): ClientFrame {
  const frame = readFrame(text)
  if (frame.kind === 'refused') throw new RpcError(BAD_PARAMS, frame.message)
  return frame
}

function state(id: string, held: Held): string {
  const whole = { resultType: 'complete', ...about(id, held, 'working') }
  if (held.isCancelled) return objectOf({ ...whole, status: 'cancelled', statusMessage: undefined })
  if (held.answer === null) return objectOf(whole)
  const ended = { ...whole, statusMessage: undefined }
  const requests = asked(held)
  if (requests !== null) return objectOf({ ...ended, status: 'input_required' }, { inputRequests: requests })
  const error = partOf(held, ['error'])
  if (error !== null) return objectOf({ ...ended, status: 'failed' }, { error })
  return objectOf({ ...ended, status: 'completed' }, { result: partOf(held, ['result']) ?? '{}' })
}

const about = (taskId: string, { createdAt, updatedAt }: Held, status: string) => ({
  ...{ taskId, status, statusMessage: WAITS as string | undefined },
  ...{ createdAt, lastUpdatedAt: updatedAt, ttlMs: LIFE_MS, pollIntervalMs: POLL_MS },
})

/** `raw`: members that are JSON text already. */
function objectOf(value: object, raw: Record<string, string> = {}): string {
  const text = JSON.stringify(value)
  return withMembers(text, { start: 0, end: text.length }, raw)
}

function partOf({ answer }: Held, path: string[]): string | null {
  const at = answer === null ? undefined : memberAt(answer, path)
  return at ? answer!.slice(at.start, at.end) : null
}

/** What its server wants to know before it goes on, as JSON text. */
const asked = (held: Held): string | null =>
  partOf(held, ['result', 'resultType']) === '"input_required"'
    ? (partOf(held, ['result', 'inputRequests']) ?? '{}')
    : null

/** There is its last answer, or there will be none. */
const isOver = (held: Held): boolean =>
  held.isCancelled || (held.answer !== null && asked(held) === null && ownTask(held) === null)

function ownTask(held: Held): string | null {
  if (partOf(held, ['result', 'resultType']) !== '"task"') return null
  const id = partOf(held, ['result', 'taskId'])
  return id === null ? null : String(JSON.parse(id))
}
