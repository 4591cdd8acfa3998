// The handle by which a client comes back to a call that waits for its answer: made and signed here, good for one client,
// one request and a short while.
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { BAD_PARAMS, type ClientFrame } from './frame.ts'
import { RpcError } from './route.ts'

const PREFIX = 'gatehouse.'
const KEY = randomBytes(32)

export interface Handle {
  id: string
  client: string
  /** Of method, name and arguments. */
  digest: string
  /** Epoch ms. */
  until: number
}

export function mintState(handle: Handle): string {
  const body = Buffer.from(JSON.stringify(handle)).toString('base64url')
  return `${PREFIX}${body}.${sign(body)}`
}

/** Null: this request brings no handle of ours. Throws RpcError when it does, and it is not good for this request. */
export function readState(frame: ClientFrame, client: string): Handle | null {
  const state = frame.value.requestState
  if (typeof state !== 'string' || !state.startsWith(PREFIX)) return null
  const [body = '', mac = ''] = state.slice(PREFIX.length).split('.')
  const right = Buffer.from(sign(body))
  const given = Buffer.from(mac)
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw bad('was changed')
  const handle = JSON.parse(Buffer.from(body, 'base64url').toString()) as Handle
  if (handle.client !== client) throw bad('belongs to another client')
  if (handle.digest !== requestDigest(frame)) throw bad('belongs to another request')
  if (handle.until < Date.now()) throw bad('is too old')
  return handle
}

/** What every round of one call has in common. */
export function requestDigest({ method, text, fields, value }: ClientFrame): string {
  const given = fields.find(m => m.key === 'arguments')
  const what = [method, value.name ?? null, value.uri ?? null, given ? text.slice(given.start, given.end) : null]
  return hash('sha256', JSON.stringify(what), 'base64url')
}

function sign(body: string): string {
  return createHmac('sha256', KEY).update(body).digest('base64url')
}

function bad(why: string): RpcError {
  return new RpcError(BAD_PARAMS, `This requestState ${why}. Begin the request anew without it.`)
}
