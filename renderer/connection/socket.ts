// The wire to the hub: a WebSocket in a browser, or a MessagePort the Electron shell hands over, seen as one shape.
import { shell } from './shell.ts'

/** What both wires can do; oRPC's link asks for no more. */
export type Wire = Pick<WebSocket, 'addEventListener' | 'removeEventListener' | 'send' | 'readyState'> & {
  close(): void
}

/** The hub's address as seen from this page. */
export function openWebSocket(): WebSocket {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/hub`)
  socket.binaryType = 'arraybuffer'
  return socket
}

/** A MessagePort that carries the same frames. The shell closes it when the hub is gone. */
export class PortWire extends EventTarget {
  readyState: WebSocket['readyState'] = WebSocket.OPEN
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    super()
    this.#port = port
    port.addEventListener('message', event => this.dispatchEvent(new MessageEvent('message', { data: event.data })))
    port.addEventListener('close', () => this.#ended())
    port.start()
  }

  send(frame: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    this.#port.postMessage(frame)
  }

  close(): void {
    this.#port.close()
    this.#ended()
  }

  #ended(): void {
    if (this.readyState === WebSocket.CLOSED) return
    this.readyState = WebSocket.CLOSED
    this.dispatchEvent(new Event('close'))
  }
}

/** Whether the Electron shell carries our frames; then it also did the handshake, and tells of new calls. */
export const inShell = shell !== undefined
