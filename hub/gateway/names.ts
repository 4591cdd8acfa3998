// The names that clients see: `slug_tool`, valid everywhere, the same each time for the same servers.
import { createHash } from 'node:crypto'

const VALID = /^[a-zA-Z0-9_-]{1,64}$/
const MAX = 64
const HASH = 8

/** A server's own name for something, and the server's slug. */
export interface OwnName {
  slug: string
  own: string
}

/**
 * The exposed name of each, in the order given. Names that are valid as they are keep that form; the others get a short
 * hash of what they stand for, salted until it is free. Who comes first does not matter. `max`: of a client that takes
 * shorter names than MCP.
 */
export function exposeNames(names: readonly OwnName[], max = MAX): string[] {
  const taken = new Map<string, OwnName>()
  const keyed = new Map<string, string>()
  const keyOf = ({ slug, own }: OwnName) => JSON.stringify([slug, own])
  const plain = (n: OwnName) => VALID.test(`${n.slug}_${n.own}`) && n.own !== '' && n.slug.length + n.own.length < max
  const sorted = [...names].sort((a, b) => Number(plain(b)) - Number(plain(a)) || (keyOf(a) < keyOf(b) ? -1 : 1))
  for (const name of sorted) {
    const key = keyOf(name)
    if (keyed.has(key)) continue
    let exposed = plain(name) ? `${name.slug}_${name.own}` : hashed(name, 0, max)
    for (let salt = 1; taken.has(exposed); salt++) exposed = hashed(name, salt, max)
    taken.set(exposed, name)
    keyed.set(key, exposed)
  }
  return names.map(name => keyed.get(keyOf(name))!)
}

function hashed({ slug, own }: OwnName, salt: number, max: number): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([slug, own, salt]))
    .digest('hex')
    .slice(0, HASH)
  const clean = `${slug}_${own}`.replace(/[^a-zA-Z0-9_-]/gu, '_')
  return `${clean.slice(0, max - HASH - 1)}_${digest}`
}
