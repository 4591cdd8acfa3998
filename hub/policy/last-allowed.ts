// The last allowed call of each client's tool: what the next one is shown beside.
const MOST = 500

export interface AllowedCall {
  at: number
  values: Map<string, string>
}

export class LastAllowed {
  readonly #calls = new Map<string, AllowedCall>()

  get(key: string): AllowedCall | null {
    return this.#calls.get(key) ?? null
  }

  set(key: string, call: AllowedCall): void {
    this.#calls.delete(key)
    this.#calls.set(key, call)
    if (this.#calls.size > MOST) this.#calls.delete(this.#calls.keys().next().value!)
  }
}
