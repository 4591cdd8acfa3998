// This window's own key: made here, kept in IndexedDB, never extractable. The hub knows its public half.
import { type Challenge, type Proof, proofText } from '../../contract/hello.ts'

interface Kept {
  window: string
  privateKey: CryptoKey
}

const STORE = 'windows'

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('gatehouse', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openDatabase()
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE))
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  } finally {
    database.close()
  }
}

/** The key this browser was paired with to one data folder, or undefined. */
export const keptKey = (instance: string): Promise<Kept | undefined> =>
  inStore('readonly', store => store.get(instance) as IDBRequest<Kept | undefined>)

/** Called once the hub accepted the key, so that a failed pairing leaves the old one in place. */
export async function keepKey(instance: string, kept: Kept): Promise<void> {
  await inStore('readwrite', store => store.put(kept, instance))
}

function base64url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

async function sign(privateKey: CryptoKey, challenge: Challenge): Promise<string> {
  const text = new TextEncoder().encode(proofText(challenge))
  return base64url(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, text))
}

export async function proveKey(kept: Kept, challenge: Challenge): Promise<Proof> {
  return { kind: 'key', window: kept.window, signature: await sign(kept.privateKey, challenge) }
}

/** A new key and the proof that pairs it. */
export async function provePairing(
  challenge: Challenge,
  code: string,
  pin: string | undefined,
): Promise<{ proof: Proof; privateKey: CryptoKey }> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const publicKey = base64url(await crypto.subtle.exportKey('spki', pair.publicKey))
  const signature = await sign(pair.privateKey, challenge)
  const proof: Proof = { kind: 'pair', code, publicKey, name: browserName(), signature, ...(pin ? { pin } : {}) }
  return { proof, privateKey: pair.privateKey }
}

/** "Firefox on Linux": what Settings lists this window as. */
function browserName(): string {
  const agent = navigator.userAgent
  const browser = /Electron/.test(agent)
    ? 'Gatehouse'
    : /Firefox/.test(agent)
      ? 'Firefox'
      : /Edg\//.test(agent)
        ? 'Edge'
        : /Chrome/.test(agent)
          ? 'Chrome'
          : /Safari/.test(agent)
            ? 'Safari'
            : 'A browser'
  const system = /Windows/.test(agent) ? 'Windows' : /Mac OS/.test(agent) ? 'macOS' : 'Linux'
  return `${browser} on ${system}`
}
