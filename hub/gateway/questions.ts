// Requests of servers that wait for one client's answer: ids and progress tokens are exchanged, everything else stays.
import { isToken, memberAt, splice } from '../../contract/wire.ts'
import type { Upstream } from '../supervisor/upstream.ts'
import { errorFrame, INTERNAL_ERROR } from './frame.ts'

interface Open {
  upstream: Upstream
  /** The server's own id and token, as it wrote them. */
  id: string
  token: string | null
  settle: (answer: string) => void
}

export class Questions {
  readonly #open = new Map<string, Open>()
  #last = 0

  /** Gives the frame to send, and the answer once it comes. */
  ask(upstream: Upstream, text: string): { text: string; answer: Promise<string> } {
    const ours = `"gatehouse-${++this.#last}"`
    const id = memberAt(text, ['id'])!
    const said = memberAt(text, ['params', '_meta', 'progressToken'])
    const token = said && isToken(text, said) ? said : undefined
    const sent = splice(
      text,
      [id, ...(token ? [token] : [])].map(m => ({ ...m, text: ours })),
    )
    const source = text.slice(id.start, id.end)
    const answer = new Promise<string>(settle => {
      this.#open.set(ours, { upstream, id: source, token: token ? text.slice(token.start, token.end) : null, settle })
    })
    return { text: sent, answer }
  }

  /** An answer of the client; false when nothing was asked under this id. */
  answered(id: string, text: string): boolean {
    const open = this.#open.get(id)
    this.#open.delete(id)
    open?.settle(text)
    return open !== undefined
  }

  /** Progress of the client on a server's question, with the server's token put back; null when it is nobody's. */
  progressOf(text: string): { upstream: Upstream; text: string } | null {
    const token = memberAt(text, ['params', 'progressToken'])
    const open = token && this.#open.get(text.slice(token.start, token.end))
    if (!open?.token) return null
    return { upstream: open.upstream, text: splice(text, [{ ...token!, text: open.token }]) }
  }

  /** The server takes its question back; gives the frame that tells the client. */
  takeBack(upstream: Upstream, id: string, text: string): string | null {
    for (const [ours, open] of this.#open) {
      if (open.upstream !== upstream || open.id !== id) continue
      this.#open.delete(ours)
      open.settle(errorFrame('0', INTERNAL_ERROR, 'Taken back.'))
      return splice(text, [{ ...memberAt(text, ['params', 'requestId'])!, text: ours }])
    }
    return null
  }

  close(why: string): void {
    for (const open of this.#open.values()) open.settle(errorFrame('0', INTERNAL_ERROR, why))
    this.#open.clear()
  }
}
