// Parts are opened in order and closed in reverse; one part's failure to close never stops the next.

/** Remembers how to close what was opened. */
export class OpenParts {
  #closers: { name: string; close: () => unknown }[] = []
  #report: (name: string, error: unknown) => void

  constructor(report: (name: string, error: unknown) => void) {
    this.#report = report
  }

  /** Registers the way to close a part, on the line after it was opened. */
  add(name: string, close: () => unknown): void {
    this.#closers.push({ name, close })
  }

  async closeAll(): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        this.#report(name, error)
      }
    }
  }
}
