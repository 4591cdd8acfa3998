// Bytes of a client's file as we keep them: encrypted with the vault's key, and good for the one place they came from.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const MAGIC = Buffer.from('GHB1')
const IV_BYTES = 12
const TAG_BYTES = 16

export function locked(bytes: Buffer, key: Buffer, from: string): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(from))
  const body = Buffer.concat([cipher.update(bytes), cipher.final()])
  return Buffer.concat([MAGIC, iv, cipher.getAuthTag(), body])
}

/** Throws where they were changed, or come from elsewhere. */
export function unlocked(stored: Buffer, key: Buffer, from: string): Buffer {
  const ivAt = MAGIC.length
  const tagAt = ivAt + IV_BYTES
  const bodyAt = tagAt + TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(ivAt, tagAt), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(from)).setAuthTag(stored.subarray(tagAt, bodyAt))
  return Buffer.concat([decipher.update(stored.subarray(bodyAt)), decipher.final()])
}
