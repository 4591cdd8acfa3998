// What the hub's thread and the log's thread say to each other.
import type { KeyObject } from 'node:crypto'
import type { AuditFilter, AuditRow, ExportFormat, Retention } from '../../contract/audit.ts'
import type { Problem } from '../../contract/procedure.ts'
import type { StoredHead } from './log-file.ts'
import type { Due } from './retention.ts'

/** An event as text, and when it happened. */
export interface Entry {
  time: number
  content: string
  /** The row tells of damage, in these words: remembered until a person has acknowledged it. */
  damage?: string
}

export interface Keys {
  privateKey: KeyObject
  publicKey: KeyObject
}

export type Task =
  | { kind: 'open' | 'keys'; anchor: string | null; keys: Keys | null }
  | { kind: 'append'; entries: Entry[]; wantsRows: boolean }
  | { kind: 'erase'; rows: { from: number; to: number }[]; entry: Entry }
  | { kind: 'due'; retention: Retention }
  | { kind: 'retain'; due: Due }
  | { kind: 'acknowledge'; entry: Entry }
  | { kind: 'erase-some' | 'clean' | 'index' | 'retention' }
  | { kind: 'export'; format: ExportFormat; after: number; publicKey: string | null }
  | { kind: 'list'; filter: AuditFilter }
  | { kind: 'verify'; anchor: string | null; publicKey: KeyObject | null }
  | { kind: 'close' }

/** What writing left behind: the rows written, where somebody wants to see them, and the log's end. */
export interface WrittenRows {
  rows: AuditRow[]
  head: StoredHead | null
  count: number
  /** Said once, when the log had to begin again or was found broken. */
  told: string | null
}

/** `last`: the row it ends with; null when there are no more. */
export interface ExportPiece {
  text: string
  last: number | null
}

export interface Ask {
  n: number
  task: Task
}

export type Reply = { n: number; value: unknown } | { n: number; problem: Problem }
