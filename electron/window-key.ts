// The shell's own window key, one per data folder, encrypted with the system's keychain through Electron's safeStorage.
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Challenge, proofText } from '../contract/hello.ts'

/** What is needed of safeStorage. */
export interface SafeStorage {
  isAsyncEncryptionAvailable(): Promise<boolean>
  encryptStringAsync(text: string): Promise<Buffer>
  decryptStringAsync(encrypted: Buffer): Promise<{ result: string }>
  /** Linux: `basic_text` means a password that everybody knows. */
  getSelectedStorageBackend?(): string
}

const Kept = z.object({ window: z.string(), key: z.string() })

export interface WindowKey {
  /** The name the hub gave this window; null until it is paired. */
  window: string | null
  publicKey: string
  sign(challenge: Challenge): string
}

/** Keys by data folder. Where nothing is encrypted for real they live as long as this process. */
export class WindowKeys {
  readonly #folder: string
  readonly #storage: SafeStorage
  readonly #memory = new Map<string, WindowKey>()

  constructor(folder: string, storage: SafeStorage) {
    this.#folder = folder
    this.#storage = storage
  }

  /** The key that this data folder knows, or undefined. */
  async kept(instance: string): Promise<WindowKey | undefined> {
    const known = this.#memory.get(instance)
    if (known || !(await this.#canEncrypt())) return known
    try {
      const { result } = await this.#storage.decryptStringAsync(readFileSync(this.#path(instance)))
      const { window, key } = Kept.parse(JSON.parse(result))
      const privateKey = createPrivateKey({ key: Buffer.from(key, 'base64url'), format: 'der', type: 'pkcs8' })
      return asWindowKey(window, privateKey)
    } catch {
      return undefined
    }
  }

  /** A fresh key; `keep` remembers it under the name it was paired by. */
  make(instance: string): { key: WindowKey; keep: (window: string) => Promise<void> } {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const keep = async (window: string) => {
      this.#memory.set(instance, asWindowKey(window, privateKey))
      if (!(await this.#canEncrypt())) return
      const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url')
      this.#write(instance, await this.#storage.encryptStringAsync(JSON.stringify({ window, key })))
    }
    return { key: asWindowKey(null, privateKey), keep }
  }

  /** The hub knows this key no more. */
  forget(instance: string): void {
    this.#memory.delete(instance)
    rmSync(this.#path(instance), { force: true })
  }

  async #canEncrypt(): Promise<boolean> {
    if (this.#storage.getSelectedStorageBackend?.() === 'basic_text') return false
    return this.#storage.isAsyncEncryptionAvailable().catch(() => false)
  }

  #write(instance: string, bytes: Buffer): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const path = this.#path(instance)
    writeFileSync(`${path}.new`, bytes, { mode: 0o600 })
    chmodSync(`${path}.new`, 0o600)
    renameSync(`${path}.new`, path)
  }

  #path(instance: string): string {
    return join(this.#folder, `window-key-${instance.replace(/[^\w-]/g, '_')}`)
  }
}

function asWindowKey(window: string | null, privateKey: KeyObject): WindowKey {
  const jwk = privateKey.export({ format: 'jwk' })
  return {
    window,
    publicKey: spki(jwk.x!, jwk.y!),
    sign: challenge =>
      sign('sha256', Buffer.from(proofText(challenge)), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString(
        'base64url',
      ),
  }
}

// The fixed head of a P-256 public key in SPKI, then the point.
function spki(x: string, y: string): string {
  const head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
  return Buffer.concat([head, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('base64url')
}
