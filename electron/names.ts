// Every message between the shell and its window. preload.cjs carries the same names; a test holds the two equal.
import type { Problem } from '../contract/procedure.ts'

/** What the window may tell the shell, as `gatehouse/<name>`. */
export const FROM_WINDOW = ['ready', 'try-now', 'pin'] as const

/** What the shell tells the window. `port` carries the hub's frames and comes as a window message with the port. */
export const TO_WINDOW = ['port', 'entry'] as const

/** Why there is no port yet; `pin` answers the first kind. */
export type EntryNews =
  | { kind: 'pin-needed'; problem: Problem | null }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'gone'; problem: Problem | null; tryAt: number }
