// Names as labels: readable, bounded in length and number, whatever a server or a client calls itself.

/** What is beyond the bounds, and what nobody lists, is counted together under this name. */
export const OTHER = 'other'
const LONGEST = 100
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** Two names that look or travel alike must not become the same series twice: a scrape with such a pair is refused as a whole. */
export function toLabel(name: string): string {
  const safe = name.slice(0, LONGEST * 2).replaceAll(UNSAFE, one => `\\u{${one.codePointAt(0)!.toString(16)}}`)
  return [...safe].length <= LONGEST ? safe : `${[...safe].slice(0, LONGEST - 1).join('')}…`
}

/** Gives each name its label while there is room; names that come later are `other`. */
export class Labels {
  readonly #most: number
  readonly #known = new Map<string, string>()
  readonly #labels = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  /** `isReal` is asked once for each name that is not known yet. */
  of(name: string, isReal: (name: string) => boolean = () => true): string {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#labels.size >= this.#most || !isReal(name)) return OTHER
    const label = toLabel(name)
    this.#known.set(name, label)
    this.#labels.add(label)
    return label
  }

  get size(): number {
    return this.#labels.size
  }
}
