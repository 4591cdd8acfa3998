// A two-way line of text frames, whatever carries it: the local socket or a WebSocket. oRPC and the handshake sit on it.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { inOneLine } from '../../contract/wire.ts'
import { LineReader } from '../gateway/frame.ts'
import { writeLine } from '../one-write.ts'

/** In the place of bytes that are no text: no parser takes it for a frame. */
const NOT_TEXT = '\ufffd'

/** Text frames both ways. Exactly one listener takes the frames; it can be replaced (handshake, then calls). */
export interface Channel {
  send(text: string): Promise<void>
  listen(onText: (text: string) => void): void
  onClose(listener: () => void): void
  close(): void
}

/** What the other side may take to go once it was told to; nothing it says meanwhile is heard. */
const CLOSE_MS = 1_000

/** Newline-delimited frames over the local socket. A frame too long ends the connection. */
export function socketChannel(socket: Socket): Channel {
  const waiting: string[] = []
  let take: ((text: string) => void) | undefined
  let closing = false
  const heard = (line: string) => {
    if (closing) return
    if (take) take(line)
    else waiting.push(line)
  }
  const reader = new LineReader({
    onLine: heard,
    // Refused like any line that is no frame: the calls around it are not its fault.
    onProblem: ({ code }) => (code === 'line/not-utf8' ? heard(NOT_TEXT) : socket.destroy()),
  })
  socket.on('data', chunk => reader.push(chunk))
  socket.on('error', () => socket.destroy())
  return {
    send: text =>
      new Promise(resolve => (socket.writable ? writeLine(socket, inOneLine(text), () => resolve()) : resolve())),
    listen(onText) {
      take = onText
      for (const line of waiting.splice(0)) onText(line)
    },
    onClose: listener => void socket.on('close', listener),
    close() {
      closing = true
      socket.end()
      setTimeout(() => socket.destroy(), CLOSE_MS).unref()
    },
  }
}

/** Text messages over a WebSocket; binary ones end the connection. */
export function webSocketChannel(ws: WebSocket): Channel {
  const waiting: string[] = []
  let take: ((text: string) => void) | undefined
  let closing = false
  ws.on('message', (data, isBinary) => {
    if (closing) return
    if (isBinary) return ws.close(1003, 'text only')
    const text = String(data)
    if (take) take(text)
    else waiting.push(text)
  })
  ws.on('error', () => ws.terminate())
  return {
    send: text => new Promise(resolve => (ws.readyState === ws.OPEN ? ws.send(text, () => resolve()) : resolve())),
    listen(onText) {
      take = onText
      for (const text of waiting.splice(0)) onText(text)
    },
    onClose: listener => void ws.on('close', listener),
    close() {
      closing = true
      ws.close()
      setTimeout(() => ws.terminate(), CLOSE_MS).unref()
    },
  }
}

/** A channel in the shape that oRPC's WebSocket adapter answers through; what comes in is handed to it by who listens. */
export function asWebSocket(channel: Channel): Pick<globalThis.WebSocket, 'addEventListener' | 'send'> {
  return { addEventListener: () => {}, send: data => void channel.send(String(data)) }
}
