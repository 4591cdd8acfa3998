// A paired window without a browser: the same handshake and the same frames, for tests that need its rights but not its looks.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { WebSocket } from 'ws'
import { type Challenge, PROTOCOL, proofText, type Verdict } from '../contract/hello.ts'
import type { contract } from '../contract/index.ts'

export interface Key {
  window?: string
  publicKey: string
  privateKey: KeyObject
}

export interface WindowClient {
  verdict: Verdict
  key: Key
  call: ContractRouterClient<typeof contract>
  close(): void
}

export function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'), privateKey }
}

/** Pairs by a link (`http://…/#pair=CODE`), or comes back with a key that was paired before. */
export async function openWindow(link: string, options: { pin?: string; key?: Key } = {}): Promise<WindowClient> {
  const { origin, host, hash } = new URL(link)
  const key = options.key ?? newKey()
  const ws = new WebSocket(`ws://${host}/hub`, { origin })
  const frames: string[] = []
  let wake: (() => void) | undefined
  const hear = (data: unknown) => {
    frames.push(String(data))
    wake?.()
  }
  ws.on('message', hear)
  ws.on('close', () => wake?.())
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
  const next = async <T>(): Promise<T> => {
    while (frames.length === 0) {
      if (ws.readyState >= ws.CLOSING) throw new Error('The hub closed the connection.')
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    return JSON.parse(frames.shift()!)
  }
  ws.send(JSON.stringify({ protocol: PROTOCOL, version: 'test', role: 'window' }))
  await next()
  const challenge = await next<Challenge>()
  const signature = sign('sha256', Buffer.from(proofText(challenge)), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url')
  const pair = {
    kind: 'pair',
    code: hash.slice('#pair='.length),
    publicKey: key.publicKey,
    name: 'test',
    signature,
    ...(options.pin ? { pin: options.pin } : {}),
  }
  ws.send(JSON.stringify(key.window ? { kind: 'key', window: key.window, signature } : pair))
  const verdict = await next<Verdict>()
  ws.off('message', hear)
  if (verdict.kind === 'accepted') key.window = verdict.window
  // A hub that refuses may ask for another proof: those frames are none of oRPC's.
  const call = verdict.kind === 'accepted' ? new RPCLink({ websocket: ws as unknown as globalThis.WebSocket }) : refused
  return { verdict, key, call: createORPCClient(call), close: () => ws.close() }
}

const refused = { call: () => Promise.reject(new Error('This window was not let in.')) }
