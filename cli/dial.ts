// Connects to the hub's socket and says who we are. What comes after the hub's first line is left to the caller.
import { connect, type Socket } from 'node:net'
import { type Hello, PROTOCOL, Welcome } from '../contract/hello.ts'
import type { Problem } from '../contract/procedure.ts'
import { readHubFile } from './hub-file.ts'
import { VERSION } from './version.ts'

const MAX_WELCOME_BYTES = 64 * 1024

/** `none`: no hub is there. `refused`: it does not take us, in its words. */
export type Dialled =
  | { kind: 'connected'; socket: Socket; version: string }
  | { kind: 'none' }
  | { kind: 'refused'; problem: Problem }

/** Once. `hello` lacks only what is the same for all; the command line's token is read from hub.json. */
export async function dial(
  data: string,
  hello: Omit<Hello, 'protocol' | 'version'>,
  deadlineMs = 5_000,
): Promise<Dialled> {
  const file = readHubFile(data)
  if (!file) return { kind: 'none' }
  const socket = connect(file.socket)
  const late = setTimeout(() => socket.destroy(new Error('The hub does not answer.')), deadlineMs)
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const token = hello.role === 'cli' ? file.token : hello.token
    socket.write(`${JSON.stringify({ ...hello, protocol: PROTOCOL, version: VERSION, ...(token ? { token } : {}) })}\n`)
    const welcome = Welcome.parse(JSON.parse(await firstLine(socket)))
    if (!('problem' in welcome)) return { kind: 'connected', socket, version: welcome.version }
    socket.destroy()
    return { kind: 'refused', problem: welcome.problem }
  } catch {
    socket.destroy()
    return { kind: 'none' }
  } finally {
    clearTimeout(late)
  }
}

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let kept = Buffer.alloc(0)
    const done = (act: () => void) => {
      socket.off('data', take).off('error', fail).off('close', fail)
      socket.pause()
      act()
    }
    const fail = () => done(() => reject(new Error('The hub closed the connection.')))
    const take = (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk])
      const end = kept.indexOf(10)
      if (end < 0 && kept.length < MAX_WELCOME_BYTES) return
      done(() => {
        if (end < 0) return reject(new Error('That is not a hub.'))
        if (end + 1 < kept.length) socket.unshift(kept.subarray(end + 1))
        resolve(kept.subarray(0, end).toString())
      })
    }
    socket.on('data', take).once('error', fail).once('close', fail)
  })
}
