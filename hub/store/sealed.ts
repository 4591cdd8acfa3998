// Facts a person accepted. Each row is authenticated, so what a program wrote into the file by hand does not count.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
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

/** Rows of {kind, key, value} with an HMAC-SHA256 over all three. Without a key they live in this process's memory alone. */
export class Sealed {
  /** Called once for each row that was forged, edited, moved to another key or taken out. Such a row is not there. */
  onForged: ((kind: string, key: string) => void) | undefined
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
    const text = this.#memory.get(kind)?.get(key) ?? this.#stored(kind, key)
    return text === undefined ? undefined : parsed(text, schema)
  }

  put(kind: string, key: string, value: unknown): void {
    const text = JSON.stringify(value)
    if (!this.#key()) {
      const rows = this.#memory.get(kind) ?? new Map<string, string>()
      this.#memory.set(kind, rows.set(key, text))
      return
    }
    this.#memory.get(kind)?.delete(key)
    this.#db.transaction(() => {
      this.#write(kind, key, text)
      this.#writeKeys(kind, keys => keys.add(key))
    })()
  }

  remove(kind: string, key: string): void {
    this.#memory.get(kind)?.delete(key)
    if (!this.#key() && kind === STAYS) return
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM sealed WHERE kind = ? AND key = ?').run(kind, key)
      if (this.#key()) this.#writeKeys(kind, keys => keys.delete(key))
      else this.#removed.push([kind, key])
    })()
  }

  list<T>(kind: string, schema: z.ZodType<T>): { key: string; value: T }[] {
    const texts = new Map<string, string>()
    if (this.#key()) {
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
    if (!this.#key()) return
    for (const [kind, key] of this.#removed.splice(0)) if (!this.#memory.get(kind)?.has(key)) this.remove(kind, key)
    const held = [...this.#memory]
    this.#memory.clear()
    for (const [kind, rows] of held)
      if (!known || kind === STAYS) for (const [key, text] of rows) this.put(kind, key, JSON.parse(text))
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
