// Facts a person accepted. Each row is authenticated, so what a program wrote into the file by hand does not count.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Db } from './open.ts'

interface Row {
  key: string
  value: string
  mac: Buffer
}

// One row per kind lists its keys, so that a row taken out by hand is noticed too.
const KEYS = '#keys'
// What was switched off stays off: taking that back would loosen, and without a key nobody can tell who asks.
const STAYS = 'off'

// One row says how often the others were changed, and what they are together: an older file put back has an older one.
const GENERATION = '#generation'
/** What counts also in rows that may be older than they should be: they tighten, or are guarded by the keychain itself. */
const ALWAYS = new Set([STAYS, 'window', 'profile'])

/** How often sealed rows were changed, and the hash of all of them. */
export const Generation = z.object({ n: z.number(), digest: z.string() })
export type Generation = z.infer<typeof Generation>

/** Rows of {kind, key, value} with an HMAC-SHA256 over all three. Without a key they live in this process's memory alone. */
export class Sealed {
  /** Called once for each row that was forged, edited, moved to another key or taken out. Such a row is not there. */
  onForged: ((kind: string, key: string) => void) | undefined
  /** Called after each change that is on disk. */
  onAdvanced: ((generation: Generation) => void) | undefined
  /** The file may be an older one put back: until a person has decided, what it says counts as if there were no key. */
  isDoubted = false
  readonly #db: Db
  readonly #key: () => Buffer | null
  readonly #memory = new Map<string, Map<string, string>>()
  // Taken out while there was no key: the list of keys still names them.
  readonly #removed: [kind: string, key: string][] = []
  readonly #reported = new Set<string>()

  constructor(db: Db, key: () => Buffer | null) {
    this.#db = db
    this.#key = key
  }

  get<T>(kind: string, key: string, schema: z.ZodType<T>): T | undefined {
    const text = this.#memory.get(kind)?.get(key) ?? (this.#counts(kind) ? this.#stored(kind, key) : undefined)
    return text === undefined ? undefined : parsed(text, schema)
  }

  /** Something stood there, and was edited or taken out by hand. For what must not end by that. */
  isForged(kind: string, key: string): boolean {
    if (!this.#key() || !this.#counts(kind) || this.#stored(kind, key) !== undefined) return false
    return this.#rows(kind).some(row => row.key === key) || this.#keysOf(kind).has(key)
  }

  /** Something stands there that cannot be read now: what it is sealed with is not there. */
  isUnread(kind: string, key: string): boolean {
    if (this.#key() || this.#memory.get(kind)?.has(key)) return false
    return this.#rows(kind).some(row => row.key === key)
  }

  /** Whether any row was edited by hand. */
  get hasForged(): boolean {
    if (!this.#key()) return false
    const rows = this.#db.prepare<[], Row & { kind: string }>('SELECT kind, key, value, mac FROM sealed').iterate()
    for (const row of rows) if (!this.#isGenuine(row.kind, row)) return true
    return false
  }

  put(kind: string, key: string, value: unknown): void {
    const text = JSON.stringify(value)
    if (!this.#key() || this.isDoubted) {
      const rows = this.#memory.get(kind) ?? new Map<string, string>()
      this.#memory.set(kind, rows.set(key, text))
      return
    }
    this.#memory.get(kind)?.delete(key)
    this.#db.transaction(() => {
      this.#write(kind, key, text)
      this.#writeKeys(kind, keys => keys.add(key))
      this.#advance()
    })()
    this.#advanced()
  }

  remove(kind: string, key: string): void {
    this.#memory.get(kind)?.delete(key)
    if ((!this.#key() || this.isDoubted) && kind === STAYS) return
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM sealed WHERE kind = ? AND key = ?').run(kind, key)
      if (!this.#key() || this.isDoubted) return void this.#removed.push([kind, key])
      this.#writeKeys(kind, keys => keys.delete(key))
      this.#advance()
    })()
    this.#advanced()
  }

  list<T>(kind: string, schema: z.ZodType<T>): { key: string; value: T }[] {
    const texts = new Map<string, string>()
    if (this.#key() && this.#counts(kind)) {
      for (const row of this.#rows(kind)) {
        if (this.#isGenuine(kind, row)) texts.set(row.key, row.value)
        else this.#report(kind, row.key)
      }
      for (const key of this.#keysOf(kind)) if (!texts.has(key)) this.#report(kind, key)
    }
    for (const [key, text] of this.#memory.get(kind) ?? []) texts.set(key, text)
    return [...texts].flatMap(([key, text]) => {
      const value = parsed(text, schema)
      return value === undefined ? [] : [{ key, value }]
    })
  }

  /**
   * The keychain appeared: what was held in memory is written. Where the folder was `known` before, a person's own facts
   * are back and those count: whoever keeps the keychain away from a hub must not put others in their place.
   */
  rekey({ known }: { known: boolean }): void {
    if (!this.#key() || this.isDoubted) return
    for (const [kind, key] of this.#removed.splice(0)) if (!this.#memory.get(kind)?.has(key)) this.remove(kind, key)
    const held = [...this.#memory]
    this.#memory.clear()
    for (const [kind, rows] of held)
      if (!known || kind === STAYS) for (const [key, text] of rows) this.put(kind, key, JSON.parse(text))
  }

  /** What the file says of itself; null where it says nothing genuine. `digest` is worked out anew. */
  generation(): { said: Generation | null; digest: string } {
    const text = this.#key() ? this.#stored(GENERATION, 'now') : undefined
    return { said: text === undefined ? null : (parsed(text, Generation) ?? null), digest: this.#digest() }
  }

  /** A person takes the file as it is, whatever it was before. `n`: beyond what the keychain has seen. */
  accept(n: number): void {
    this.isDoubted = false
    this.#db.transaction(() => this.#advance(n))()
    this.#advanced()
  }

  /** A person lets go of all that is in doubt: it is asked for anew. What was switched off stays off. */
  forgetAll(n: number): void {
    this.#db.transaction(() => {
      const kept = [...ALWAYS].map(() => '?').join(', ')
      this.#db.prepare(`DELETE FROM sealed WHERE kind NOT IN (${kept}, ?)`).run(...ALWAYS, KEYS)
      this.#db.prepare(`DELETE FROM sealed WHERE kind = ? AND key NOT IN (${kept})`).run(KEYS, ...ALWAYS)
    })()
    this.accept(n)
  }

  #counts(kind: string): boolean {
    return !this.isDoubted || ALWAYS.has(kind)
  }

  #advance(least = 0): void {
    const n = Math.max((this.generation().said?.n ?? 0) + 1, least)
    this.#write(GENERATION, 'now', JSON.stringify({ n, digest: this.#digest() } satisfies Generation))
  }

  #advanced(): void {
    const { said } = this.generation()
    if (said) this.onAdvanced?.(said)
  }

  /** Of all rows but the one that says it. Each mac stands for its row's kind, key and value. */
  #digest(): string {
    const hash = createHash('sha256')
    const rows = this.#db
      .prepare<[string], { kind: string; key: string; mac: Buffer }>(
        'SELECT kind, key, mac FROM sealed WHERE kind <> ? ORDER BY kind, key',
      )
      .iterate(GENERATION)
    for (const { kind, key, mac } of rows) hash.update(JSON.stringify([kind, key, mac.toString('base64')]))
    return hash.digest('hex')
  }

  #stored(kind: string, key: string): string | undefined {
    if (!this.#key()) return undefined
    const row = this.#db
      .prepare<[string, string], Row>('SELECT key, value, mac FROM sealed WHERE kind = ? AND key = ?')
      .get(kind, key)
    if (row && this.#isGenuine(kind, row)) return row.value
    if (row || this.#keysOf(kind).has(key)) this.#report(kind, key)
    return undefined
  }

  #rows(kind: string): Row[] {
    return this.#db.prepare<[string], Row>('SELECT key, value, mac FROM sealed WHERE kind = ? ORDER BY key').all(kind)
  }

  #write(kind: string, key: string, text: string): void {
    this.#db
      .prepare(
        'INSERT INTO sealed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, mac = excluded.mac',
      )
      .run(kind, key, text, this.#mac(kind, key, text))
  }

  #keysOf(kind: string): Set<string> {
    const row = this.#db
      .prepare<[string, string], Row>('SELECT key, value, mac FROM sealed WHERE kind = ? AND key = ?')
      .get(KEYS, kind)
    if (!row) return new Set()
    if (this.#isGenuine(KEYS, row)) return new Set(JSON.parse(row.value) as string[])
    this.#report(KEYS, kind)
    return new Set()
  }

  #writeKeys(kind: string, change: (keys: Set<string>) => void): void {
    const keys = this.#keysOf(kind)
    change(keys)
    this.#write(KEYS, kind, JSON.stringify([...keys]))
  }

  // Lengths stand in front, so that no two different rows give the same bytes.
  #mac(kind: string, key: string, text: string): Buffer {
    const mac = createHmac('sha256', this.#key()!)
    for (const part of [kind, key, text]) mac.update(`${Buffer.byteLength(part)}:`).update(part)
    return mac.digest()
  }

  #isGenuine(kind: string, row: Row): boolean {
    const mac = this.#mac(kind, row.key, row.value)
    return row.mac.length === mac.length && timingSafeEqual(row.mac, mac)
  }

  #report(kind: string, key: string): void {
    const name = JSON.stringify([kind, key])
    if (this.#reported.has(name)) return
    this.#reported.add(name)
    this.onForged?.(kind, key)
  }
}

// A genuine row of an older shape is not there either: the person is asked again.
function parsed<T>(text: string, schema: z.ZodType<T>): T | undefined {
  const result = schema.safeParse(JSON.parse(text))
  return result.success ? result.data : undefined
}
