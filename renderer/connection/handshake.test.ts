import { beforeEach, expect, test } from 'vitest'
import { type Challenge, type Proof, proofText } from '../../contract/hello.ts'
import { enter } from './handshake.ts'
import type { Wire } from './socket.ts'

/** The outside world: IndexedDB, as far as one store of one database. */
function fakeIndexedDb() {
  const kept = new Map<IDBValidKey, unknown>()
  const soon = <T>(result: T) => {
    const request = { result, onsuccess: null as (() => void) | null }
    queueMicrotask(() => request.onsuccess?.())
    return request
  }
  const store = {
    get: (key: string) => soon(kept.get(key)),
    put: (value: unknown, key: string) => soon(kept.set(key, value) && undefined),
  }
  const database = { transaction: () => ({ objectStore: () => store }), close: () => {} }
  Object.assign(globalThis, { indexedDB: { open: () => soon(database) } })
  return kept
}

/** A hub that says what it is told to: one list of answers per frame of ours. */
class ScriptedHub extends EventTarget {
  readonly readyState = 1
  readonly heard: unknown[] = []
  readonly #answers: unknown[][]

  constructor(answers: unknown[][]) {
    super()
    this.#answers = answers
  }

  send(frame: unknown): void {
    this.heard.push(JSON.parse(String(frame)))
    const answers = this.#answers.shift() ?? []
    queueMicrotask(() => {
      for (const answer of answers) this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(answer) }))
    })
  }

  close(): void {
    this.dispatchEvent(new Event('close'))
  }
}

const welcome = { protocol: 1, version: '0.1.0', instance: 'folder-1' }
const challenge: Challenge = {
  nonce: 'n1',
  instance: 'folder-1',
  address: '127.0.0.1:4000',
  pinNeeded: false,
  firstPairing: false,
}
const accepted = { kind: 'accepted', window: 'win_1', firstPairing: true }
const problem = { code: 'window/x', message: 'No.' }
const asWire = (hub: ScriptedHub) => hub as unknown as Wire

let kept: Map<IDBValidKey, unknown>
beforeEach(() => {
  kept = fakeIndexedDb()
})

const bytes = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))

async function verifies(publicKey: string, proof: Proof, over: Challenge): Promise<boolean> {
  const key = await crypto.subtle.importKey('spki', bytes(publicKey), { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'verify',
  ])
  const text = new TextEncoder().encode(proofText(over))
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes(proof.signature), text)
}

test('a link pairs a new key that signed this very challenge; later the key alone is enough', async () => {
  const first = new ScriptedHub([[welcome, challenge], [accepted]])
  expect(await enter(asWire(first), '0.1.0', { code: 'c1' })).toMatchObject({ kind: 'accepted', firstPairing: true })
  const pairing = first.heard[1] as Extract<Proof, { kind: 'pair' }>
  expect(pairing).toMatchObject({ kind: 'pair', code: 'c1' })
  expect(await verifies(pairing.publicKey, pairing, challenge)).toBe(true)
  expect(await verifies(pairing.publicKey, pairing, { ...challenge, address: '127.0.0.1:5000' })).toBe(false)

  const again = { ...challenge, nonce: 'n2' }
  const second = new ScriptedHub([[welcome, again], [{ ...accepted, firstPairing: false }]])
  expect(await enter(asWire(second), '0.1.0', null)).toMatchObject({ kind: 'accepted' })
  const proof = second.heard[1] as Proof
  expect(proof).toMatchObject({ kind: 'key', window: 'win_1' })
  expect(await verifies(pairing.publicKey, proof, again)).toBe(true)
})

test('the private key cannot be taken out of the browser', async () => {
  await enter(asWire(new ScriptedHub([[welcome, challenge], [accepted]])), '0.1.0', { code: 'c1' })
  const { privateKey } = kept.get('folder-1') as { privateKey: CryptoKey }
  expect(privateKey.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow()
})

test('where a PIN is needed, the code stays here until there is one', async () => {
  const hub = new ScriptedHub([[welcome, { ...challenge, pinNeeded: true }]])
  expect(await enter(asWire(hub), '0.1.0', { code: 'c1' })).toEqual({ kind: 'pin-needed', problem: null })
  expect(JSON.stringify(hub.heard)).not.toContain('c1')
})

test('a refused pairing keeps no key', async () => {
  const hub = new ScriptedHub([[welcome, challenge], [{ kind: 'link-used', problem }]])
  expect(await enter(asWire(hub), '0.1.0', { code: 'c1' })).toEqual({ kind: 'pairing-needed', problem })
  expect(kept.size).toBe(0)
})

test('a key that was revoked gives way to the link', async () => {
  await enter(asWire(new ScriptedHub([[welcome, challenge], [accepted]])), '0.1.0', { code: 'c1' })
  const next = { ...challenge, nonce: 'n3' }
  const hub = new ScriptedHub([[welcome, challenge], [{ kind: 'unknown-key', problem }, next], [accepted]])
  expect(await enter(asWire(hub), '0.1.0', { code: 'c2' })).toMatchObject({ kind: 'accepted' })
  expect(hub.heard[2]).toMatchObject({ kind: 'pair', code: 'c2' })
})

test('a key of one data folder is not shown to another', async () => {
  await enter(asWire(new ScriptedHub([[welcome, challenge], [accepted]])), '0.1.0', { code: 'c1' })
  const other = { ...challenge, instance: 'folder-2' }
  const hub = new ScriptedHub([[{ ...welcome, instance: 'folder-2' }, other]])
  expect(await enter(asWire(hub), '0.1.0', null)).toEqual({ kind: 'pairing-needed', problem: null })
  expect(hub.heard).toHaveLength(1)
})

test('a hub that hangs up is an error, not a wait for ever', async () => {
  const hub = new ScriptedHub([[]])
  const entering = enter(asWire(hub), '0.1.0', null)
  hub.close()
  await expect(entering).rejects.toThrow('closed the connection')
})

test('a challenge for another address is not signed, neither with a kept key nor to pair one', async () => {
  await enter(asWire(new ScriptedHub([[welcome, challenge], [accepted]])), '0.1.0', { code: 'c1' })
  for (const invitation of [null, { code: 'c2' }]) {
    const hub = new ScriptedHub([[welcome, challenge]])
    expect(await enter(asWire(hub), '0.1.0', invitation, '127.0.0.1:9')).toMatchObject({
      kind: 'refused',
      problem: { code: 'window/elsewhere' },
    })
    expect(hub.heard).toHaveLength(1)
  }
})
