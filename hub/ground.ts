// What every part stands on, opened first: the data folder, state.db, the keychain, the log, and who may come as a window.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '../contract/version.ts'
import { Announcer } from './announce.ts'
import { limitRefusals } from './api/limit-refusals.ts'
import { Windows } from './api/windows.ts'
import { Audit } from './audit/audit.ts'
import { Keeping } from './audit/keeping.ts'
import { HubError } from './error.ts'
import type { OpenParts } from './parts.ts'
import { type DataFolder, openDataFolder } from './store/data-folder.ts'
import { removeLeftovers } from './store/leftovers.ts'
import { takeLock } from './store/lock.ts'
import { type Db, openState } from './store/open.ts'
import { Rollback } from './store/rollback.ts'
import { Sealed } from './store/sealed.ts'
import { readUnattended, refuseConversion, type Unattended } from './unattended.ts'
import type { Mode } from './vault/keys.ts'
import { findSessionBus, rememberSessionBus } from './vault/session-bus.ts'
import { Vault } from './vault/vault.ts'

export interface HubOptions {
  /** The data folder. */
  data: string
  /** A policy file for a machine without a person; only on a folder that was created with it. */
  policy?: string
  /** The browser window's port; 0: any free one; absent: that of the last time while it is free. */
  port?: number
  /** Called once the hub wants to end by itself (asked to stop). */
  onStop?: () => void
  /** Called when the number of connections and windows changes, for the idle end. */
  onBusy?: (connections: number) => void
  report?: (message: string) => void
}

/** What was opened. */
export interface Ground {
  announcer: Announcer
  audit: Audit
  /** The log, for refusals of those who are not in yet: bounded. */
  atTheDoor: Pick<Audit, 'append'>
  db: Db
  folder: DataFolder
  keeping: Keeping
  mode: Mode
  rollback: Rollback
  sealed: Sealed
  /** The policy file's contents on a machine without a person. */
  unattended: Unattended | null
  vault: Vault
  windows: Windows
}

/** Opens the ground. Throws HubError where the folder is another hub's, a newer version's, or a person's that was asked for with `--policy`. */
export async function openGround(
  options: HubOptions,
  parts: OpenParts,
  report: (message: string) => void,
): Promise<Ground> {
  const folder = openDataFolder(options.data)
  const lock = takeLock(folder.path)
  parts.add('the lock', () => lock.close())
  removeLeftovers(folder.path)
  // Started again after `gatehouse uninstall`.
  rmSync(join(folder.path, 'uninstalled'), { force: true })
  const db = openState(folder.path)
  parts.add('state.db', () => db.close())
  const announcer = new Announcer()
  // A person's folder opened with --policy, or edited to look like another, does not start; that somebody tried is on record.
  const asked = unlessRefused(() => readUnattended({ folder, db, policy: options.policy }))
  const unattended = asked.found
  const mode: Mode = unattended ? 'unattended' : 'person'

  findSessionBus(folder.path)
  const vault = await Vault.open({ folder, db, announcer, mode })
  parts.add('the vault', () => vault.close())
  const refusal = asked.refusal ?? unlessRefused(() => refuseConversion(mode, vault.mode())).refusal
  if (vault.status().kind === 'open') rememberSessionBus(folder.path)
  const sealed = new Sealed(db, () => vault.key('seal'))
  const audit = await Audit.open({
    folder: folder.path,
    signing: () => vault.signing(),
    anchor: vault.anchor,
    announcer,
    redact: text => vault.redactor.redact(text),
  })
  parts.add('the audit log', () => audit.close())
  if (refusal) {
    await audit.append({ kind: 'refused', what: 'hub/start-refused', detail: refusal.message }, { durable: true })
    throw refusal
  }
  sealed.onForged = (kind, key) =>
    void audit.append(
      {
        kind: 'refused',
        what: 'store/forged',
        detail: `${kind} ${key} in state.db was not written by Gatehouse; it does not count.`,
      },
      { durable: false },
    )
  const rollback = new Rollback({
    sealed,
    hasKey: () => vault.key('seal') !== null,
    entry: vault.generation,
    announcer,
    audit,
  })
  parts.add('the memory of state.db', () => rollback.close())
  rollback.compare()
  const keeping = new Keeping({
    audit,
    sealed,
    isKnown: () => vault.key('seal') !== null && !sealed.isDoubted,
    report,
  })
  parts.add('what the log keeps', () => keeping.close())
  const atTheDoor = limitRefusals(audit)
  const windows = new Windows({
    sealed,
    door: vault.door,
    announcer,
    audit: atTheDoor,
    isLocked: () => vault.status().file === 'locked',
  })
  announcer.on('vault/changed', () => {
    // A keychain that came late had its say too late for the start: the hub ends rather than serve a converted folder.
    // The vault gave it no key.
    if (vault.mode() !== null && vault.mode() !== mode) return options.onStop?.()
    if (vault.status().kind !== 'open') return
    rememberSessionBus(folder.path)
    rollback.compare()
    sealed.rekey({ known: vault.knewFolder })
    windows.endUnknown()
    void audit.keychainAppeared()
  })
  await audit.append(
    { kind: 'hub', what: 'hub/started', by: 'gatehouse', detail: `Gatehouse ${VERSION}, ${mode}` },
    { durable: false },
  )
  return { announcer, atTheDoor, audit, db, folder, keeping, mode, rollback, sealed, unattended, vault, windows }
}

/** What `check` found, or why it refuses the folder as one that belongs to a person; any other trouble is thrown. */
function unlessRefused<T>(check: () => T): { found: T; refusal: null } | { found: null; refusal: HubError } {
  try {
    return { found: check(), refusal: null }
  } catch (error) {
    if (error instanceof HubError && error.code === 'hub/person-folder') return { found: null, refusal: error }
    throw error
  }
}
