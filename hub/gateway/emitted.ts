// Which server said which URI last, so that one which several offer is read where the client has it from.
import type { Target } from './route.ts'

const MOST = 1_000
const LONGEST_ANSWER = 1_000_000
const URI = /"uri"\s*:\s*"([^"\\]{1,2000})"/g

export class EmittedLinks {
  readonly #server = new Map<string, string>()

  /** An answer of the server, and what the tool's own definition says of its page. */
  note({ server, entry }: Target, answer: string): void {
    const page = entry && pageOf(entry.definition)
    if (page) this.#keep(page, server.id)
    if (answer.length > LONGEST_ANSWER || !answer.includes('"uri"')) return
    let left = MOST
    for (const [, uri] of answer.matchAll(URI)) if (left-- > 0) this.#keep(uri!, server.id)
  }

  /** The id of the server that said it last. */
  of(uri: string): string | undefined {
    return this.#server.get(uri)
  }

  #keep(uri: string, server: string): void {
    this.#server.delete(uri)
    this.#server.set(uri, server)
    if (this.#server.size > MOST) this.#server.delete(this.#server.keys().next().value!)
  }
}

/** https://github.com/modelcontextprotocol/ext-apps: the page a tool's result is shown on. */
function pageOf(definition: object): string | undefined {
  const { _meta: meta } = definition as { _meta?: { ui?: { resourceUri?: unknown }; 'ui/resourceUri'?: unknown } }
  const page = meta?.ui?.resourceUri ?? meta?.['ui/resourceUri']
  return typeof page === 'string' ? page : undefined
}
