// What of a change is kept as plain text in a person's own words. Never its kinds and names: a "credential" called like one
// of them, which any program may store, would else keep the read-only switch from being turned.
import type { NewRule, PolicyChange } from '../../contract/policy.ts'

export function keptTexts(change: PolicyChange): string[] {
  switch (change.kind) {
    case 'add-rule':
    case 'replace-rule':
      return textsOf(change.rule)
    case 'protect':
      return change.on ? [change.set, change.value] : []
    case 'folder':
      return change.on ? [change.path] : []
    default:
      return []
  }
}

function textsOf({ note = '', arguments: conditions = [] }: NewRule): string[] {
  const given = conditions.flatMap(({ equals, in: some, glob, pattern }) => [equals, some, glob, pattern])
  return [note, ...given.flatMap(one => (one === undefined ? [] : typeof one === 'string' ? one : JSON.stringify(one)))]
}
