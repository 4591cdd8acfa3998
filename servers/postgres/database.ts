// The database behind the tools: PostgreSQL by its URL, or an embedded one. Connected when first needed.
import type { Settings } from '../kit/settings.ts'
import { Embedded } from './embedded.ts'
import { Remote } from './remote.ts'
import type { SETTINGS } from './settings.ts'

/** `changed`: rows that a statement wrote; null where the database does not say. */
export interface Rows {
  columns: string[]
  rows: unknown[][]
  changed: number | null
  /** There were more rows than are kept for an answer. */
  isCut: boolean
}

/** One statement at a time, its values beside it: several in one text are refused by the database itself. */
export type Ask = (sql: string, params?: readonly unknown[]) => Promise<Rows>

export interface Asking {
  readOnly: boolean
  keep: boolean
  signal: AbortSignal
}

export interface Database {
  /** "PostgreSQL at db.example:5432/shop" or "the embedded database"; without user and password. */
  readonly title: string
  /**
   * Everything `work` asks is one transaction, which is given up when `work` throws or `keep` is false. Settings, locks and
   * temporary tables of the session end with it too.
   */
  transaction<T>(o: Asking, work: (ask: Ask) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export function openDatabase(settings: Settings<typeof SETTINGS>): Database {
  return settings.DATABASE_URL ? new Remote(settings.DATABASE_URL, settings) : new Embedded(settings)
}

/** Of a change whose end was not heard of. */
export const PERHAPS_DONE = 'With confirm: true it may have been done: look with query_database before you try again.'

/** How each transaction begins. */
export function beginning(readOnly: boolean, timeoutMs: number): string {
  return `BEGIN ${readOnly ? 'READ ONLY' : 'READ WRITE'}; SET LOCAL statement_timeout = ${timeoutMs}`
}
