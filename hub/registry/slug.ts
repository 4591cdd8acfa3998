// A server's slug: what prefixes its tools. Made once from its name, then kept.

// `gatehouse` is the gate's own entry in clients.
const RESERVED = new Set(['gatehouse'])
const MAX = 31

/** Lower case, digits and dashes, beginning with a letter, and none of those taken. */
export function slugFor(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const base = trimmed(/^[a-z]/.test(plain) ? plain : `server-${plain}`, MAX)
  for (let n = 1; ; n++) {
    const slug = n === 1 ? base : `${trimmed(base, MAX - `-${n}`.length)}-${n}`
    if (!taken.has(slug) && !RESERVED.has(slug)) return slug
  }
}

function trimmed(text: string, max: number): string {
  return text.slice(0, max).replace(/-+$/, '')
}
