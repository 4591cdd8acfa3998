// What was asked for: kept where every replica sees it, before the backend hears of it, so that a crash never deploys twice.
import { hash, randomBytes } from 'node:crypto'
import { Failure } from '../kit/failure.ts'
import { fingerprintOf } from '../kit/once.ts'
import { change, type State } from '../kit/state.ts'
import type { Backend, Order } from './backend.ts'

const [ORDERS, KEYS, LATEST] = ['orders', 'order-keys', 'latest-orders']
/** Of a version: the whole id must stay a name that a policy takes apart. */
const LONGEST_SHOWN = 40
const KEEP_MS = 90 * 86_400_000
/** After which one that the backend has not heard of is given up: longer than it is tried. */
const LOST_MS = 180_000

export type OrderState = 'waiting' | 'working' | 'completed' | 'failed' | 'cancelled'

export interface Kept extends Order {
  by: string
  at: number
  /** What ran there before. */
  from: string | null
  /** waiting: for approval. begun: handed to the backend, or on the way there. Otherwise how it ended. */
  is: 'waiting' | 'begun' | 'completed' | 'failed' | 'cancelled'
  /** When it was last on the way to the backend. */
  begunAt: number
  approvedBy?: string
  /** The backend said that it has begun. */
  isHeard?: boolean
  message: string
  progress: number
}
export type NewOrder = Omit<Kept, 'message' | 'progress' | 'begunAt'>
export type Seen = Kept & { state: OrderState }

interface Named {
  kind: Order['kind']
  service: string
  environment: string
  version?: string | undefined
}

/** Who allows a call about it sees no more of it than its id: where it goes, of what, and which version unless that is long. */
function nameOf({ kind, service, environment, version = kind }: Named): string {
  return `${environment}:${service}${version.length > LONGEST_SHOWN ? '' : `@${version}`}`
}

export class Orders {
  readonly #state: State
  readonly #backend: Backend
  readonly #now: () => number

  constructor(state: State, backend: Backend, now: () => number) {
    this.#state = state
    this.#backend = backend
    this.#now = now
  }

  /** The id for a key: a new one, or the one that it had; it names what it is of. Throws conflict where the key was for something else. */
  async idFor(key: string | undefined, by: string, input: Named): Promise<string> {
    const time = this.#now().toString(16).padStart(12, '0')
    const id = `dep-${time}${randomBytes(8).toString('hex')}:${nameOf(input)}`
    if (key === undefined) return id
    const fingerprint = fingerprintOf(input)
    const place = hash('sha256', JSON.stringify([by, key]))
    const { value } = await change<{ id: string; fingerprint: string }>(
      this.#state,
      KEYS,
      place,
      before => (before ? null : { id, fingerprint }),
      { keepMs: KEEP_MS },
    )
    if (value!.fingerprint === fingerprint) return value!.id
    throw new Failure(
      'conflict',
      'This idempotencyKey was used for another deployment.',
      'Use a new key for a new deployment.',
    )
  }

  async find(id: string): Promise<Kept | null> {
    return ((await this.#state.read(ORDERS, id))?.value as Kept | undefined) ?? null
  }

  /** Throws not_found. */
  async get(id: string): Promise<Kept> {
    const order = await this.find(id)
    if (!order) throw noDeployment(id)
    return order
  }

  /** Its process ended, or gave up, before the backend heard of it. */
  async isUnsent(order: Kept, signal: AbortSignal): Promise<boolean> {
    return order.is === 'begun' && !order.isHeard && (await this.#backend.run(order.id, signal)) === null
  }

  /** Notes the order and takes its turn; then the backend is told, unless it waits. Of one that was refused nothing stays. */
  async place(order: NewOrder, signal: AbortSignal): Promise<void> {
    const message = order.is === 'waiting' ? 'Waits for approve_deployment' : ON_ITS_WAY
    // First, so that others who want their turn see it. What somebody else made of it meanwhile stays.
    const noted = await this.#note(order.id, before =>
      before && before.is !== order.is
        ? null
        : { ...before, ...order, at: before?.at ?? order.at, begunAt: this.#now(), message, progress: 0 },
    )
    if (noted.is !== order.is) return
    try {
      await this.#takeTurn(order, signal)
      if (order.is === 'begun') await this.#hand(order, signal)
    } catch (error) {
      if (await this.#isThereAfter(error, order.id, signal)) return
      await this.#forget(order.id)
      throw error
    }
  }

  async approve(waiting: Kept, by: string, signal: AbortSignal): Promise<void> {
    const { id } = waiting
    // It has it already, unless something failed when it was noted.
    if (waiting.is === 'waiting') await this.#takeTurn(waiting, signal)
    const order = await this.#note(id, before => {
      if (before?.is !== 'waiting')
        throw new Failure('conflict', 'It does not wait for approval.', 'Look at its status.')
      return { ...before, is: 'begun', begunAt: this.#now(), approvedBy: by, message: ON_ITS_WAY }
    })
    try {
      await this.#hand(order, signal)
    } catch (error) {
      if (await this.#isThereAfter(error, id, signal)) return
      await this.#note(id, before => before && { ...before, is: 'failed', message: (error as Failure).message })
      throw error
    }
  }

  async cancel({ id }: Kept, signal: AbortSignal): Promise<void> {
    const cancelled = (before: Kept): Kept => ({ ...before, is: 'cancelled', message: 'Cancelled before it began' })
    const order = await this.#note(id, before => (before?.is === 'waiting' ? cancelled(before) : null))
    if (order.is === 'cancelled') return
    if (await this.isUnsent(order, signal)) {
      await this.#note(id, before => (before?.is === 'begun' ? cancelled(before) : null))
      return
    }
    if ((await this.see(order, signal)).state !== 'working')
      throw new Failure('conflict', 'It has ended.', 'There is nothing to cancel.')
    await this.#backend.cancel(id, signal)
  }

  /** As it is once it was begun, or handed on. */
  async seeBegun(id: string, signal: AbortSignal): Promise<Seen> {
    try {
      return await this.see(await this.get(id), signal)
    } catch (error) {
      throw unclear(id, error)
    }
  }

  /** As it is now; how it ended is noted. */
  async see(order: Kept, signal: AbortSignal): Promise<Seen> {
    if (order.is !== 'begun') return { ...order, state: order.is }
    const run = await this.#backend.run(order.id, signal)
    if (!run && order.isHeard) return { ...order, state: 'failed', message: FORGOTTEN }
    if (!run) {
      const isLost = this.#now() - order.begunAt > LOST_MS
      return isLost ? { ...order, state: 'failed', message: NEVER_BEGUN } : { ...order, state: 'working' }
    }
    const { progress, message } = run
    const now = { ...order, progress, message: message || order.message }
    if (run.state === 'running') return { ...now, state: 'working' }
    const is = run.state === 'succeeded' ? 'completed' : run.state
    await this.#note(order.id, before => (before?.is === 'begun' ? { ...now, is } : null))
    return { ...now, is, state: is }
  }

  /** What is being deployed there, or waits for approval. */
  async underWay(service: string, environment: string, signal: AbortSignal): Promise<Seen | null> {
    const latest = (await this.#state.read(LATEST, `${service}.${environment}`))?.value as string | undefined
    return latest === undefined ? null : this.#unended(latest, signal)
  }

  async lines(order: Kept, signal: AbortSignal): Promise<string[]> {
    return order.is === 'waiting' ? [] : ((await this.#backend.run(order.id, signal))?.lines ?? [])
  }

  /** The newest first. `before`: the id of the last one seen. */
  async list(limit: number, before?: string): Promise<Kept[]> {
    return (await this.#state.list(ORDERS, { limit, before })).map(({ held }) => held.value as Kept)
  }

  async #unended(id: string, signal: AbortSignal): Promise<Seen | null> {
    const order = await this.find(id)
    const seen = order && (await this.see(order, signal))
    return seen?.state === 'working' || seen?.state === 'waiting' ? seen : null
  }

  async #hand({ id, kind, service, environment, version }: Order, signal: AbortSignal): Promise<void> {
    await this.#backend.begin({ id, kind, service, environment, version }, signal)
    const kept = await this.#note(id, before => (before?.is === 'begun' ? { ...before, isHeard: true } : null))
    // Taken back while it was on its way.
    if (kept.is === 'cancelled') await this.#backend.cancel(id, signal)
  }

  /** After a refusal: one that was sent before, and whose answer was lost, may be there. Throws where nobody knows. */
  async #isThereAfter(error: unknown, id: string, signal: AbortSignal): Promise<boolean> {
    if (!isRefusal(error)) throw unclear(id, error)
    const isThere = await this.#backend.run(id, signal).then(Boolean, () => null)
    if (isThere === null) throw unclear(id, error)
    return isThere
  }

  /** One deployment of a service in an environment at a time. */
  async #takeTurn(order: Order, signal: AbortSignal): Promise<void> {
    const place = `${order.service}.${order.environment}`
    for (let tries = 0; tries < 10; tries++) {
      const held = await this.#state.read(LATEST, place)
      const latest = held?.value as string | undefined
      if (latest === order.id) return
      const busy = latest === undefined ? null : await this.#unended(latest, signal)
      if (busy) throw busyFailure(busy)
      const version = await this.#state.put(LATEST, place, order.id, {
        ifVersion: held?.version ?? null,
        keepMs: KEEP_MS,
      })
      if (version !== null) return
    }
    throw new Failure('conflict', 'Too many deployments of this service are begun at once.', 'Try again in a moment.')
  }

  /** Throws not_found where there is none, and none is made. */
  async #note(id: string, next: (before: Kept | null) => Kept | null): Promise<Kept> {
    const { value } = await change<Kept>(this.#state, ORDERS, id, next, { keepMs: KEEP_MS })
    if (!value) throw noDeployment(id)
    return value
  }

  async #forget(id: string): Promise<void> {
    const held = await this.#state.read(ORDERS, id)
    if (held) await this.#state.remove(ORDERS, id, held.version)
  }
}

function noDeployment(id: string): Failure {
  return new Failure('not_found', `There is no deployment ${id}.`, 'Look with list_deployments.')
}

const FORGOTTEN = 'The backend has begun it and knows nothing of it any more: look there how it ended.'
const ON_ITS_WAY = 'On its way to the backend'
const NEVER_BEGUN =
  'It was never begun: the process ended before the backend heard of it. Start it again, with its idempotencyKey if it had one.'

/** After it the backend has certainly not begun. */
function isRefusal(error: unknown): boolean {
  const kinds = ['validation_error', 'not_found', 'permission_denied', 'conflict', 'rate_limited']
  return error instanceof Failure && kinds.includes(error.kind)
}

/** Nobody knows whether the backend has begun. */
function unclear(taskId: string, error: unknown): unknown {
  if (!(error instanceof Failure)) return error
  const { kind, message, details } = error
  const look = `It may have begun: look at ${taskId} with check_deployment_status before it is asked for again.`
  return new Failure(kind, message, look, { ...details, taskId })
}

export function busyWords({ id, service, version, environment, state }: Seen): { message: string; suggestion: string } {
  return {
    message: `${service} ${version} is on its way to ${environment} already (${id}, ${state}).`,
    suggestion: 'Wait for its end, or cancel it with cancel_deployment.',
  }
}

export function busyFailure(busy: Seen): Failure {
  const { message, suggestion } = busyWords(busy)
  return new Failure('conflict', message, suggestion, { taskId: busy.id })
}
