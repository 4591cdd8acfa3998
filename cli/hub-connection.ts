// The hub's own procedures over its socket: oRPC frames, one a line.
import type { Socket } from 'node:net'
import { createORPCClient, ORPCError } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../contract/index.ts'
import { Problem } from '../contract/procedure.ts'
import { CommandError } from './command.ts'
import { dial } from './dial.ts'
import { Lines } from './lines.ts'

export interface HubConnection {
  call: ContractRouterClient<typeof contract>
  /** Resolves when the hub has closed the connection. */
  closed: Promise<void>
  close(): void
}

/** Null when no hub runs on that folder. */
export async function connectHub(data: string): Promise<HubConnection | null> {
  const dialled = await dial(data, { role: 'cli' })
  if (dialled.kind === 'none') return null
  if (dialled.kind === 'refused') throw new CommandError(dialled.problem.message, dialled.problem.hint)
  const { socket } = dialled
  return {
    call: createORPCClient(new RPCLink({ websocket: asWebSocket(socket) })),
    closed: new Promise(resolve => socket.once('close', () => resolve())),
    close: () => socket.destroy(),
  }
}

type Listener = (event: { data: string }) => void
type WebSocketLike = Pick<WebSocket, 'addEventListener' | 'removeEventListener' | 'send' | 'readyState'>

/** The socket in the shape of what oRPC's link takes: each line a message. */
function asWebSocket(socket: Socket): WebSocketLike {
  const OPEN = 1
  const CLOSED = 3
  const listeners = { message: new Set<Listener>(), close: new Set<Listener>(), open: new Set<Listener>() }
  const of = (kind: string) => listeners[kind as keyof typeof listeners]
  const lines = new Lines()
  socket.on('data', chunk => {
    for (const line of lines.push(chunk)) for (const listener of listeners.message) listener({ data: line.toString() })
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const listener of listeners.close) listener({ data: '' })
  })
  socket.resume()
  const like = {
    get readyState() {
      return socket.writable ? OPEN : CLOSED
    },
    addEventListener: (kind: string, listener: Listener) => void of(kind)?.add(listener),
    removeEventListener: (kind: string, listener: Listener) => void of(kind)?.delete(listener),
    send: (data: string) => void socket.write(`${data}\n`),
  }
  return like as WebSocketLike
}

/** What a call threw, as one line for people. */
export function asCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  if (error instanceof ORPCError) {
    const problem = Problem.safeParse(error.data)
    if (problem.success) return new CommandError(problem.data.message, problem.data.hint)
    return new CommandError(`The hub refused: ${error.message}.`, inputHint(error.data))
  }
  return new CommandError(error instanceof Error ? error.message : String(error))
}

/** Which part of the input the contract does not take. */
function inputHint(data: unknown): string | undefined {
  const issues = (data as { issues?: { path?: unknown[]; message?: string }[] } | undefined)?.issues
  return issues?.map(issue => `${issue.path?.join('.') ?? ''}: ${issue.message ?? ''}`).join('; ')
}
