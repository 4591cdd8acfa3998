// Carries frames, unread, between the hub's line and the port that the window holds.
import type { Line } from './line.ts'

/** What is used of Electron's MessagePortMain. */
export interface Port {
  postMessage(message: string): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** Either end's close closes the other. */
export function carry(line: Line, port: Port): void {
  port.on('message', ({ data }) => {
    if (typeof data === 'string') line.send(data)
  })
  port.on('close', () => line.close())
  void line.closed.then(() => port.close())
  line.listen(frame => port.postMessage(frame))
  port.start()
}
