// Every key Gatehouse needs, derived from one seed that the keychain keeps.
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { KeychainError } from './keychain.ts'

export type Mode = 'person' | 'unattended'

/** What the keychain entry holds. The mode lies here so that no edited file can change it. */
export const Root = z.object({ version: z.literal(1), mode: z.enum(['person', 'unattended']), seed: z.base64() })
export type Root = z.infer<typeof Root>

export function newRoot(mode: Mode): Root {
  return { version: 1, mode, seed: randomBytes(32).toString('base64') }
}

export interface Keys {
  seal: Buffer
  backup: Buffer
  privateKey: KeyObject
  publicKey: KeyObject
}

export function deriveKeys(root: Root): Keys {
  const seed = Buffer.from(root.seed, 'base64')
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', seed, 'gatehouse', purpose, 32))
  // RFC 8410: an Ed25519 private key in PKCS #8 is this prefix and 32 bytes.
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), derive('sign')])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { seal: derive('seal'), backup: derive('backup'), privateKey, publicKey: createPublicKey(privateKey) }
}

/** Of what the keychain keeps; an entry that cannot be read gives no keys. */
export function readRoot(text: string): Root {
  try {
    return Root.parse(JSON.parse(text))
  } catch {
    throw new KeychainError('denied', 'the entry of this data folder is damaged; remove it and agree to servers anew')
  }
}
