// The opt-in where there is no keychain: every entry in one file, encrypted with a key from a passphrase.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  type ScryptOptions,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { HubError } from '../error.ts'

/** 128 MB and some tenths of a second for each try. Fixed: a file cannot ask for less. */
const COST: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
const KEY_BYTES = 32
const LEAST_CHARS = 12

/** `check` tells a wrong passphrase from a damaged file. */
const Stored = z.object({
  version: z.literal(1),
  salt: z.base64(),
  check: z.base64(),
  iv: z.base64(),
  tag: z.base64(),
  body: z.base64(),
})
const Entries = z.record(z.string(), z.string())

export function placeOfFile(folder: string): string {
  return join(folder, 'secrets.enc')
}

export function hasFile(folder: string): boolean {
  return existsSync(placeOfFile(folder))
}

interface Key {
  salt: Buffer
  cipher: Buffer
  check: Buffer
}

/** Answers like the keychain, so that nobody else knows which of the two it is. */
export class SecretFile {
  readonly #path: string
  readonly #id: string
  #key: Key
  #entries: Map<string, string>

  private constructor(path: string, id: string, key: Key, entries: Map<string, string>) {
    this.#path = path
    this.#id = id
    this.#key = key
    this.#entries = entries
  }

  static async create(o: { folder: string; id: string; passphrase: string }): Promise<SecretFile> {
    mustBeLong(o.passphrase)
    const path = placeOfFile(o.folder)
    if (existsSync(path))
      throw new HubError('vault/file-exists', 'There is an encrypted file already.', { hint: 'Unlock it instead.' })
    const file = new SecretFile(path, o.id, await keyOf(o.passphrase, randomBytes(16)), new Map())
    file.#write(file.#entries, file.#key)
    return file
  }

  static async open(o: { folder: string; id: string; passphrase: string }): Promise<SecretFile> {
    const path = placeOfFile(o.folder)
    const stored = readStored(path)
    const key = await keyOf(o.passphrase, Buffer.from(stored.salt, 'base64'))
    const check = Buffer.from(stored.check, 'base64')
    if (check.length !== key.check.length || !timingSafeEqual(check, key.check))
      throw new HubError('vault/wrong-passphrase', 'That is not the passphrase of the encrypted file.', {
        hint: 'Try again. Without it nobody can read the file, Gatehouse neither.',
      })
    try {
      const cipher = createDecipheriv('aes-256-gcm', key.cipher, Buffer.from(stored.iv, 'base64'), {
        authTagLength: 16,
      })
      cipher.setAAD(boundTo(o.id, key)).setAuthTag(Buffer.from(stored.tag, 'base64'))
      const text = Buffer.concat([cipher.update(Buffer.from(stored.body, 'base64')), cipher.final()]).toString()
      return new SecretFile(path, o.id, key, new Map(Object.entries(Entries.parse(JSON.parse(text)))))
    } catch (cause) {
      throw damaged(path, cause)
    }
  }

  async get(account: string): Promise<string | null> {
    return this.#entries.get(account) ?? null
  }

  async set(account: string, value: string): Promise<void> {
    this.#replace(new Map(this.#entries).set(account, value))
  }

  async remove(account: string): Promise<void> {
    const next = new Map(this.#entries)
    if (next.delete(account)) this.#replace(next)
  }

  entries(): [string, string][] {
    return [...this.#entries]
  }

  async changePassphrase(before: string, after: string): Promise<void> {
    mustBeLong(after)
    const { check } = await keyOf(before, this.#key.salt)
    if (!timingSafeEqual(check, this.#key.check))
      throw new HubError('vault/wrong-passphrase', 'That is not the passphrase of the encrypted file.')
    const key = await keyOf(after, randomBytes(16))
    this.#write(this.#entries, key)
    this.#key = key
  }

  erase(): void {
    rmSync(this.#path, { force: true })
  }

  async close(): Promise<void> {}

  /** What is not on disk does not count. */
  #replace(next: Map<string, string>): void {
    this.#write(next, this.#key)
    this.#entries = next
  }

  // Beside it, to the disk, then over it: who dies in between leaves the old file whole.
  #write(entries: Map<string, string>, key: Key): void {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key.cipher, iv).setAAD(boundTo(this.#id, key))
    const body = Buffer.concat([cipher.update(JSON.stringify(Object.fromEntries(entries))), cipher.final()])
    const fields = { salt: key.salt, check: key.check, iv, tag: cipher.getAuthTag(), body }
    const texts = Object.entries(fields).map(([name, bytes]) => [name, bytes.toString('base64')])
    const next = `${this.#path}.new`
    try {
      rmSync(next, { force: true })
      writeWhole(next, JSON.stringify({ version: 1, ...Object.fromEntries(texts) }))
      renameSync(next, this.#path)
      syncFolder(dirname(this.#path))
    } catch (cause) {
      throw new HubError('vault/not-written', 'The encrypted file cannot be written.', {
        hint: 'Free some disk space and look at the data folder.',
        cause,
      })
    }
  }
}

function mustBeLong(passphrase: string): void {
  if ([...passphrase].length >= LEAST_CHARS) return
  throw new HubError('vault/short-passphrase', `A passphrase has at least ${LEAST_CHARS} characters.`, {
    hint: 'Four or five words that do not belong together are good.',
  })
}

function keyOf(passphrase: string, salt: Buffer): Promise<Key> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES * 2, COST, (error, bytes) => {
      if (error) return reject(error)
      const check = createHash('sha256').update('check').update(bytes.subarray(KEY_BYTES)).digest()
      resolve({ salt, cipher: bytes.subarray(0, KEY_BYTES), check })
    }),
  )
}

function boundTo(id: string, { salt, check }: Key): Buffer {
  return Buffer.concat([Buffer.from(`gatehouse 1 ${id} `), salt, check])
}

function readStored(path: string): z.infer<typeof Stored> {
  try {
    return Stored.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw damaged(path, cause)
  }
}

function damaged(path: string, cause: unknown): HubError {
  return new HubError('vault/damaged', `${path} is damaged or belongs to another data folder.`, {
    hint: 'Put it back from a backup, or move it away: then agree to servers and set credentials anew.',
    cause,
  })
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
