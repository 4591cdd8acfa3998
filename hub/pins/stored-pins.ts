// Pins as they lie on disk, where a tool whose name holds a secret goes by what is shown of it.
import type { Sealed } from '../store/sealed.ts'
import { Pin } from './pin.ts'
import type { PinnedTool } from './pinned-tool.ts'

type Tools = ReadonlyMap<string, PinnedTool>

export class StoredPins {
  readonly #sealed: Sealed
  readonly #redact: (text: string) => string
  readonly #hidden = new WeakMap<Tools, readonly (readonly [name: string, stored: string])[]>()

  constructor({ sealed, redact }: { sealed: Sealed; redact: (text: string) => string }) {
    this.#sealed = sealed
    this.#redact = redact
  }

  /** Undefined before the first listing of this definition. `listed`: now, whose names come back. */
  of({ id, digest }: { id: string; digest: string }, listed: Tools): Pin | undefined {
    const { tools, ...pin } = this.#sealed.get('pin', id, Pin) ?? { digest: null, tools: null }
    if (pin.digest !== digest || !tools) return undefined
    const own = new Map(Object.entries(tools))
    for (const [name, stored] of this.#hiddenOf(listed)) {
      const tool = own.get(stored)
      if (tool && own.delete(stored)) own.set(name, tool)
    }
    return { ...pin, tools: Object.fromEntries(own) }
  }

  /** This definition was agreed to, whether it was listed yet or not. */
  isOf({ id, digest }: { id: string; digest: string }): boolean {
    return this.#sealed.get('pin', id, Pin)?.digest === digest
  }

  put(id: string, pin: Pin): void {
    const tools = Object.entries(pin.tools).map(([name, tool]) => [this.#storedAs(name), tool])
    this.#sealed.put('pin', id, { ...pin, tools: Object.fromEntries(tools) })
  }

  // Whoever reads a record back leaves `__proto__` out of it.
  #storedAs(name: string): string {
    return name === '__proto__' ? '(named __proto__)' : this.#redact(name)
  }

  #hiddenOf(listed: Tools): readonly (readonly [name: string, stored: string])[] {
    const known = this.#hidden.get(listed)
    if (known) return known
    const names = [...listed.keys()].map(name => [name, this.#storedAs(name)] as const)
    const hidden = names.filter(([name, stored]) => name !== stored)
    this.#hidden.set(listed, hidden)
    return hidden
  }
}
