// Work runs in a process of its own: V8 ends the whole process at once where a text or a list grows past its limits, in a thread too.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bulkhead } from 'cockatiel'
import { Failure } from '../kit/failure.ts'
import { heapMb, type Outcome } from '../kit/in-thread.ts'

const AT_ONCE = 2
const IDLE_MS = 10_000

/** Processes of one program, started when needed and ended when idle. Its answers are those of `answering`. */
export class Processes {
  readonly #program: string
  readonly #turns = bulkhead(AT_ONCE, Number.POSITIVE_INFINITY)
  readonly #idle = new Map<ChildProcess, NodeJS.Timeout>()

  constructor(program: URL) {
    this.#program = fileURLToPath(program)
  }

  /** Throws Failure; what still runs when the signal aborts is ended. */
  async run<T>(work: object, signal: AbortSignal): Promise<T> {
    const outcome = await this.#turns.execute(() => this.#asked<T>(work, signal))
    if (outcome.kind === 'done') return outcome.value
    const { kind, message, suggestion, details } = outcome.failure
    throw new Failure(kind, message, suggestion, details)
  }

  async #asked<T>(work: object, signal: AbortSignal): Promise<Outcome<T>> {
    signal.throwIfAborted()
    const child = this.#taken() ?? this.#started()
    const end = () => child.kill('SIGKILL')
    signal.addEventListener('abort', end, { once: true })
    process.once('exit', end)
    try {
      const outcome = await answerOf<T>(child, work)
      this.#rest(child)
      return outcome
    } catch (error) {
      end()
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', end)
      process.removeListener('exit', end)
    }
  }

  #started(): ChildProcess {
    return fork(this.#program, [String(process.pid)], {
      // What it says of its end is the stack of the machine; of ours it gets nothing, least of all the client's channel.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${heapMb(AT_ONCE)}`],
      env: process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {},
      serialization: 'advanced',
    })
  }

  #taken(): ChildProcess | undefined {
    for (const [child, timer] of this.#idle) {
      clearTimeout(timer)
      this.#idle.delete(child)
      if (child.connected) return child
    }
    return undefined
  }

  #rest(child: ChildProcess): void {
    child.unref()
    child.channel?.unref()
    this.#idle.set(child, setTimeout(() => this.#idle.delete(child) && child.kill(), IDLE_MS).unref())
  }
}

function answerOf<T>(child: ChildProcess, work: object): Promise<Outcome<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<T>>()
  const answered = (answer: Outcome<T> | { kind: 'broken'; error: Error }) =>
    answer.kind === 'broken' ? reject(answer.error) : resolve(answer)
  const ended = () => reject(new Failure('validation_error', 'This takes too much memory.', 'Ask for less at once.'))
  child.once('message', answered as (answer: unknown) => void)
  child.once('exit', ended)
  child.once('error', reject)
  child.send(work, error => error && ended())
  return promise.finally(() => {
    child.removeListener('message', answered)
    child.removeListener('exit', ended)
    child.removeListener('error', reject)
  })
}
