// Which tools are left out for a client that takes only so many: servers with few tools come first and stay whole, then each
// in the order in which its server lists them. So the answer is the same each time, and hiding others makes room.
import type { Shown } from './parts.ts'
import type { Entry } from './view.ts'

export function leftOut(
  tools: readonly Entry[],
  limits: Shown['limits'],
  counts: (tool: Entry) => boolean,
): ReadonlySet<Entry> {
  const most = limits?.beyond === 'leaves-out' ? limits.tools : null
  const counted = most === null ? [] : tools.filter(counts)
  if (most === null || counted.length <= most) return new Set()
  const sizes = new Map<string, number>()
  for (const { server } of counted) sizes.set(server.id, (sizes.get(server.id) ?? 0) + 1)
  const few = (one: Entry) => sizes.get(one.server.id)!
  const sorted = counted.toSorted((a, b) => few(a) - few(b) || compare(a.server.id, b.server.id))
  return new Set(sorted.slice(most))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
