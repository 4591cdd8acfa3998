// What is known about the chain: the hub's running word, and the last time somebody asked for the whole of it.
import { useSyncExternalStore } from 'react'
import type { AuditStatus, Verification } from '../../../contract/audit.ts'
import { Watched } from '../../connection/store.ts'
import { hub, problemFrom } from '../../hub.ts'
import { showProblem } from '../../ui/notify.tsx'
import { count } from '../../ui/numbers.ts'

export type Checked = { kind: 'not-asked' } | { kind: 'asking' } | { kind: 'known'; at: number; found: Verification }

const checked = new Watched<Checked>({ kind: 'not-asked' })
export const useChecked = (): Checked => useSyncExternalStore(checked.subscribe, checked.get)

/** Reads the whole chain again, on disk and against its anchor. */
export async function verify(): Promise<void> {
  const before = checked.get()
  if (before.kind === 'asking') return
  checked.set({ kind: 'asking' })
  try {
    checked.set({ kind: 'known', at: Date.now(), found: await hub.audit.verify() })
  } catch (error) {
    checked.set(before)
    showProblem(problemFrom(error))
  }
}

/** One sentence about the chain. Green is kept for what was verified and anchored. */
export function chainWords(
  status: AuditStatus | null,
  now: Checked,
): { words: string; tone: 'green' | 'red' | 'quiet' } {
  if (now.kind === 'known' && !now.found.intact) {
    return { words: now.found.problems[0]?.what ?? 'The chain is broken.', tone: 'red' }
  }
  if (status?.problem) return { words: status.problem, tone: 'red' }
  if (now.kind === 'asking') return { words: 'Reading every row…', tone: 'quiet' }
  if (now.kind === 'known') {
    const rows = `Verified, ${count(now.found.rows)} ${now.found.rows === 1 ? 'row' : 'rows'}`
    return now.found.anchored ? { words: rows, tone: 'green' } : { words: `${rows}, not anchored`, tone: 'quiet' }
  }
  if (status?.verifiedTo == null) return { words: 'Not verified yet', tone: 'quiet' }
  const to = `Verified to row ${count(status.verifiedTo)}`
  return status.anchored ? { words: to, tone: 'green' } : { words: `${to}, not anchored`, tone: 'quiet' }
}

/** Up to which row the chain is known to hold, for the marks beside hashes. */
export function provenTo(status: AuditStatus | null, now: Checked): number {
  if (now.kind !== 'known') return status?.verifiedTo ?? 0
  const first = now.found.problems.map(p => p.seq ?? 0).sort((a, b) => a - b)[0]
  return first === undefined ? Math.max(now.found.rows, status?.verifiedTo ?? 0) : first - 1
}
