// For the gateway's tests: the real registry, supervisor, policy, approvals and log around one gateway, on a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AuditRow } from '../../contract/audit.ts'
import type { Rule } from '../../contract/policy.ts'
import { Announcer } from '../announce.ts'
import { Audit } from '../audit/audit.ts'
import { PinBook } from '../pins/pin-book.ts'
import { Approvals } from '../policy/approvals.ts'
import type { Clocks } from '../policy/clocks.ts'
import { PolicyStore } from '../policy/policy-store.ts'
import { Proposals } from '../policy/proposals.ts'
import { Profiles } from '../profiles/profiles.ts'
import { PersonQuestions } from '../questions/person-questions.ts'
import { Registry } from '../registry/registry.ts'
import { openDataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import { openState } from '../store/open.ts'
import { Sealed } from '../store/sealed.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { GatewayOptions, Link } from './gateway.ts'
import { Gateway } from './gateway.ts'

export const EVERYTHING = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'))

/** A program under test/fixtures. */
export function fixture(name: string): string {
  return join(import.meta.dirname, '../../test/fixtures', name)
}

export interface House {
  gateway: Gateway
  registry: Registry
  supervisor: Supervisor
  policy: PolicyStore
  approvals: Approvals
  questions: PersonQuestions
  pins: PinBook
  profiles: Profiles
  audit: Audit
  announcer: Announcer
  id(name: string): string
  rows(): Promise<AuditRow[]>
  client(options?: Partial<Parameters<Gateway['link']>[0]>): TestClient
  close(): Promise<void>
}

export interface HouseOptions {
  /** Programs run with Node, by name. */
  servers: Record<string, string[]>
  trust?: string[]
  rules?: Rule[]
  redact?: (text: string) => string
  /** Takes the place of a part. */
  instead?: (parts: GatewayOptions) => Partial<GatewayOptions>
  start?: boolean
  clocks?: Clocks
  /** The folder of a house before, which is kept; its servers are there already. */
  path?: string
}

export async function openHouse(options: HouseOptions): Promise<House> {
  const path = options.path ?? mkdtempSync(join(tmpdir(), 'gatehouse-gateway-'))
  const folder = openDataFolder(path)
  const db = openState(folder.path)
  const announcer = new Announcer()
  const redact = options.redact ?? (text => text)
  const sealed = new Sealed(db, () => Buffer.alloc(32, 1))
  const vault = {
    has: () => true,
    read: async () => 'secret',
    redactor: { redact, learn: () => {}, holds: () => false },
  }
  const audit = await Audit.open({
    folder: folder.path,
    signing: () => null,
    anchor: { read: async () => null, write: async () => {} },
    announcer,
    redact,
  })
  const registry = await Registry.open({ folder, db, sealed, vault, announcer, mode: 'person' })
  for (const [name, args] of Object.entries(options.servers)) {
    const { id, digest } = await registry.add(name, { command: process.execPath, args, env: {}, headers: {} })
    const trust = options.trust?.includes(name) ?? false
    if (trust) await registry.update(id, { trust })
    registry.agree(id, { digest, secrets: [], trust })
  }
  const proposals = new Proposals({ db, sealed, announcer })
  const policy = PolicyStore.open({ folder: folder.path, sealed, announcer, proposals })
  for (const { id: _, ...rule } of options.rules ?? []) policy.change({ kind: 'add-rule', rule }, 'window', 'test')
  const approvals = new Approvals({
    announcer,
    policy,
    redact,
    ...(options.clocks ? { clocks: options.clocks } : {}),
  })
  const sampling = (id: string) => registry.list().find(one => one.id === id)?.sampling ?? 'refuse'
  const questions = new PersonQuestions({ announcer, audit, redact, sampling })
  const environment = Promise.resolve({ PATH: process.env.PATH ?? '' }) as never
  const pins = new PinBook({
    sealed,
    announcer,
    audit,
    find: id => registry.find(id),
    isTrusted: id => registry.isTrusted(id),
    isUnattended: false,
    listed: id => supervisor.listing(id),
    environment,
    servers: () => registry.list().map(one => one.id),
    redact,
  })
  const profiles = new Profiles({ sealed, kv: new Kv(db), announcer })
  const supervisor: Supervisor = await Supervisor.open({
    registry,
    onListed: (id, listing) => pins.listed(id, listing),
    vault,
    announcer,
    audit,
    folder: folder.path,
    db,
    environment,
    timing: { graceMs: 500 },
  })
  const parts = {
    supervisor,
    registry,
    policy,
    approvals,
    questions,
    pins,
    profiles,
    audit,
    announcer,
    redact,
    clientTitle: (id: string) => id,
  }
  const gateway = new Gateway({ ...parts, ...options.instead?.(parts) })
  supervisor.begin()
  if (options.start !== false) {
    await Promise.all(registry.list().map(one => supervisor.start(one.id)))
  }
  const clients: TestClient[] = []
  return {
    gateway,
    registry,
    supervisor,
    policy,
    approvals,
    questions,
    pins,
    profiles,
    audit,
    announcer,
    id: name => registry.find(name).id,
    rows: async () => (await audit.list({})).reverse(),
    client(more = {}) {
      const client = new TestClient(send =>
        gateway.link({ client: 'tester', title: 'Tester', kind: 'bridge', send, ...more }),
      )
      clients.push(client)
      return client
    },
    async close() {
      for (const client of clients) client.link.close('test over')
      gateway.close()
      await supervisor.close()
      pins.close()
      approvals.close()
      questions.close()
      profiles.close()
      policy.close()
      registry.close()
      await audit.close()
      db.close()
      if (!options.path) rmSync(path, { recursive: true, force: true })
    },
  }
}

type Message = Record<string, unknown> & {
  id?: unknown
  method?: string
  result?: unknown
  error?: { code: number; message: string; data?: unknown }
}

/** A client by hand: what it sends and gets are the bytes themselves. */
export class TestClient {
  readonly link: Link
  readonly frames: string[] = []
  #waiting: { fits: (message: Message) => boolean; resolve: (text: string) => void }[] = []
  #last = 0

  constructor(open: (send: (text: string) => void) => Link) {
    this.link = open(text => {
      this.frames.push(text)
      const message = JSON.parse(text) as Message
      const [met, left] = [this.#waiting.filter(w => w.fits(message)), this.#waiting.filter(w => !w.fits(message))]
      this.#waiting = left
      for (const { resolve } of met) resolve(text)
    })
  }

  get messages(): Message[] {
    return this.frames.map(text => JSON.parse(text) as Message)
  }

  /** The first frame from now on that fits. */
  async next(fits: (message: Message) => boolean, ms = 30_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`No such frame in ${ms} ms; so far: ${this.frames.slice(-5).join(' ')}`)),
        ms,
      )
      this.#waiting.push({
        fits,
        resolve: text => {
          clearTimeout(timer)
          resolve(text)
        },
      })
    })
  }

  /** Sends a request as text with `$ID` where its id goes; gives the answer's text. */
  async send(text: string, id: string = String(++this.#last)): Promise<string> {
    const key = JSON.parse(id) as unknown
    const answer = this.next(m => m.id === key && m.method === undefined)
    this.link.receive(text.replace('$ID', id))
    return answer
  }

  async request(method: string, params?: unknown): Promise<Message> {
    return JSON.parse(
      await this.send(
        `{"jsonrpc":"2.0","id":$ID,"method":"${method}"${params === undefined ? '' : `,"params":${JSON.stringify(params)}`}}`,
      ),
    ) as Message
  }

  notify(method: string, params: unknown = {}): void {
    this.link.receive(JSON.stringify({ jsonrpc: '2.0', method, params }))
  }

  async initialize(capabilities: unknown = {}): Promise<Message> {
    const hello = await this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities,
      clientInfo: { name: 'test', version: '1' },
    })
    this.notify('notifications/initialized')
    return hello
  }

  call(name: string, args: unknown = {}, more: object = {}): Promise<Message> {
    return this.request('tools/call', { name, arguments: args, ...more })
  }
}
