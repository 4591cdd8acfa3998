// The hub's local socket: a name short enough for every system, in a folder only this user may enter.
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { HubError } from '../error.ts'

/** sun_path holds 104 bytes on macOS, 108 on Linux. */
const MAX_PATH_BYTES = 99

/** Where the socket of a data folder lies. On Windows a pipe with a random name, to be read from hub.json. */
export function socketPath(folder: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\gatehouse-${randomBytes(16).toString('hex')}`
  const inside = join(folder, 'hub.sock')
  if (Buffer.byteLength(inside) <= MAX_PATH_BYTES) return inside
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(shortFolder(), `${name}.sock`)
}

function shortFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR
  const base =
    runtime && Buffer.byteLength(runtime) < 60
      ? join(runtime, 'gatehouse')
      : join(tmpdir().length < 40 ? tmpdir() : '/tmp', `gatehouse-${userInfo().uid}`)
  mkdirSync(base, { recursive: true, mode: 0o700 })
  const stat = statSync(base)
  if (stat.uid !== userInfo().uid || (stat.mode & 0o077) !== 0) {
    throw new HubError('socket/folder', `${base} is open to others.`, {
      hint: `Remove it, or make it yours alone: chmod 700 ${base}`,
    })
  }
  return base
}

/** Listens for the owner of the folder's lock; a file a dead hub left there is removed first. */
export async function openSocket(
  path: string,
  onSocket: (socket: Socket) => void,
): Promise<{ close(): Promise<void> }> {
  if (process.platform !== 'win32') rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    onSocket(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause =>
      reject(new HubError('socket/listen', `Cannot listen on ${path}: ${cause.message}.`, { cause })),
    )
    server.listen(path, resolve)
  })
  if (process.platform !== 'win32') chmodSync(path, 0o600)
  return {
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of sockets) socket.end()
      setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, 200).unref()
      await closed
    },
  }
}
