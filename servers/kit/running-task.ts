// A task while it runs in this process: heard of in time, told when it shall stop, and noted when it has.
import { Failure } from './failure.ts'
import { change, type State } from './state.ts'
import { failedBy, type TaskView } from './tasks.ts'

export interface Progress {
  /** Aborted when it is cancelled, or when this process ends. */
  signal: AbortSignal
  taskId: string
  progress(percent: number, message?: string): void
  /** A line that is kept with the task; the newest 500 are. */
  say(line: string): void
}
export type Work<I, R> = (input: I, task: Progress) => Promise<R>
export type Ended = Pick<TaskView, 'message'> &
  Partial<TaskView> & { state: Extract<TaskView['state'], 'completed' | 'failed' | 'cancelled'> }

const MOST_LINES = 500
const MOST_CHARS = 1_000

interface Options {
  group: string
  leaseMs: number
  graceMs: number
  keepMs: number
  ended: (task: TaskView, end: Ended) => TaskView
}

export class RunningTask {
  readonly #state: State
  readonly #o: Options
  readonly #task: TaskView
  readonly #abort = new AbortController()
  readonly #beat: NodeJS.Timeout
  #news: { percent: number; message: string; lines: string[] }
  #writing: Promise<unknown> = Promise.resolve()
  #done: Promise<void> | undefined
  #isShutDown = false

  constructor(state: State, task: TaskView, o: Options) {
    this.#state = state
    this.#o = o
    this.#task = task
    this.#news = { percent: task.progress, message: task.message, lines: [...task.lines] }
    this.#beat = setInterval(() => this.#write(null).catch(() => {}), Math.min(1_000, o.leaseMs / 3))
  }

  cancel(): void {
    this.#abort.abort()
  }

  async shutDown(): Promise<void> {
    this.#isShutDown = true
    this.#abort.abort()
    await this.#done
  }

  run(work: Work<never, unknown>): Promise<void> {
    this.#done = this.#run(work)
    return this.#done
  }

  async #run(work: Work<never, unknown>): Promise<void> {
    const end = await this.#work(work)
    clearInterval(this.#beat)
    for (let tries = 0; tries < 5; tries++) {
      try {
        await this.#write(end)
        return
      } catch {
        // The store is away: once its lease is over, the task is seen as failed.
        await new Promise(resolve => setTimeout(resolve, 200 * 2 ** tries))
      }
    }
  }

  async #work(work: Work<never, unknown>): Promise<Ended> {
    const { signal } = this.#abort
    try {
      const told: Progress = {
        signal,
        taskId: this.#task.taskId,
        progress: (percent, message) => {
          this.#news.percent = Math.min(100, Math.max(0, Math.round(percent)))
          if (message) this.#news.message = message
        },
        say: line => {
          this.#news.lines.push(line.slice(0, MOST_CHARS))
          this.#news.lines.splice(0, this.#news.lines.length - MOST_LINES)
        },
      }
      const done = async () => ({
        ...{ state: 'completed' as const, message: 'Done' },
        result: await work(this.#task.input as never, told),
      })
      return await Promise.race([done(), this.#deaf()])
    } catch (error) {
      if (this.#isShutDown)
        return failedBy(
          new Failure('internal_error', 'The server was stopped.', 'See how far it came, start it again.'),
        )
      return signal.aborted ? { state: 'cancelled', message: 'Cancelled' } : failedBy(error)
    }
  }

  /** What hears that it shall stop ends by itself; what does not, is left to itself. */
  async #deaf(): Promise<Ended> {
    await new Promise(resolve => this.#abort.signal.addEventListener('abort', resolve, { once: true }))
    await new Promise(resolve => setTimeout(resolve, this.#o.graceMs))
    return failedBy(new Failure('timeout', 'It was told to stop, and did not.', 'It may go on: look what it has done.'))
  }

  /** One after the other. A task that others hold for dead, or ended, stops here too. */
  #write(end: Ended | null): Promise<unknown> {
    const write = async () => {
      const { taskId } = this.#task
      await change<TaskView>(
        this.#state,
        this.#o.group,
        taskId,
        before => {
          if (before?.state !== 'working') {
            this.#abort.abort()
            return null
          }
          if (before.cancelling) this.#abort.abort()
          const { percent, message, lines } = this.#news
          const isNews = percent !== before.progress || message !== before.message || lines.length > before.lines.length
          const changedAt = isNews ? new Date().toISOString() : before.changedAt
          const now = { ...before, progress: percent, message, lines, changedAt }
          return end ? this.#o.ended(now, end) : now
        },
        { leaseMs: this.#o.leaseMs, keepMs: this.#o.keepMs },
      )
    }
    this.#writing = this.#writing.catch(() => {}).then(write)
    return this.#writing
  }
}
