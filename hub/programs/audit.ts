// `audit verify|head|export`: reads audit.db itself, hub running or not.
import { constants, setPriority } from 'node:os'
import { type AuditHead, ExportFormat, type Verification } from '../../contract/audit.ts'
import { publicKeyText } from '../audit/chain.ts'
import { exportPieces, headOf } from '../audit/export.ts'
import { readKeptHead } from '../audit/kept-head.ts'
import { verifyExport } from '../audit/verify-export.ts'
import { verifyFiles } from '../audit/verify-files.ts'
import { HubError } from '../error.ts'
import { mustExist, runProgram, write } from './program.ts'
import { readWitness } from './witness.ts'

// Whoever only looks stands back behind calls.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
await runProgram(['format', 'file', 'head'], async ({ data, words: [verb], values }) => {
  const kept = values.head === undefined ? undefined : readKeptHead(values.head)
  if (verb === 'verify' && values.file !== undefined) return verifyExport(values.file, kept)
  mustExist(data)
  if (verb === 'verify') return verify(data, kept)
  if (verb === 'head') return head(data)
  const format = ExportFormat.safeParse(values.format)
  if (verb === 'export' && format.success) return exportAll(data, format.data)
  throw new HubError('program/usage', 'Expected verify, head, or export --format jsonl|csv|bundle.')
})

async function verify(data: string, kept: AuditHead | undefined): Promise<Verification> {
  // The anchor first: the file may only be newer than it.
  const { anchor, keys, why } = await readWitness(data)
  const found = verifyFiles(data, { anchor, publicKey: keys?.publicKey ?? null, kept })
  if (found.anchored || !why) return found
  return { ...found, note: [found.note, why].filter(Boolean).join(' ') }
}

async function head(data: string): Promise<AuditHead> {
  return headOf(data, await publicKeyOf(data))
}

async function publicKeyOf(data: string): Promise<string | null> {
  const { keys } = await readWitness(data)
  return keys ? publicKeyText(keys.privateKey) : null
}

async function exportAll(data: string, format: ExportFormat): Promise<undefined> {
  const publicKey = format === 'bundle' ? await publicKeyOf(data) : null
  for (const piece of exportPieces(data, format, publicKey)) await write(piece)
}
