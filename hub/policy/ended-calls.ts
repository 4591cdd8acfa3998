// Calls that wait no more, as long as the window shows them: withdrawn ones for 5 s, the others for the day.
import type { Approval } from '../../contract/policy.ts'
import { HubError } from '../error.ts'

const MOST = 50
const WITHDRAWN_MS = 5000

export class EndedCalls {
  readonly #now: () => number
  #ended: Approval[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  add(approval: Approval): void {
    this.#ended = [approval, ...this.#ended].slice(0, MOST)
  }

  /** Newest first. */
  shown(): Approval[] {
    this.sweep()
    return this.#ended
  }

  /** Forgets those that are shown no more; the id of one of them, or null. */
  sweep(): string | null {
    const today = new Date(this.#now()).toDateString()
    const gone = this.#ended.find(one => !this.#isShown(one, today))
    if (gone) this.#ended = this.#ended.filter(one => this.#isShown(one, today))
    return gone?.id ?? null
  }

  /** Whether one of them goes by itself soon. */
  get isPassing(): boolean {
    return this.#ended.some(one => one.state.kind === 'withdrawn')
  }

  /** Why a call that waits no more cannot be answered. */
  error(id: string): HubError {
    const known = this.#ended.find(one => one.id === id)
    if (!known) return new HubError('approvals/unknown', 'No such call waits.', { hint: 'It may have ended long ago.' })
    const { kind } = known.state
    const ended = {
      waiting: 'ended',
      answered: 'was answered already',
      expired: 'got no answer in time',
      withdrawn: 'was withdrawn',
    }
    return new HubError('approvals/over', `This call ${ended[kind]}.`, { hint: 'A repeat of the call asks anew.' })
  }

  #isShown({ state }: Approval, today: string): boolean {
    if (state.kind === 'waiting') return true
    if (state.kind === 'withdrawn') return this.#now() - state.at < WITHDRAWN_MS
    return new Date(state.at).toDateString() === today
  }
}
