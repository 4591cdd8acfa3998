// The first part of a text with secrets removed, without going over all of a large one.

/** A secret that stands across the cut must not leave its first half behind, so more than is kept is looked at. */
const LONGEST_SECRET = 140_000

export function redactedHead(text: string, chars: number, redact: (text: string) => string): string {
  if (text.length <= chars + LONGEST_SECRET) return redact(text).slice(0, chars)
  const looked = redact(text.slice(0, chars + LONGEST_SECRET))
  return looked.slice(0, Math.min(chars, Math.max(0, looked.length - LONGEST_SECRET)))
}
