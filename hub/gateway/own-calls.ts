// Calls that people make, from the command line or the inspector: links of their own inside the hub, so that they take
// the same way past the same guard as any client's.
import { randomUUID } from 'node:crypto'
import type { CallOutcome } from '../../contract/calls.ts'
import { members } from '../../contract/wire.ts'
import { HubError } from '../error.ts'
import { outcomeOf } from './call-record.ts'
import { isObject } from './frame.ts'
import type { House } from './house.ts'
import { GatewayLink } from './link.ts'
import type { KnownServer } from './parts.ts'

export interface OwnCall {
  as: 'cli' | 'inspector'
  server: string
  signal?: AbortSignal
}

const TITLES = { cli: 'Command line', inspector: 'Inspector' }

/** One link for each of the two and each server; it lasts, so that a yes which comes late still finds its repeat. */
interface OwnLink {
  link: GatewayLink
  waiting: Map<string, (answer: string) => void>
}

export class OwnCalls {
  readonly #house: House
  readonly #redact: (text: string) => string
  readonly #links = new Map<string, OwnLink>()

  constructor(house: House, redact: (text: string) => string) {
    this.#house = house
    this.#redact = redact
  }

  links(): GatewayLink[] {
    return [...this.#links.values()].map(own => own.link)
  }

  call(o: OwnCall & { tool: string; arguments: string }, server: KnownServer): Promise<CallOutcome> {
    if (!isObject(parsed(o.arguments))) {
      throw new HubError('call/arguments', 'The arguments must be one JSON object.', {
        hint: 'For example {"path":"a.txt"}.',
      })
    }
    return this.#run(o, server, 'tools/call', `{"name":${JSON.stringify(o.tool)},"arguments":${o.arguments}}`)
  }

  readResource(o: OwnCall & { uri: string }, server: KnownServer): Promise<CallOutcome> {
    return this.#run(o, server, 'resources/read', JSON.stringify({ uri: o.uri }))
  }

  getPrompt(
    o: OwnCall & { name: string; arguments: Record<string, string> },
    server: KnownServer,
  ): Promise<CallOutcome> {
    return this.#run(o, server, 'prompts/get', JSON.stringify({ name: o.name, arguments: o.arguments }))
  }

  close(): void {
    for (const { link } of this.#links.values()) link.close('Gatehouse is stopping.')
    this.#links.clear()
  }

  async #run({ as, signal }: OwnCall, server: KnownServer, method: string, params: string): Promise<CallOutcome> {
    const { link, waiting } = this.#linkFor(as, server)
    const id = randomUUID()
    const began = performance.now()
    const gone = new HubError('call/cancelled', 'The call was cancelled.')
    if (signal?.aborted) throw gone
    const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"${id}"}}`
    let stop = () => {}
    try {
      const answer = await new Promise<string>((resolve, reject) => {
        waiting.set(`"${id}"`, resolve)
        stop = () => {
          link.receive(cancel)
          reject(gone)
        }
        signal?.addEventListener('abort', stop, { once: true })
        // Spaces or line ends in the arguments do not matter: this never goes over a line.
        link.receive(`{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params}}`)
      })
      return this.#outcome(id, answer, performance.now() - began)
    } finally {
      waiting.delete(`"${id}"`)
      signal?.removeEventListener('abort', stop)
    }
  }

  #outcome(id: string, answer: string, ms: number): CallOutcome {
    const top = members(answer)
    const body = top.findLast(m => m.key === 'result') ?? top.findLast(m => m.key === 'error')
    const said = outcomeOf(answer)
    return {
      correlation: id,
      kind: said === 'ok' ? 'result' : said === 'tool-error' ? 'tool-error' : 'protocol-error',
      result: this.#redact(body ? answer.slice(body.start, body.end) : answer),
      durationMs: Math.round(ms * 10) / 10,
    }
  }

  #linkFor(as: OwnCall['as'], server: KnownServer): OwnLink {
    const key = `${as} ${server.id}`
    let own = this.#links.get(key)
    if (!own) {
      const waiting = new Map<string, (answer: string) => void>()
      const send = (text: string) => {
        const id = members(text).find(m => m.key === 'id')
        if (id) waiting.get(text.slice(id.start, id.end))?.(text)
      }
      own = { link: new GatewayLink(this.#house, { client: as, title: TITLES[as], server, send, kind: as }), waiting }
      this.#links.set(key, own)
    }
    return own
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
