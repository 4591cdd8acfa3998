// Takes Gatehouse out of this computer: its entries in clients' files, its keychain entries, and its data when asked.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { UninstallLine } from '../contract/command-line.ts'
import { Announcer } from './announce.ts'
import { Audit } from './audit/audit.ts'
import { Clients } from './clients/clients.ts'
import { Moved, type TakenServer } from './clients/moved.ts'
import { entryPoint } from './entry-point.ts'
import { HubError } from './error.ts'
import { OpenParts } from './parts.ts'
import { idOf, openDataFolder } from './store/data-folder.ts'
import { takeLock } from './store/lock.ts'
import { type Db, openState } from './store/open.ts'
import { Sealed } from './store/sealed.ts'
import { Keychain } from './vault/keychain.ts'
import { deriveKeys, type Keys, Root } from './vault/keys.ts'
import { findSessionBus } from './vault/session-bus.ts'

const KEYCHAIN_MS = 20_000
const BY = 'uninstall'

export interface Asked {
  /** The data folder goes too. */
  erases: boolean
  /** Servers that were taken from clients together with their keys are let go of. */
  forgets: boolean
}

/** What is open while it is done, or while it is only looked at. */
interface Open {
  clients: Clients
  moved: Moved
  keychain: Keychain | null
  accounts: string[]
  /** Why the keychain's entries are not known. */
  closed: string | null
  audit: Audit | null
}

/** What would be done. Also while a hub runs: it is read from a copy. */
export async function previewUninstall(data: string, asked: Asked): Promise<UninstallLine> {
  const parts = openParts()
  try {
    const folder = tempFolder(parts)
    const from = join(data, 'state.db')
    if (existsSync(from)) {
      const db = new Database(from, { readonly: true, timeout: 5_000 })
      db.prepare('VACUUM INTO ?').run(join(folder, 'state.db'))
      db.close()
    }
    const open = await openAll(data, openStateIn(folder, parts), parts, false)
    const line = await startOf(data, false, asked, open)
    for (const { id, name, path, problem } of open.clients.leaving.entries()) {
      if (problem) continue
      const { diff } = await open.clients.leaving.preview(id, path)
      line.clients.push({ id, name, path, diff })
      if (await open.clients.leaving.runs(id))
        line.left.push(`${name} is running. Quit it first, or it writes our entry again.`)
    }
    line.keychain = open.accounts
    addCopies(open, line)
    const { back, keyed } = takenIn(open)
    line.givenBack = back.map(({ client, name }) => ({ client, name }))
    if (keyed.length > 0) line.left.push(keyedWords(keyed))
    return line
  } finally {
    await parts.closeAll()
  }
}

/** Does it, on a folder that no hub runs on. What fails is said, and the rest is done. */
export async function uninstall(data: string, asked: Asked): Promise<UninstallLine> {
  const isThere = existsSync(join(data, 'id')) && existsSync(join(data, 'state.db'))
  const lock = isThere ? takeLock(openDataFolder(data).path) : null
  const parts = openParts()
  try {
    const open = await openAll(data, openStateIn(isThere ? data : tempFolder(parts), parts), parts, isThere)
    const { back, keyed } = takenIn(open)
    if (keyed.length > 0 && !asked.forgets)
      throw new HubError('uninstall/keys', `${keyedWords(keyed)} Nothing was done.`, {
        hint: 'Give them back in the window (Clients), or add --forget-servers.',
      })
    const line = await startOf(data, true, asked, open)
    const tell = (what: string, detail: string) =>
      open.audit?.append({ kind: 'hub', what, by: BY, detail }, { durable: true }).catch(() => {})
    await tell('hub/uninstalling', asked.erases ? 'with its data' : 'its data stays')
    for (const one of back) await giveBack(one, open, line)
    for (const { id, name, path, problem } of open.clients.leaving.entries()) {
      if (problem) continue
      try {
        const { diff } = await open.clients.leaving.preview(id, path)
        await open.clients.leaving.takeOut(id, path, BY)
        line.clients.push({ id, name, path, diff })
        if (await open.clients.leaving.runs(id))
          line.left.push(`${name} is running and may write our entry again. Quit it, and run this once more.`)
      } catch (error) {
        line.left.push(`Our entry is still in ${path}: ${wordsOf(error)}`)
      }
    }
    // An entry that is still there goes on working, with what it needs.
    const stays = line.left.some(one => one.startsWith('Our entry is still in'))
    await tell('hub/uninstalled', `${line.clients.length} clients' files, ${open.accounts.length} keychain entries`)
    await open.audit?.close()
    if (!stays) {
      addCopies(open, line)
      open.clients.leaving.dropCopies()
      await forgetKeys(open, line)
    }
    await parts.closeAll()
    if (isThere && !stays && asked.erases) erase(data, lock)
    else if (isThere) {
      writeFileSync(join(data, 'uninstalled'), '', { mode: 0o600 })
      line.data = 'kept'
    }
    return line
  } finally {
    await parts.closeAll()
    lock?.close()
  }
}

async function openAll(data: string, db: Db, parts: OpenParts, does: boolean): Promise<Open> {
  const announcer = new Announcer()
  findSessionBus(data)
  const id = idOf(data)
  const keychain = id ? new Keychain(`gatehouse-${id}`, KEYCHAIN_MS) : null
  parts.add('the keychain', () => keychain?.close())
  let accounts: string[] = []
  let keys: Keys | null = null
  let closed = id ? null : 'The folder has no id, so what the keychain keeps for it is not known.'
  try {
    accounts = (await keychain?.accounts()) ?? []
    const root = Root.safeParse(JSON.parse((await keychain?.get('root')) ?? 'null'))
    if (root.success) keys = deriveKeys(root.data)
  } catch (error) {
    closed = wordsOf(error)
  }
  const audit = does
    ? await Audit.open({
        folder: data,
        signing: () => keys,
        anchor: {
          read: async () => keychain?.get('anchor') ?? null,
          write: async text => keychain?.set('anchor', text),
        },
        announcer,
        redact: text => text,
      })
    : null
  parts.add('the log', () => audit?.close())
  const clients = new Clients({
    folder: { path: data },
    db,
    key: () => keys?.backup ?? null,
    audit: audit ?? { append: async () => {} },
    announcer,
    entry: entryPoint(),
    guards: false,
    settles: does,
  })
  parts.add('the clients', () => clients.close())
  const moved = new Moved(new Sealed(db, () => keys?.seal ?? null), () => keys?.backup ?? null)
  return { clients, moved, keychain, accounts, closed, audit }
}

async function startOf(data: string, done: boolean, asked: Asked, { clients, closed }: Open): Promise<UninstallLine> {
  const past = (await clients.list([])).filter(one => one.direct.length > 0)
  const unreadable = clients.leaving.entries().filter(one => one.problem)
  return {
    dataFolder: data,
    done,
    clients: [],
    givenBack: [],
    keychain: [],
    copies: [],
    data: !existsSync(data) ? 'none' : asked.erases ? 'erased' : 'kept',
    left: [
      ...unreadable.map(one => `Our entry is still in ${one.path}: ${one.problem}`),
      ...clients.others.all().map(one => `${one.name}: take the entry you pasted out of its settings yourself.`),
      ...past.map(
        ({ name, direct }) =>
          `${direct.join(', ')} stays in ${name}'s file, where you wrote it past the gate. Take it out there if it is to go.`,
      ),
      ...(closed && (existsSync(data) || clients.leaving.entries().length > 0)
        ? [`Entries of this folder may stay in the keychain. ${closed}`]
        : []),
    ],
  }
}

/** Servers that the clients' files do not have any more: those that go back as they stood, and those with keys. */
function takenIn({ clients, moved }: Open): { back: TakenServer[]; keyed: TakenServer[] } {
  const inFile = (client: string) => new Set(clients.moving.servers(client).servers.map(one => one.name))
  const out = moved.all().filter(one => {
    try {
      return !inFile(one.client).has(one.name)
    } catch {
      return true
    }
  })
  return { back: out.filter(one => one.keys.length === 0), keyed: out.filter(one => one.keys.length > 0) }
}

function addCopies({ clients }: Open, line: UninstallLine): void {
  for (const { path, hasServers } of clients.leaving.copies())
    if (hasServers) line.left.push(`${path} stays: it holds servers that were taken out of the file beside it.`)
    else line.copies.push(path)
}

function keyedWords(keyed: readonly TakenServer[]): string {
  const names = keyed.map(one => `${one.name} (${one.client})`).join(', ')
  return `Taken from clients' files together with keys, which only Gatehouse has now: ${names}.`
}

async function giveBack(one: TakenServer, { clients, moved }: Open, line: UninstallLine): Promise<void> {
  const change = { take: [], put: new Map([[one.name, one.entry]]) }
  try {
    await clients.moving.move(one.client, change, { connect: false, by: BY, before: null })
    moved.forget(one.client, one.name)
    line.givenBack.push({ client: one.client, name: one.name })
  } catch (error) {
    line.left.push(`${one.name} could not be given back to ${clients.title(one.client)}: ${wordsOf(error)}`)
  }
}

/** The root goes last: who is killed in between can do the rest. */
async function forgetKeys({ keychain, closed }: Open, line: UninstallLine): Promise<void> {
  try {
    // The log's last row changed its anchor.
    const all = (await keychain?.accounts()) ?? []
    for (const account of all.sort((a, b) => Number(a === 'root') - Number(b === 'root'))) {
      await keychain?.remove(account)
      line.keychain.push(account)
    }
  } catch (error) {
    // That it cannot be looked into is said already.
    if (!closed) line.left.push(`Some keychain entries stay. ${wordsOf(error)}`)
  }
}

// The lock's file goes last, so that no hub starts in between.
function erase(data: string, lock: { close(): void } | null): void {
  for (const name of readdirSync(data).filter(each => !each.startsWith('lock.db')))
    rmSync(join(data, name), { recursive: true, force: true })
  lock?.close()
  rmSync(data, { recursive: true, force: true })
}

function openParts(): OpenParts {
  return new OpenParts((name, error) => process.stderr.write(`Closing ${name} failed: ${wordsOf(error)}\n`))
}

function openStateIn(folder: string, parts: OpenParts): Db {
  const db = openState(folder)
  parts.add('state.db', () => db.close())
  return db
}

function tempFolder(parts: OpenParts): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-look-'))
  parts.add('the copy', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
