// What the inspector remembers while the window is open: drafts of arguments, and the calls that were made.
import { useSyncExternalStore } from 'react'
import type { CallOutcome } from '../../../contract/calls.ts'
import type { Problem } from '../../../contract/procedure.ts'
import { Watched } from '../../connection/store.ts'
import type { AnyOffer } from './offers.ts'

/** One call of this session. `ended` is null while it runs. */
export interface Made {
  id: number
  at: number
  offer: AnyOffer
  args: string
  ended: { kind: 'outcome'; outcome: CallOutcome } | { kind: 'failed'; error: Problem } | { kind: 'cancelled' } | null
  endedAt: number | null
}

const KEPT = 50
const made = new Watched<readonly Made[]>([])
const drafts = new Map<string, string>()
let last = 0

/** Newest first. */
export const useMade = (): readonly Made[] => useSyncExternalStore(made.subscribe, made.get)

export function begin(offer: AnyOffer, args: string): Made {
  const one: Made = { id: ++last, at: Date.now(), offer, args, ended: null, endedAt: null }
  made.set([one, ...made.get()].slice(0, KEPT))
  return one
}

export function end(id: number, ended: NonNullable<Made['ended']>): void {
  made.set(made.get().map(one => (one.id === id && !one.ended ? { ...one, ended, endedAt: Date.now() } : one)))
}

export const draftOf = (offer: AnyOffer): string | undefined => drafts.get(`${offer.kind} ${offer.key}`)
export const keepDraft = (offer: AnyOffer, text: string): void => {
  drafts.set(`${offer.kind} ${offer.key}`, text)
}

/** What a call was about, in a few words: its first short value. */
export function gistOf(args: string): string {
  try {
    const value: unknown = JSON.parse(args)
    if (typeof value !== 'object' || value === null) return ''
    const first = Object.values(value).find(v => typeof v === 'string' || typeof v === 'number')
    return first === undefined ? '' : String(first).slice(0, 40)
  } catch {
    return ''
  }
}
