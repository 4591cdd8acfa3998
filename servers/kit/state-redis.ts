// State in Redis: for many replicas. It must not evict (`maxmemory-policy noeviction`), or keys are forgotten.
import { Redis } from 'ioredis'
import { type Held, newVersion, type Put, type State } from './state.ts'

/** KEYS: the value, the list of ids. ARGV: id, if-version, value, version, lease, keep. One step, by the clock of Redis. */
const PUT = `
  local version = redis.call('HGET', KEYS[1], 'version') or ''
  -- Sent again after the connection was lost: it is in already.
  if version == ARGV[4] then return 1 end
  if version ~= ARGV[2] then return 0 end
  local now = redis.call('TIME')
  local ms = now[1] * 1000 + math.floor(now[2] / 1000)
  redis.call('HSET', KEYS[1], 'value', ARGV[3], 'version', ARGV[4], 'lease', string.format('%d', ms + ARGV[5]))
  if ARGV[6] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  return 1`
const READ = `
  local found = redis.call('HMGET', KEYS[1], 'value', 'version', 'lease')
  if not found[1] then return false end
  local now = redis.call('TIME')
  return { found[1], found[2], (tonumber(found[3]) > now[1] * 1000 + now[2] / 1000) and 1 or 0 }`
const REMOVE = `
  if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
  redis.call('ZREM', KEYS[2], ARGV[1])
  return redis.call('DEL', KEYS[1])`

export class RedisState implements State {
  readonly #redis: Redis
  readonly #server: string

  constructor(url: string, server: string) {
    this.#server = server
    this.#redis = new Redis(url, {
      maxRetriesPerRequest: 2,
      connectTimeout: 2_000,
      commandTimeout: 5_000,
      retryStrategy: tries => Math.min(100 * 2 ** tries, 5_000),
    })
    // Said by the call that fails.
    this.#redis.on('error', () => {})
  }

  /** In braces: a cluster keeps what one script touches in one place. */
  #keys(group: string, id: string): [string, string] {
    const place = `mcp:{${this.#server}:${group}}`
    return [`${place}:${id}`, `${place}!ids`]
  }

  async read(group: string, id: string): Promise<Held | null> {
    const found = await this.#redis.eval(READ, 1, this.#keys(group, id)[0])
    if (!found) return null
    const [value, version, leased] = found as [string, string, number]
    return { value: JSON.parse(value), version, isLeased: leased === 1 }
  }

  async put(group: string, id: string, value: unknown, { ifVersion, leaseMs, keepMs }: Put): Promise<string | null> {
    const version = newVersion()
    const args = [id, ifVersion ?? '', JSON.stringify(value), version, leaseMs ?? 0, keepMs ?? '']
    return (await this.#redis.eval(PUT, 2, ...this.#keys(group, id), ...args)) === 1 ? version : null
  }

  async remove(group: string, id: string, ifVersion: string): Promise<boolean> {
    return (await this.#redis.eval(REMOVE, 2, ...this.#keys(group, id), id, ifVersion)) === 1
  }

  async list(group: string, { limit, before }: { limit: number; before?: string | undefined }) {
    const ids = this.#keys(group, '')[1]
    const listed: { id: string; held: Held }[] = []
    for (let last = before; listed.length < limit; ) {
      const some = await this.#redis.zrevrangebylex(ids, last === undefined ? '+' : `(${last}`, '-', 'LIMIT', 0, limit)
      const held = await Promise.all(some.map(id => this.read(group, id)))
      for (const [n, id] of some.entries()) {
        if (held[n]) listed.push({ id, held: held[n] })
        // Its time is over.
        else await this.#redis.zrem(ids, id)
      }
      if (some.length < limit) break
      last = some.at(-1)
    }
    return listed.slice(0, limit)
  }

  async close(): Promise<void> {
    await this.#redis.quit()
  }
}
