// Questions that are over, as long as they are shown: those of today, and for a moment those that were taken back.
import type { PersonQuestion } from '../../contract/questions.ts'
import { HubError } from '../error.ts'
import type { Clocks } from '../policy/clocks.ts'

const MOST_KEPT = 50
const WITHDRAWN_SHOWN_MS = 5_000

export class EndedQuestions {
  readonly #clocks: Clocks
  /** Newest first. */
  #ended: PersonQuestion[] = []

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  add(ended: PersonQuestion): void {
    this.#ended = [ended, ...this.#ended].slice(0, MOST_KEPT)
  }

  /** Those that are still shown. */
  list(): readonly PersonQuestion[] {
    const today = this.#today()
    this.#ended = this.#ended.filter(one => this.#isShown(one, today))
    return this.#ended
  }

  /** The notice that this server has no model, which a newer one takes the place of. */
  takeRefused(server: string): PersonQuestion | undefined {
    const before = this.#ended.find(one => one.state.kind === 'refused' && one.server.id === server)
    this.#ended = this.#ended.filter(one => one !== before)
    return before
  }

  /** One of them is shown for a moment only. */
  get passes(): boolean {
    return this.#ended.some(one => one.state.kind === 'withdrawn')
  }

  /** One whose moment is over. */
  passed(): PersonQuestion | undefined {
    const today = this.#today()
    return this.#ended.find(one => one.state.kind === 'withdrawn' && !this.#isShown(one, today))
  }

  /** Why nobody can answer a question of this id. */
  whyOver(id: string): HubError {
    const known = this.#ended.find(one => one.id === id)
    if (!known) return new HubError('questions/unknown', 'No such question waits.', { hint: 'It may have ended.' })
    const words = { answered: 'was answered already', expired: 'got no answer in time', withdrawn: 'was taken back' }
    const { kind } = known.state
    return new HubError('questions/over', `This question ${words[kind as keyof typeof words] ?? 'ended'}.`, {
      hint: 'Nothing was sent.',
    })
  }

  #today(): string {
    return new Date(this.#clocks.wall()).toDateString()
  }

  #isShown({ state }: PersonQuestion, today: string): boolean {
    if (state.kind === 'waiting') return true
    if (state.kind === 'withdrawn') return this.#clocks.wall() - state.at < WITHDRAWN_SHOWN_MS
    return new Date(state.at).toDateString() === today
  }
}
