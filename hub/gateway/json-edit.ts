// Adds and takes out members of an object inside a JSON text; every other byte stays.
import { members, splice } from '../../contract/wire.ts'

/** `added`: JSON text by name. Members that are there already are replaced where they stand. */
export function withMembers(
  text: string,
  object: { start: number; end: number },
  added: Record<string, string>,
): string {
  const there = members(text, object.start)
  const edits: { start: number; end: number; text: string }[] = []
  const fresh: string[] = []
  for (const [key, value] of Object.entries(added)) {
    const old = there.findLast(m => m.key === key)
    if (old) edits.push({ start: old.start, end: old.end, text: value })
    else fresh.push(`${JSON.stringify(key)}:${value}`)
  }
  if (fresh.length > 0) {
    const at = object.start + 1
    edits.push({ start: at, end: at, text: fresh.join(',') + (there.length > 0 ? ',' : '') })
  }
  return splice(text, edits)
}

/** The object's text without some of its members; as it was when it has none of them. */
export function withoutMembers(objectText: string, keys: readonly string[]): string {
  const there = members(objectText)
  const kept = there.filter(m => !keys.includes(m.key))
  if (kept.length === there.length) return objectText
  return `{${kept.map(m => `${JSON.stringify(m.key)}:${objectText.slice(m.start, m.end)}`).join(',')}}`
}
