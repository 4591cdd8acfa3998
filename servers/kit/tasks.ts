// Long work: begun by one call, looked at and taken back by others, at any replica. A task of a dead replica has failed.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Failure, unforeseen } from './failure.ts'
import { type Ended, RunningTask, type Work } from './running-task.ts'
import { change, type Held, type State } from './state.ts'

const GROUP = 'tasks'
const LEASE_MS = 15_000
const GRACE_MS = 5_000
const MOST = 4
const KEEP_MS = 30 * 86_400_000

/** What is said of a task; to be put into output schemas as it is. */
export const TASK = {
  taskId: z.string(),
  state: z.enum(['waiting', 'working', 'completed', 'failed', 'cancelled']),
  progress: z.number().min(0).max(100).describe('Percent'),
  message: z.string().describe('What it does now, or how it ended'),
  cancelling: z.boolean().describe('Asked to stop, and not yet stopped'),
  startedAt: z.string(),
  changedAt: z.string(),
}

export type TaskView<I = unknown, R = unknown> = z.output<z.ZodObject<typeof TASK>> & {
  kind: string
  input: I
  result?: R
  error?: { kind: string; message: string; suggestion: string }
  /** Oldest first. */
  lines: string[]
}

export interface TasksOptions {
  leaseMs?: number
  /** After its last change. */
  keepMs?: number
  /** That run in this process at once. */
  most?: number
}

export class Tasks {
  readonly #state: State
  readonly #leaseMs: number
  readonly #keepMs: number
  readonly #most: number
  readonly #kinds = new Map<string, Work<never, unknown>>()
  readonly #running = new Map<string, RunningTask>()

  constructor(state: State, { leaseMs = LEASE_MS, keepMs = KEEP_MS, most = MOST }: TasksOptions = {}) {
    this.#state = state
    this.#leaseMs = leaseMs
    this.#keepMs = keepMs
    this.#most = most
  }

  /** What a kind of task does. `input` and what it gives must be what JSON can hold. */
  define<I, R>(kind: string, work: Work<I, R>): void {
    this.#kinds.set(kind, work as Work<never, unknown>)
  }

  /** `waits`: it begins with `go`, at whichever replica that is called. */
  async start<I>(kind: string, input: I, { waits = null }: { waits?: string | null } = {}): Promise<TaskView<I>> {
    if (waits === null) this.#checkRoom()
    // The time first, so that the newest is the greatest; the rest cannot be guessed.
    const taskId = `task-${Date.now().toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`
    const now = new Date().toISOString()
    const task: TaskView<I> = {
      ...{ taskId, kind, input, progress: 0, cancelling: false, startedAt: now, changedAt: now, lines: [] },
      ...(waits === null ? { state: 'working', message: 'Begun' } : { state: 'waiting', message: waits }),
    }
    const leaseMs = waits === null ? this.#leaseMs : 0
    await this.#state.put(GROUP, taskId, task, { ifVersion: null, leaseMs, keepMs: this.#keepMs })
    if (waits === null) this.#run(task)
    return task
  }

  /** Begins one that waits, here. Of several who call it, one does. */
  async go(taskId: string): Promise<TaskView> {
    this.#checkRoom()
    const { value } = await change<TaskView>(
      this.#state,
      GROUP,
      taskId,
      before => {
        const task = found(before, taskId)
        if (task.state !== 'waiting') throw notWaiting(task)
        return { ...task, state: 'working', message: 'Begun', changedAt: new Date().toISOString() }
      },
      { leaseMs: this.#leaseMs, keepMs: this.#keepMs },
    )
    this.#run(value!)
    return value!
  }

  /** Throws not_found. */
  async status(taskId: string): Promise<TaskView> {
    return this.#seen(taskId, await this.#state.read(GROUP, taskId))
  }

  /** The status as soon as it has ended or waits, or after `forMs`; what happens meanwhile is told. */
  async wait(
    taskId: string,
    o: { forMs: number; signal: AbortSignal; progress?: (done: number, total: number, message: string) => void },
  ): Promise<TaskView> {
    const until = Date.now() + o.forMs
    let told = ''
    for (;;) {
      const task = await this.status(taskId)
      const news = `${task.progress} ${task.message}`
      if (news !== told) o.progress?.(task.progress, 100, task.message)
      told = news
      const left = until - Date.now()
      if (task.state !== 'working' || left <= 0) return task
      await sleep(Math.min(250, left), undefined, { signal: o.signal })
    }
  }

  /** Asks it to stop, wherever it runs; one that waits has stopped at once. Throws conflict when it has ended. */
  async cancel(taskId: string): Promise<TaskView> {
    await this.status(taskId)
    let held: Held | null = null
    const { value } = await change<TaskView>(
      this.#state,
      GROUP,
      taskId,
      (before, now) => {
        const task = found(before, taskId)
        held = now
        if (task.state === 'waiting') return ended(task, { state: 'cancelled', message: 'Cancelled before it began' })
        if (task.state === 'working') return { ...task, cancelling: true }
        throw new Failure('conflict', `The task has ended: ${task.state}.`, 'There is nothing to cancel.')
      },
      { leaseMs: this.#leaseMs, keepMs: this.#keepMs },
    )
    this.#running.get(taskId)?.cancel()
    return this.#seen(taskId, held && { ...(held as Held), value })
  }

  /** The newest first. `before`: the id of the last one seen. */
  async list(o: { limit: number; before?: string | undefined; kind?: string }): Promise<TaskView[]> {
    const rows = await this.#state.list(GROUP, o)
    const tasks = await Promise.all(rows.map(({ id, held }) => this.#seen(id, held)))
    return o.kind ? tasks.filter(task => task.kind === o.kind) : tasks
  }

  /** This process ends: what runs here is stopped and noted as failed. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(task => task.shutDown()))
  }

  #checkRoom(): void {
    if (this.#running.size < this.#most) return
    const what = `${this.#most} tasks run already.`
    throw new Failure('rate_limited', what, 'Wait until one of them has ended, or cancel it.')
  }

  #run(task: TaskView): void {
    const work = this.#kinds.get(task.kind)
    if (!work) throw new Error(`No kind of task is called ${task.kind}.`)
    const o = { group: GROUP, leaseMs: this.#leaseMs, graceMs: GRACE_MS, keepMs: this.#keepMs, ended }
    const running = new RunningTask(this.#state, task, o)
    this.#running.set(task.taskId, running)
    void running.run(work).finally(() => this.#running.delete(task.taskId))
  }

  /** As it is. One whose replica was not heard of in time is noted as failed, so that it stays that. */
  async #seen(taskId: string, held: Held | null): Promise<TaskView> {
    const task = found(held?.value as TaskView | null, taskId)
    if (task.state !== 'working' || held!.isLeased || this.#running.has(taskId)) return task
    const dead = ended(task, failedBy(new Failure('internal_error', 'The process that ran it ended.', SEE_HOW_FAR)))
    const put = { ifVersion: held!.version, keepMs: this.#keepMs }
    if ((await this.#state.put(GROUP, taskId, dead, put)) !== null) return dead
    return this.status(taskId)
  }
}

const SEE_HOW_FAR = 'See how far it came, then start it again.'

function found(task: TaskView | null | undefined, taskId: string): TaskView {
  if (!task) throw new Failure('not_found', `There is no task ${taskId}.`, 'Use the taskId that starting it gave.')
  return task
}

function notWaiting(task: TaskView): Failure {
  return new Failure('conflict', `The task does not wait: ${task.state}.`, 'Look at its status.')
}

function ended(task: TaskView, end: Ended): TaskView {
  const progress = end.state === 'completed' ? 100 : task.progress
  return { ...task, ...end, progress, cancelling: false, changedAt: new Date().toISOString() }
}

/** How a task ended that threw this. */
export function failedBy(error: unknown): Ended {
  const { kind, message, suggestion } = unforeseen(error)
  return { state: 'failed', message, error: { kind, message, suggestion } }
}
