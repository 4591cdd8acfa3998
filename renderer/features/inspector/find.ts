// One search over everything all servers offer: by name first, then by what a server says about it.

/** Something that can be run, read or got. `words`: the server's own description. */
export interface Offer {
  key: string
  server: string
  name: string
  words: string
}

/** An offer that was found; `at`: where the words stand in its name, empty when only its description has them. */
export interface Found<T extends Offer> {
  offer: T
  at: { start: number; end: number }[]
}

/** The offers that hold every word, those by name before those by description; without words, all. */
export function find<T extends Offer>(offers: readonly T[], search: string): Found<T>[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return offers.map(offer => ({ offer, at: [] }))
  const byName: Found<T>[] = []
  const byWords: Found<T>[] = []
  for (const offer of offers) {
    const name = offer.name.toLowerCase()
    const all = `${name}\n${offer.server.toLowerCase()}\n${offer.words.toLowerCase()}`
    if (!words.every(word => all.includes(word))) continue
    const at = words.flatMap(word => {
      const start = name.indexOf(word)
      return start < 0 ? [] : [{ start, end: start + word.length }]
    })
    if (at.length > 0) byName.push({ offer, at: merged(at) })
    else byWords.push({ offer, at: [] })
  }
  return [...byName, ...byWords]
}

function merged(spans: { start: number; end: number }[]): { start: number; end: number }[] {
  const out: { start: number; end: number }[] = []
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    const last = out.at(-1)
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end)
    else out.push({ ...span })
  }
  return out
}

/** A name cut where the words stand, for marking. */
export function pieces(name: string, at: readonly { start: number; end: number }[]): { text: string; hit: boolean }[] {
  const out: { text: string; hit: boolean }[] = []
  let from = 0
  for (const span of at) {
    if (span.start > from) out.push({ text: name.slice(from, span.start), hit: false })
    out.push({ text: name.slice(span.start, span.end), hit: true })
    from = span.end
  }
  if (from < name.length) out.push({ text: name.slice(from), hit: false })
  return out
}

/** Found offers by server, servers in order of their first hit. */
export function byServer<T extends Offer>(found: readonly Found<T>[]): { server: string; found: Found<T>[] }[] {
  const groups = new Map<string, Found<T>[]>()
  for (const one of found) {
    const group = groups.get(one.offer.server)
    if (group) group.push(one)
    else groups.set(one.offer.server, [one])
  }
  return [...groups].map(([server, list]) => ({ server, found: list }))
}
