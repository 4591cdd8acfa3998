// Writes one planned change: copy, intent, record, file, and then the intent is finished; or settled after a crash.
import { randomBytes } from 'node:crypto'
import { isAbsolute, join } from 'node:path'
import type { AuditEvent } from '../../contract/audit.ts'
import { baseOf } from '../../contract/clients.ts'
import { keepBackup, nameBackup } from './backup.ts'
import { digestOf, tokenOf } from './entry.ts'
import type { History } from './history.ts'
import { entryAfter } from './plan.ts'
import {
  checkWritable,
  hashOf,
  makeFolders,
  missingFolder,
  removeFolders,
  removeTemp,
  replaceFile,
  tempName,
} from './replace-file.ts'
import type { Sight } from './sight.ts'
import type { Task } from './tasks.ts'
import type { Tokens } from './tokens.ts'

/** What writing needs of the hub. */
export interface Desk {
  folder: string
  key: () => Buffer | null
  audit: { append(event: AuditEvent, options: { durable: boolean }): Promise<void> }
  history: History
  tokens: Tokens
}

/** Carries the task out, or leaves everything as it was and throws. Answers where the copy lies. */
export async function carryOut(task: Task, by: string, desk: Desk): Promise<string | null> {
  const { client, now, plan, action } = task
  const entry = entryAfter(plan, client)
  const token = tokenOf(entry)
  const digest = entry === undefined ? null : digestOf(entry)
  const after = plan.after && hashOf(plan.after)
  const newest = desk.history.newest(client.id)
  if (after === now.hash && action === 'connect' && newest?.action === 'connect' && newest.note.digest === digest)
    return null
  await checkWritable(now)
  const id = randomBytes(6).toString('hex')
  const temp = tempName(now.real, id)
  const madeFolder = plan.after ? missingFolder(now.real) : null
  const key = desk.key()
  const backup = task.backup && now.bytes ? nameBackup({ key, client: baseOf(client.id), path: now.real }) : null
  const note = {
    digest,
    temp,
    why: task.why,
    created: plan.created,
    madeFolder,
    undoes: task.undoes.map(write => write.id),
    taken: task.change ? [...task.change.take] : [],
    given: task.change ? [...task.change.put.keys()] : [],
  }
  const row = {
    client: client.id,
    path: now.real,
    action,
    hashBefore: now.hash,
    hashAfter: after,
    backup,
    at: Date.now(),
    note,
  }
  const intent = desk.history.begin(row)
  const event = { kind: 'client' as const, client: baseOf(client.id), by, correlation: `write_${id}` }
  const tell = (rest: Partial<AuditEvent>) =>
    desk.audit.append({ ...event, what: `client/${action}`, ...rest }, { durable: false }).catch(() => {})
  try {
    if (backup) keep(backup, task, desk, key)
    const detail = `${now.real}: ${now.hash ?? 'no file'} → ${after ?? 'no file'}`
    await desk.audit.append({ ...event, what: `client/writing-${action}`, detail }, { durable: true })
    if (token && action === 'connect') desk.tokens.admit(client.id, token)
    if (madeFolder) makeFolders(now.real)
    if (after !== now.hash) await replaceFile(now, plan.after, temp)
  } catch (error) {
    desk.history.drop(intent)
    if (madeFolder) removeFolders(now.real, madeFolder)
    await tell({ outcome: 'error', detail: String(error) })
    throw error
  }
  desk.tokens.settle(client.id, token, action === 'disconnect')
  desk.history.finish(intent)
  if (!plan.after && task.madeFolder) removeFolders(now.real, task.madeFolder)
  await tell({ outcome: 'ok', detail: now.real })
  return backup && (isAbsolute(backup) ? backup : join(desk.folder, 'backups', backup))
}

/**
 * The hub died between saying what it would write and saying that it had: the file itself tells which.
 * `look`: what is seen of that client at that path, or undefined for a client nobody knows any more.
 */
export function settleUnfinished(
  { history, tokens }: Desk,
  look: (client: string, path: string) => Sight | undefined,
): void {
  for (const write of history.unfinished()) {
    removeTemp(write.note.temp)
    const sight = look(write.client, write.path)
    const isOurs = write.note.digest !== null && sight?.digest === write.note.digest
    const isWritten = isOurs || (sight?.now !== undefined && sight.now?.hash === write.hashAfter)
    if (isWritten) history.finish(write.id)
    else history.drop(write.id)
    if (sight?.now) tokens.settle(write.client, tokenOf(sight.entry), write.action === 'disconnect' && isWritten)
    if (write.note.madeFolder && sight?.now?.hash === null) removeFolders(write.path, write.note.madeFolder)
  }
}

function keep(name: string, { now }: Task, desk: Desk, key: Buffer | null): void {
  if (!now.bytes) return
  const mode = (now.stat?.mode ?? 0o600) & 0o777
  keepBackup({ folder: desk.folder, name, key, path: now.real, bytes: now.bytes, mode })
}
