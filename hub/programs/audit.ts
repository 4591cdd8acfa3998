// `audit verify|head|export`: reads audit.db itself, hub running or not.
import type { AuditHead, Verification } from '../../contract/audit.ts'
import { GENESIS, publicKeyText } from '../audit/chain.ts'
import { exportLines } from '../audit/export.ts'
import { openForReading, readHead } from '../audit/log-file.ts'
import { verifyFiles } from '../audit/verify-files.ts'
import { HubError } from '../error.ts'
import { mustExist, runProgram, write } from './program.ts'
import { readWitness } from './witness.ts'

await runProgram(['format'], async ({ data, words: [verb], values }) => {
  mustExist(data)
  if (verb === 'verify') return verify(data)
  if (verb === 'head') return head(data)
  if (verb === 'export' && (values.format === 'csv' || values.format === 'jsonl')) return exportAll(data, values.format)
  throw new HubError('program/usage', 'Expected verify, head, or export --format jsonl|csv.')
})

async function verify(data: string): Promise<Verification> {
  // The anchor first: the file may only be newer than it.
  const { anchor, keys, why } = await readWitness(data)
  const found = verifyFiles(data, { anchor, publicKey: keys?.publicKey ?? null })
  if (found.anchored || !why) return found
  return { ...found, note: [found.note, why].filter(Boolean).join(' ') }
}

async function head(data: string): Promise<AuditHead> {
  const { keys } = await readWitness(data)
  const db = openForReading(data)
  try {
    const now = (db && readHead(db)) ?? { seq: 0, hash: GENESIS, time: 0, signature: null }
    return { ...now, publicKey: keys ? publicKeyText(keys.privateKey) : null }
  } finally {
    db?.close()
  }
}

async function exportAll(data: string, format: 'csv' | 'jsonl'): Promise<undefined> {
  for (const line of exportLines(data, format)) await write(`${line}\n`)
}
