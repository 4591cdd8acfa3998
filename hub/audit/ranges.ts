// Rows from … to …: which of them somebody told of.

export interface Range {
  from: number
  to: number
}

/** A row tells only of rows before it. What it holds may be anybody's. */
export function rangesOf(rows: unknown, teller: number): Range[] {
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: Partial<Range> | null) => {
    const { from, to } = row ?? {}
    const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from! <= to!
    return isRange ? [{ from: from!, to: Math.min(to!, teller - 1) }] : []
  })
}

/** What of `ranges` (in order) lies in none of `taken`: each is looked at once, for there may be a million. */
export function without(ranges: Range[], taken: Range[]): Range[] {
  const sorted = taken.toSorted((a, b) => a.from - b.from)
  const left: Range[] = []
  let next = 0
  let gone = Number.NEGATIVE_INFINITY
  for (const { from, to } of ranges) {
    let at = Math.max(from, gone + 1)
    for (let one = sorted[next]; at <= to && one && one.from <= to; one = sorted[++next]) {
      if (one.from > at) left.push({ from: at, to: one.from - 1 })
      gone = Math.max(gone, one.to)
      at = Math.max(at, gone + 1)
    }
    if (at <= to) left.push({ from: at, to })
  }
  return left
}

/** In words, and not too many. */
export function shown(ranges: Range[]): string {
  const words = ranges.slice(0, 20).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`))
  return words.join(', ') + (ranges.length > 20 ? ' and more' : '')
}
