// Credentials by name in the OS keychain, and the keys that authenticate what a person accepted.
import type { KeyObject } from 'node:crypto'
import type { VaultStatus } from '../../contract/secrets.ts'
import type { Announcer } from '../announce.ts'
import { atMost } from '../at-most.ts'
import { HubError } from '../error.ts'
import type { DataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import type { Db } from '../store/open.ts'
import { SecretNames } from '../store/secret-names.ts'
import { Keychain, KeychainError } from './keychain.ts'
import { deriveKeys, type Keys, type Mode, newRoot, type Root, readRoot } from './keys.ts'
import { moveEntries } from './move-entries.ts'
import { Redactor } from './redactor.ts'
import { hasFile, SecretFile } from './secret-file.ts'
import { notOpen, statusAfter, statusOf } from './status-of.ts'
import { type EntryStore, notStored, readSecret, removeSecret, writeSecret } from './stored-secret.ts'
import { refuseTooPlain } from './too-plain.ts'

const DEADLINE_MS = 60_000
const [SLOW_MS, OPEN_WAIT_MS, RETRY_MS] = [1_000, 3_000, 10_000]

/** `mode`: what a folder that is new becomes for good; default 'person'. */
export interface VaultOptions {
  folder: DataFolder
  db: Db
  announcer: Announcer
  deadlineMs?: number
  mode?: Mode
}

export class Vault {
  readonly redactor = new Redactor()
  /** The audit log's newest head, kept where the log's file cannot reach it. */
  readonly anchor = {
    read: async (): Promise<string | null> => (this.#keys ? this.#watched(this.#store.get('anchor')) : null),
    write: async (text: string): Promise<void> => {
      this.#mustBeOpen()
      await this.#watched(this.#store.set('anchor', text))
    },
  }
  /** What guards pairing (the PIN), kept where no copied, edited or removed file of ours reaches it. In memory until there is a keychain. */
  readonly door = {
    read: (): string | null => this.#door,
    write: async (text: string): Promise<void> => {
      this.#door = text
      if (this.#keys) await this.#watched(this.#store.set('door', text))
    },
  }
  /** How far state.db has come, kept where no copied or older file of ours reaches it. Read when the keychain opens. */
  readonly generation = {
    read: (): string | null => this.#generation,
    write: async (text: string): Promise<void> => {
      this.#mustBeOpen()
      await this.#watched(this.#store.set('generation', text))
      this.#generation = text
    },
  }
  readonly #keychain: Keychain
  /** Where entries are now: the keychain, or the encrypted file once it is unlocked. */
  #store: EntryStore
  readonly #folder: DataFolder
  readonly #names: SecretNames
  readonly #kv: Kv
  readonly #announcer: Announcer
  #status: VaultStatus = statusOf('waiting', false)
  #keys: Keys | null = null
  #mode: Mode | null = null
  #door: string | null = null
  #generation: string | null = null
  #knewFolder = false
  readonly #wanted: Mode | undefined
  #attempt: Promise<void> | null = null
  #retryTimer: NodeJS.Timeout | undefined
  #closed = false

  private constructor(options: VaultOptions) {
    this.#keychain = new Keychain(`gatehouse-${options.folder.id}`, options.deadlineMs ?? DEADLINE_MS)
    this.#store = this.#keychain
    this.#folder = options.folder
    this.#names = new SecretNames(options.db)
    this.#kv = new Kv(options.db)
    this.#announcer = options.announcer
    this.#wanted = options.mode
    if (options.folder.created) this.#kv.put('mode', options.mode ?? 'person')
  }

  /** Never throws for a keychain that is missing, and waits at most 3 s for one that is slow: the hub must start. */
  static async open(options: VaultOptions): Promise<Vault> {
    const vault = new Vault(options)
    await atMost(OPEN_WAIT_MS, vault.retry())
    return vault
  }

  status(): VaultStatus {
    return this.#status
  }

  /** Tries the keychain now. Tries that run already are joined, so that no second question pops up. */
  retry(): Promise<void> {
    this.#attempt ??= this.#tryOpen().finally(() => {
      this.#attempt = null
    })
    return this.#attempt
  }

  /** Null while the keychain was never reached. */
  key(purpose: 'seal' | 'backup'): Buffer | null {
    return this.#keys?.[purpose] ?? null
  }

  signing(): { privateKey: KeyObject; publicKey: KeyObject } | null {
    return this.#keys ? { privateKey: this.#keys.privateKey, publicKey: this.#keys.publicKey } : null
  }

  /** What this folder was created as, in the keychain's word; null while that was never reached. */
  mode(): Mode | null {
    return this.#mode
  }

  /** The keychain held this folder's entry before this hub began. */
  get knewFolder(): boolean {
    return this.#knewFolder
  }

  names(): { name: string; chars: number; setAt: number; usedAt: number | null }[] {
    return this.#names.list().map(({ name, chars, setAt, usedAt }) => ({ name, chars, setAt, usedAt }))
  }

  has(name: string): boolean {
    return this.#names.get(name) !== null
  }

  /** As the keychain says, whatever our own list of names was made to say. */
  async isStored(name: string): Promise<boolean> {
    this.#mustBeOpen()
    return (await this.#watched(readSecret(this.#store, name))) !== null
  }

  async set(name: string, value: string): Promise<void> {
    this.#mustBeOpen()
    refuseTooPlain(name, value)
    this.redactor.learn(value, name)
    await this.#watched(writeSecret(this.#store, name, value))
    this.#names.put({ name, chars: [...value].length, setAt: Date.now() })
    this.#announcer.emit('secrets/changed')
  }

  async remove(name: string): Promise<void> {
    this.#mustBeOpen()
    await this.#watched(removeSecret(this.#store, name))
    this.#names.remove(name)
    this.#announcer.emit('secrets/changed')
  }

  /** For launching only. */
  async read(name: string): Promise<string> {
    this.#mustBeOpen()
    const value = await this.#watched(readSecret(this.#store, name))
    if (value === null) throw notStored(name)
    this.redactor.learn(value, name)
    this.#names.markUsed(name, Date.now())
    return value
  }

  /** Where there is no keychain, and a person chose so. */
  async createFile(passphrase: string): Promise<void> {
    await this.#attempt
    this.#mustBeShut()
    this.#store = await SecretFile.create({ folder: this.#folder.path, id: this.#folder.id, passphrase })
    await this.retry()
  }

  /** `proven`: called when the passphrase was right, before anything becomes readable. */
  async unlock(passphrase: string, proven: () => void = () => {}): Promise<void> {
    this.#mustBeShut()
    const file = await SecretFile.open({ folder: this.#folder.path, id: this.#folder.id, passphrase })
    await this.#attempt
    // The keychain may have come meanwhile.
    if (this.#keys) return
    proven()
    this.#store = file
    await this.retry()
  }

  async changePassphrase(before: string, after: string): Promise<void> {
    await this.#mustBeFile().changePassphrase(before, after)
  }

  async moveToKeychain(): Promise<void> {
    const file = this.#mustBeFile()
    await moveEntries(file, this.#keychain)
    this.#store = this.#keychain
    file.erase()
    this.#become(statusOf('open', false))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retryTimer)
    await this.#keychain.close()
    await this.#attempt
  }

  async #tryOpen(): Promise<void> {
    clearTimeout(this.#retryTimer)
    try {
      const root = await this.#watched(this.#root())
      this.#mode = root.mode
      // No key and no secret for a folder whose files were changed to say that it is another kind.
      if (this.#wanted !== undefined && this.#wanted !== root.mode)
        throw new KeychainError('denied', 'this folder was made for another kind of use')
      await this.#takeDoor()
      this.#generation = await this.#watched(this.#store.get('generation'))
      this.#keys = deriveKeys(root)
      await this.#teachRedactor()
      this.#become(statusOf('open', this.#isFile))
    } catch (error) {
      if (this.#closed) return
      if (!(error instanceof KeychainError)) throw error
      this.#failed(error)
    }
  }

  async #root(): Promise<Root> {
    const kept = await this.#store.get('root')
    if (kept !== null) {
      const root = readRoot(kept)
      this.#knewFolder ||= this.#keys === null
      return root
    }
    // Its keys are in the file: others would count for nothing that is stored.
    if (!this.#isFile && hasFile(this.#folder.path)) throw new KeychainError('locked', 'the encrypted file is in use')
    const root = newRoot(this.#kv.get('mode') === 'unattended' ? 'unattended' : 'person')
    await this.#store.set('root', JSON.stringify(root))
    return root
  }

  // What the keychain says counts; what was chosen before it came is kept only where it says nothing.
  async #takeDoor(): Promise<void> {
    const kept = await this.#watched(this.#store.get('door'))
    if (kept !== null) this.#door = kept
    else if (this.#door !== null && !this.#keys) await this.#watched(this.#store.set('door', this.#door))
  }

  // Before any server uses one: a value can turn up in a log at any time.
  async #teachRedactor(): Promise<void> {
    for (const { name } of this.#names.list()) {
      const value = await this.#watched(readSecret(this.#store, name))
      if (value !== null) this.redactor.learn(value, name)
    }
  }

  /** Says so when an access takes long, and when it fails because the keychain does. */
  async #watched<T>(access: Promise<T>): Promise<T> {
    const slow = setTimeout(() => this.#become(statusOf('waiting', this.#isFile)), SLOW_MS)
    try {
      const value = await access
      if (this.#keys && this.#status.kind !== 'open') this.#become(statusOf('open', this.#isFile))
      return value
    } catch (error) {
      if (error instanceof KeychainError && !this.#closed) this.#failed(error)
      throw error
    } finally {
      clearTimeout(slow)
    }
  }

  #failed(error: KeychainError): void {
    if (!this.#isFile && hasFile(this.#folder.path)) this.#become(statusOf('locked', true))
    else this.#become(statusAfter(error))
    clearTimeout(this.#retryTimer)
    // Who refused is not asked again every ten seconds.
    if (error.kind === 'denied' || this.#closed) return
    this.#retryTimer = setTimeout(() => void this.retry(), RETRY_MS).unref()
  }

  #become(status: VaultStatus): void {
    if (this.#closed || JSON.stringify(status) === JSON.stringify(this.#status)) return
    this.#status = status
    this.#announcer.emit('vault/changed')
  }

  get #isFile(): boolean {
    return this.#store !== this.#keychain
  }

  #mustBeShut(): void {
    if (this.#keys) throw new HubError('vault/is-open', `${this.#status.what} There is nothing to unlock.`)
  }

  #mustBeFile(): SecretFile {
    if (this.#store instanceof SecretFile && this.#keys) return this.#store
    throw new HubError('vault/no-file', 'No encrypted file is open.', { hint: 'Unlock it first.' })
  }

  #mustBeOpen(): void {
    if (!this.#keys) throw notOpen(this.#status)
  }
}
