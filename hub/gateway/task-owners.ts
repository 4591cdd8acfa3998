// Which call made which task: requests about a task go to its server, under the policy of that call. Tasks are the client's,
// over whichever connection it comes, and no other client's.
import { memberAt } from '../../contract/wire.ts'
import type { ClientFrame } from './frame.ts'
import type { Target } from './route.ts'

const MOST = 1_000
const ABOUT = new Set(['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update'])

interface Made {
  target: Target
  by: string
}

export class TaskOwners {
  readonly #clients = new Map<string, TasksOf>()

  /** `client`: its identity. */
  of(client: string): TasksOf {
    const known = this.#clients.get(client) ?? new TasksOf()
    this.#clients.set(client, known)
    return known
  }
}

export class TasksOf {
  readonly #made = new Map<string, Made>()

  /** An answer that is a task, of either era. The same id made twice, by two servers, belongs to neither. */
  note(target: Target, answer: string, by: string): void {
    if (!target.entry || target.allowedBy !== undefined || !answer.includes('"taskId"') || answer.length > 1_000_000)
      return
    const at = memberAt(answer, ['result', 'taskId']) ?? memberAt(answer, ['result', 'task', 'taskId'])
    const id: unknown = at && JSON.parse(answer.slice(at.start, at.end))
    if (typeof id !== 'string') return
    const known = this.#made.get(id)
    if (known && known.target.server.id !== target.server.id) this.#made.delete(id)
    else this.#made.set(id, { target: { ...target, text: '' }, by })
    if (this.#made.size > MOST) this.#made.delete(this.#made.keys().next().value!)
  }

  /** Where this request goes; null when it is about no task that was made here. `only`: the one server its link is to. */
  target(frame: ClientFrame, only: string | undefined): Target | null {
    if (this.#made.size === 0 || !ABOUT.has(frame.method)) return null
    const made = this.#made.get(String(frame.value.taskId))
    if (only !== undefined && made?.target.server.id !== only) return null
    return made ? { ...made.target, text: frame.text, method: 'tools/call', allowedBy: made.by } : null
  }
}
