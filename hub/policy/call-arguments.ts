// The arguments of one call: looked at only where a decision can turn on them, and once, however often the call is decided.
import { type Json, readJson } from './json-value.ts'
import { type Guarded, type Raised, raisedBy } from './raised.ts'

export class CallArguments {
  readonly text: string
  #json: { value: Json | undefined } | undefined
  #raised: (Guarded & { raised: Raised }) | undefined

  constructor(text: string) {
    this.text = text
  }

  /** Undefined when they cannot be read. */
  json(): Json | undefined {
    this.#json ??= { value: readJson(this.text) }
    return this.#json.value
  }

  raised({ folders, protected: sets }: Guarded): Raised {
    const known = this.#raised
    if (known && known.folders === folders && known.protected === sets) return known.raised
    const raised = raisedBy(this.text, { folders, protected: sets })
    this.#raised = { folders, protected: sets, raised }
    return raised
  }
}
