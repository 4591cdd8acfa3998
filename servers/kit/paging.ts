// Long answers come in pages: the first so many things that fit, and a cursor to go on with. Nothing is cut silently.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from './failure.ts'

export const PAGING = {
  cursor: z.string().max(8192).optional().describe('From the answer before, to go on there'),
  limit: z.int().min(1).max(1000).default(100),
}
/** In every output schema of a list. */
export const NEXT = { nextCursor: z.string().optional() }

/** Opaque to clients. */
export function toCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** What `toCursor` was given, in the shape it must have; undefined without a cursor. Throws a validation_error. */
export function fromCursor<T>(cursor: string | undefined, shape: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    throw new Failure('validation_error', 'This cursor is not one of ours.', 'Call again without a cursor.')
  }
}

/** A cursor that goes on with this list alone: a backend would go on with another at that place, without a word. */
export function toCursorOf(list: object, at: unknown): string {
  return toCursor({ of: stampOf(list), at })
}

/** Throws a validation_error. */
export function fromCursorOf<T>(list: object, cursor: string | undefined, shape: z.ZodType<T>): T | undefined {
  const read = fromCursor(cursor, z.object({ of: z.string().max(20), at: shape }))
  if (read && read.of !== stampOf(list))
    throw new Failure('validation_error', 'This cursor is of another list.', 'Ask as before, or without a cursor.')
  return read?.at as T | undefined
}

function stampOf(list: object): string {
  return createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 12)
}

/** What there is more of is said in the text too: some models are shown nothing else. */
export function withMore(text: string, { nextCursor }: { nextCursor?: string | undefined }): string {
  return nextCursor === undefined ? text : `${text}\n… there is more: call again with cursor: "${nextCursor}"`
}

const MOST_CHARS = 200_000

/** A page of a list that is at hand as a whole. At least one item, also when it is longer than the budget. */
export function page<T>(
  items: readonly T[],
  o: { cursor?: string | undefined; limit: number; mostChars?: number },
): { items: T[]; nextCursor?: string; total: number } {
  const from = fromCursor(o.cursor, z.int().min(0)) ?? 0
  const taken: T[] = []
  let chars = 0
  for (const item of items.slice(from, from + o.limit)) {
    chars += JSON.stringify(item).length
    if (taken.length > 0 && chars > (o.mostChars ?? MOST_CHARS)) break
    taken.push(item)
  }
  const next = from + taken.length
  return { items: taken, total: items.length, ...(next < items.length ? { nextCursor: toCursor(next) } : {}) }
}

/** The same, with a cursor that goes on with this list alone. */
export function pageOf<T>(
  list: object,
  items: readonly T[],
  o: { cursor?: string | undefined; limit: number; mostChars?: number },
): ReturnType<typeof page<T>> {
  const { nextCursor, ...rest } = page(items, { ...o, cursor: fromCursorOf(list, o.cursor, z.string()) })
  return { ...rest, ...(nextCursor === undefined ? {} : { nextCursor: toCursorOf(list, nextCursor) }) }
}

/** A page of a text, cut between characters. `nextCursor` is about this text alone. */
export function pageOfText(text: string, cursor: string | undefined, mostChars = MOST_CHARS) {
  const from = fromCursor(cursor, z.int().min(0)) ?? 0
  let to = Math.min(text.length, from + mostChars)
  const last = text.charCodeAt(to - 1)
  // Never in the middle of a pair.
  if (to < text.length && last >= 0xd800 && last <= 0xdbff) to--
  return { text: text.slice(from, to), ...(to < text.length ? { nextCursor: toCursor(to) } : {}) }
}
