// The Electron shell, as its preload shows it: it makes the handshake, hands over a port, and says why there is none.
import { z } from 'zod'
import { Problem } from '../../contract/procedure.ts'

interface Shell {
  call(name: 'ready' | 'try-now' | 'pin', value?: unknown): void
  on(name: 'entry', listener: (news: unknown) => void): () => void
}

/** Undefined in a browser. */
export const shell = (globalThis as { gatehouse?: Shell }).gatehouse

/** Why there is no port yet. */
export const EntryNews = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pin-needed'), problem: Problem.nullable() }),
  z.object({ kind: z.literal('refused'), problem: Problem }),
  z.object({ kind: z.literal('gone'), problem: Problem.nullable(), tryAt: z.number() }),
])
export type EntryNews = z.infer<typeof EntryNews>

/** Ports come as messages of the page to itself, since they cannot cross the bridge. */
export function listenForPorts(onPort: (port: MessagePort, firstPairing: boolean) => void): void {
  window.addEventListener('message', event => {
    const port = event.ports[0]
    if (event.source !== window || event.origin !== location.origin || event.data?.type !== 'gatehouse/port' || !port)
      return
    onPort(port, event.data.firstPairing === true)
  })
}
