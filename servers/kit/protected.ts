// Names that destructive tools must not touch: namespaces, branches, environments.
import picomatch from 'picomatch'
import { z } from 'zod'
import { Failure } from './failure.ts'

/** A setting of names with `*`, separated by commas; `none`: no name is protected. */
export function protectedNames(fallback: string, what: string) {
  return z
    .string()
    .default(fallback)
    .transform(text => (text.trim() === 'none' ? [] : text.split(',').map(name => name.trim())))
    .pipe(z.array(z.string().min(1).max(200)).max(200))
    .describe(`${what}, separated by commas, with \`*\`; \`none\` for none`)
}

export class Protected {
  readonly #setting: string
  readonly #what: string
  readonly #holds: (name: string) => boolean

  /** `what`: as in "The namespace prod is protected." `setting`: where the person may take a name out. */
  constructor(what: string, setting: string, names: readonly string[]) {
    this.#what = what
    this.#setting = setting
    const matches = names.map(name => picomatch(name, { nocase: true, dot: true, bash: true }))
    this.#holds = name => matches.some(match => match(name))
  }

  has(name: string): boolean {
    return this.#holds(name)
  }

  /** Throws Failure. */
  refuse(name: string): void {
    if (!this.has(name)) return
    const suggestion = `Leave it alone. Only the person can allow it, by taking it out of ${this.#setting}.`
    throw new Failure('permission_denied', `The ${this.#what} ${name} is protected.`, suggestion, { protected: name })
  }
}
