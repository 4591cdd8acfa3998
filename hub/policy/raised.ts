// What a call's arguments raise its risk by: values the person protects, and paths outside the folders they named.
import type { Policy } from '../../contract/policy.ts'
import { eachText } from './argument-texts.ts'
import { isWithin, pathsIn } from './paths.ts'
import { findProtected, fold, isAscii } from './protected-values.ts'
import { shown } from './rule-text.ts'

export type Guarded = Pick<Policy, 'folders' | 'protected'>

/** `outside`: also what only reads is then asked about. Both hold reasons in words. */
export interface Raised {
  protectedValues: string[]
  outside: string[]
  /** The first protected value it names; null: none, or its arguments cannot be read. */
  value: string | null
}

const NOTHING: Raised = { protectedValues: [], outside: [], value: null }
const MOST_REASONS = 4
const MOST_TEXTS = 20_000

export function raisedBy(source: string, { folders, protected: sets }: Guarded): Raised {
  const hasSets = hasAny(sets)
  if ((!hasSets && folders.length === 0) || source.trim() === '') return NOTHING
  const protectedValues = new Map<string, string>()
  const outside = new Set<string>()
  const all = (why: string): Raised => ({
    protectedValues: [why],
    outside: folders.length > 0 ? [why] : [],
    value: null,
  })
  // In ASCII a letter stands at the same place in both cases: then one text is folded, not each of many.
  const folded = isAscii(source) ? source.toLowerCase() : undefined
  let texts = 0
  const isRead = eachText(source, (start, end, isPlain) => {
    if (++texts > MOST_TEXTS) return
    const text = isPlain ? source.slice(start, end) : decoded(source.slice(start - 1, end + 1))
    if (text === undefined) texts = Number.NaN
    else {
      if (hasSets)
        findProtected(isPlain && folded ? folded.slice(start, end).trim() : fold(text), sets, protectedValues)
      if (folders.length > 0 && outside.size < MOST_REASONS) seePaths(text, folders, outside)
    }
  })
  if (!isRead || Number.isNaN(texts))
    return all('Its arguments cannot be read, so nothing says that they spare what you protect.')
  if (texts > MOST_TEXTS) return all('It has more arguments than can be looked through for what you protect.')
  if (protectedValues.size + outside.size === 0) return NOTHING
  const [value = null] = protectedValues.values()
  return { protectedValues: [...protectedValues.keys()].slice(0, MOST_REASONS), outside: [...outside], value }
}

function hasAny(sets: Guarded['protected']): boolean {
  for (const name in sets) if (sets[name]!.length > 0) return true
  return false
}

function decoded(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted)
  } catch {
    return undefined
  }
}

function seePaths(text: string, folders: readonly string[], outside: Set<string>): void {
  const path = pathsIn(text).find(one => !folders.some(folder => isWithin(one, folder)))
  if (path !== undefined) outside.add(`${shown(path)} is outside the folders you named.`)
}
