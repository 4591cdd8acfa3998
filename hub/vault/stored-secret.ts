// One secret as keychain entries: Windows takes 2,560 bytes an entry, so long values are split over numbered ones.

import { randomBytes } from 'node:crypto'
import { HubError } from '../error.ts'

/** The keychain, or the encrypted file in its place. */
export interface EntryStore {
  get(account: string): Promise<string | null>
  set(account: string, value: string): Promise<void>
  remove(account: string): Promise<void>
}

const PART_BYTES = 1_000

/** `v1 <parts> <generation>` and the first part; the rest lies in entries of that generation. */
const HEAD = /^v1 (\d{1,4}) ([0-9a-f]{8})\n([\s\S]*)$/

/** The head is written last and the old parts removed after it, so a hub that dies between leaves the old value whole. */
export async function writeSecret(keychain: EntryStore, name: string, value: string): Promise<void> {
  const before = headOf(await keychain.get(`secret/${name}`))
  const parts = split(value)
  const generation = randomBytes(4).toString('hex')
  for (let n = 1; n < parts.length; n++) await keychain.set(partName(name, generation, n), parts[n]!)
  await keychain.set(`secret/${name}`, `v1 ${parts.length} ${generation}\n${parts[0]}`)
  if (before) await removeParts(keychain, name, before)
}

/** Null when it is not there, or not whole. */
export async function readSecret(keychain: EntryStore, name: string): Promise<string | null> {
  const head = headOf(await keychain.get(`secret/${name}`))
  if (!head) return null
  let value = head.first
  for (let n = 1; n < head.parts; n++) {
    const part = await keychain.get(partName(name, head.generation, n))
    if (part === null) return null
    value += part
  }
  return value
}

export async function removeSecret(keychain: EntryStore, name: string): Promise<void> {
  const head = headOf(await keychain.get(`secret/${name}`))
  await keychain.remove(`secret/${name}`)
  if (head) await removeParts(keychain, name, head)
}

interface Head {
  parts: number
  generation: string
  first: string
}

function headOf(text: string | null): Head | null {
  const match = text === null ? null : HEAD.exec(text)
  return match ? { parts: Number(match[1]), generation: match[2]!, first: match[3]! } : null
}

async function removeParts(keychain: EntryStore, name: string, head: Head): Promise<void> {
  for (let n = 1; n < head.parts; n++) await keychain.remove(partName(name, head.generation, n))
}

function partName(name: string, generation: string, n: number): string {
  return `secret/${name}/${generation}/${n}`
}

/** Pieces of at most 1,000 bytes, cut between characters. */
function split(value: string): string[] {
  const parts: string[] = []
  let part = ''
  let bytes = 0
  for (const char of value) {
    const size = Buffer.byteLength(char)
    if (bytes + size > PART_BYTES) {
      parts.push(part)
      part = ''
      bytes = 0
    }
    part += char
    bytes += size
  }
  return [...parts, part]
}

export function notStored(name: string): HubError {
  return new HubError('vault/not-stored', `No secret named ${name} is stored.`, {
    hint: `Set it in Credentials, or with \`gatehouse secrets set ${name}\`.`,
  })
}
