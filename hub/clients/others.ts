// Clients that are in no table: named by the person, given a token and an entry to paste, over the bridge or over HTTP.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Client, OtherEntry } from '../../contract/clients.ts'
import type { LinkInfo } from '../../contract/hub.ts'
import { HubError } from '../error.ts'
import type { Kv } from '../store/kv.ts'
import { type EntryPoint, TOKEN_VARIABLE } from './entry.ts'
import type { Tokens } from './tokens.ts'

const Other = z.object({ id: z.string(), name: z.string(), transport: z.enum(['stdio', 'http']), addedAt: z.number() })
type Other = z.infer<typeof Other>

const KEY = 'other-clients'
const PORT_KEY = 'http-port'
const MOST = 100
/** Where HTTP clients find the gate unless told otherwise. */
const DEFAULT_PORT = 4628

function allIn(kv: Pick<Kv, 'get'>): Other[] {
  const text = kv.get(KEY)
  return text === null ? [] : z.array(Other).parse(JSON.parse(text))
}

/** Where HTTP clients are answered, and whether there is any. */
export function httpAddress(kv: Pick<Kv, 'get'>): { needsHttp: boolean; port: number } {
  const needsHttp = allIn(kv).some(one => one.transport === 'http')
  return { needsHttp, port: Number(kv.get(PORT_KEY) ?? DEFAULT_PORT) }
}

export class Others {
  readonly #kv: Kv
  readonly #tokens: Tokens
  readonly #entry: EntryPoint
  readonly #data: string | null

  /** `data`: the data folder, when a bridge would not find it by itself. */
  constructor(o: { kv: Kv; tokens: Tokens; entry: EntryPoint; data: string | null }) {
    this.#kv = o.kv
    this.#tokens = o.tokens
    this.#entry = o.entry
    this.#data = o.data
  }

  get port(): number {
    return httpAddress(this.#kv).port
  }

  set port(port: number) {
    this.#kv.put(PORT_KEY, String(port))
  }

  /** True while a client is there that comes over HTTP. */
  get needsHttp(): boolean {
    return httpAddress(this.#kv).needsHttp
  }

  all(): Other[] {
    return allIn(this.#kv)
  }

  find(id: string): Other | undefined {
    return this.all().find(one => one.id === id)
  }

  /** Throws HubError when there is one of this name already. */
  add(name: string, transport: Other['transport']): OtherEntry {
    const all = this.all()
    if (all.some(one => one.name === name))
      throw new HubError('clients/exists', `There is a client called ${JSON.stringify(name)} already.`, {
        hint: 'Give it another name, or make a new token for that one.',
      })
    if (all.length >= MOST)
      throw new HubError('clients/too-many', `There are ${MOST} clients of your own already.`, { hint: 'Remove some.' })
    const slug = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 30)
    const one = { id: `other-${slug}-${randomBytes(3).toString('hex')}`, name, transport, addedAt: Date.now() }
    this.#kv.put(KEY, JSON.stringify([...all, one]))
    return this.newToken(one.id)
  }

  /** The old token opens nothing any more. */
  newToken(id: string): OtherEntry {
    const one = this.find(id)
    if (!one) throw unknown(id)
    const token = this.#tokens.newToken()
    this.#tokens.admit(id, token)
    this.#tokens.settle(id, token, false)
    return { id, name: one.name, transport: one.transport, entry: this.#entryOf(one, token) }
  }

  remove(id: string): void {
    const all = this.all()
    if (!all.some(one => one.id === id)) throw unknown(id)
    this.#tokens.settle(id, null, false)
    this.#kv.put(KEY, JSON.stringify(all.filter(one => one.id !== id)))
  }

  list(links: readonly LinkInfo[]): Client[] {
    return this.all().map(one => {
      const own = links.filter(link => link.client === one.id)
      const calls = own.flatMap(link => link.lastCallAt ?? [])
      const where = one.transport === 'http' ? `Over HTTP, port ${this.port}` : 'Through the bridge'
      const linked = own.length === 0 ? 'not connected now' : `${own.length} ${own.length === 1 ? 'link' : 'links'}`
      return {
        id: one.id,
        name: one.name,
        project: null,
        hasProjects: false,
        other: one.transport,
        status: own.length > 0 ? 'connected' : 'found',
        path: null,
        evidence: `${where}; ${linked}.`,
        problem: null,
        afterWriting: '',
        links: own.length,
        lastCallAt: calls.length > 0 ? Math.max(...calls) : null,
        writtenAt: one.addedAt,
        canUndo: false,
        linkedAt: null,
        keep: false,
        asks: null,
        canQuit: false,
        own: { servers: 0, keys: [] },
        direct: [],
      }
    })
  }

  #entryOf({ id, transport }: Other, token: string): string {
    const { command, args } = this.#entry
    const entry =
      transport === 'http'
        ? { type: 'http', url: `http://127.0.0.1:${this.port}/mcp`, headers: { Authorization: `Bearer ${token}` } }
        : {
            command,
            args: [...args, 'connect', '--client', id, ...(this.#data ? ['--data', this.#data] : [])],
            env: { [TOKEN_VARIABLE]: token },
          }
    return JSON.stringify({ mcpServers: { gatehouse: entry } }, null, 2)
  }
}

function unknown(id: string): HubError {
  return new HubError('clients/unknown', `No client of your own is called ${JSON.stringify(id)}.`, {
    hint: 'Look with `gatehouse clients list`.',
  })
}
