// The hub: opens its parts in order, answers on its socket, and closes them in reverse.
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HubStatus } from '../contract/hub.ts'
import { VERSION } from '../contract/version.ts'
import { Announcer } from './announce.ts'
import { socketChannel, webSocketChannel } from './api/channel.ts'
import { type Doors, serveConnection } from './api/connection.ts'
import { limitRefusals } from './api/limit-refusals.ts'
import { hasProfile, summaryOf } from './api/profiles.ts'
import { buildRouter } from './api/router.ts'
import { viewSecrets } from './api/secret-view.ts'
import { viewServer } from './api/server-view.ts'
import type { Readers } from './api/snapshot.ts'
import { openSocket, socketPath } from './api/socket.ts'
import { openWeb, type WebListener } from './api/web.ts'
import { Windows } from './api/windows.ts'
import { Audit } from './audit/audit.ts'
import { Keeping } from './audit/keeping.ts'
import { Clients } from './clients/clients.ts'
import { Moved } from './clients/moved.ts'
import { entryPoint } from './entry-point.ts'
import { HubError } from './error.ts'
import { Gateway } from './gateway/gateway.ts'
import { HttpDoor } from './gateway-http/http-door.ts'
import { removeHubFile, writeHubFile } from './hub-file.ts'
import { Metrics } from './metrics/metrics.ts'
import { OpenParts } from './parts.ts'
import { PinBook } from './pins/pin-book.ts'
import { Approvals } from './policy/approvals.ts'
import { PolicyStore } from './policy/policy-store.ts'
import { Proposals } from './policy/proposals.ts'
import { Profiles } from './profiles/profiles.ts'
import { TokenCounts } from './profiles/token-counts.ts'
import { PersonQuestions } from './questions/person-questions.ts'
import { Registry } from './registry/registry.ts'
import { openDataFolder } from './store/data-folder.ts'
import { Kv } from './store/kv.ts'
import { removeLeftovers } from './store/leftovers.ts'
import { takeLock } from './store/lock.ts'
import { openState } from './store/open.ts'
import { Rollback } from './store/rollback.ts'
import { Sealed } from './store/sealed.ts'
import { loginEnvironment, passedOn } from './supervisor/login-environment.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { readUnattended, refuseConversion } from './unattended.ts'
import { findSessionBus, rememberSessionBus } from './vault/session-bus.ts'
import { Vault } from './vault/vault.ts'
import { rendererFolder } from './where.ts'

export interface HubOptions {
  /** The data folder. */
  data: string
  /** A policy file for a machine without a person; only on a folder that was created with it. */
  policy?: string
  /** The browser window's port; 0 or absent: any free one. */
  port?: number
  /** Called once the hub wants to end by itself (asked to stop). */
  onStop?: () => void
  /** Called when the number of connections and windows changes, for the idle end. */
  onBusy?: (connections: number) => void
  report?: (message: string) => void
}

export interface Hub {
  readonly socket: string
  /** Opens the window's listener where it is not open, and makes a link that works once. */
  newLink(): Promise<string>
  /** A one-time code alone, for a shell that holds the inherited pipe. */
  newCode(): string
  close(): Promise<void>
}

/** Opens a hub on a data folder. Throws HubError, with everything closed again, when a part cannot open. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const report = options.report ?? (message => process.stderr.write(`${message}\n`))
  const parts = new OpenParts((name, error) =>
    report(`Closing ${name} failed: ${error instanceof Error ? error.message : error}`),
  )
  try {
    return await openParts(options, parts, report)
  } catch (error) {
    await parts.closeAll()
    throw error
  }
}

const STOPPED = { may: 'no', what: 'everything is stopped. Start it again in the window, under Policy.' } as const

/** What `check` found, or why it refuses the folder as one that belongs to a person; any other trouble is thrown. */
function unlessRefused<T>(check: () => T): { found: T; refusal: null } | { found: null; refusal: HubError } {
  try {
    return { found: check(), refusal: null }
  } catch (error) {
    if (error instanceof HubError && error.code === 'hub/person-folder') return { found: null, refusal: error }
    throw error
  }
}

async function openParts(options: HubOptions, parts: OpenParts, report: (message: string) => void): Promise<Hub> {
  const startedAt = Date.now()
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
  const mode = unattended ? 'unattended' : 'person'

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

  const registry = await Registry.open({
    folder,
    db,
    sealed,
    vault,
    announcer,
    mode,
    ...(unattended ? { trust: unattended.trust } : {}),
    onEdited: edit => void audit.append({ kind: 'server', by: 'config.json', ...edit }, { durable: false }),
  })
  parts.add('the registry', () => registry.close())
  const proposals = new Proposals({
    db,
    sealed,
    announcer,
    onForged: id => {
      const detail = `The proposal ${id} in state.db was not written by this Gatehouse; it does not count.`
      void audit.append({ kind: 'refused', what: 'store/forged', detail }, { durable: false })
    },
  })
  const policy = PolicyStore.open({
    redact: text => vault.redactor.redact(text),
    folder: folder.path,
    sealed,
    announcer,
    proposals,
    unattended: unattended?.rules,
    serverName: id => registry.list().find(one => one.id === id)?.name ?? id,
    onFile: event => void audit.append({ kind: 'policy', by: 'policy.json', ...event }, { durable: false }),
  })
  parts.add('the policy', () => policy.close())
  const approvals = new Approvals({ announcer, policy, redact: text => vault.redactor.redact(text) })
  parts.add('the approvals', () => approvals.close())
  const questions = new PersonQuestions({
    announcer,
    audit,
    redact: text => vault.redactor.redact(text),
    sampling: id => registry.list().find(one => one.id === id)?.sampling ?? 'refuse',
    isAlone: () => mode === 'unattended' && !windows.list(null).some(one => one.open),
  })
  parts.add('the questions', () => questions.close())

  const environment = loginEnvironment(folder.path)
  const pins = new PinBook({
    sealed,
    announcer,
    audit,
    environment: environment.then(passedOn),
    servers: () => registry.list().map(one => one.id),
    find: id => registry.find(id),
    isTrusted: id => registry.isTrusted(id),
    isUnattended: mode === 'unattended',
    listed: id => supervisor.listing(id),
    redact: text => vault.redactor.redact(text),
  })
  parts.add('the pins', () => pins.close())
  const supervisor: Supervisor = await Supervisor.open({
    environment,
    registry: {
      list: () => registry.list(),
      find: id => registry.find(id),
      standing: id => (policy.current().stopped ? STOPPED : registry.standing(id)),
    },
    vault,
    announcer,
    audit,
    folder: folder.path,
    db,
    onListed: (id, listing) => pins.listed(id, listing),
  })
  parts.add('the servers', () => supervisor.close())
  const clients = new Clients({
    folder,
    db,
    key: () => vault.key('backup'),
    audit,
    announcer,
    entry: entryPoint(),
  })
  parts.add('the clients', () => clients.close())
  const metrics = new Metrics({
    folder: folder.path,
    sealed,
    announcer,
    servers: () =>
      registry.list().map(({ id, slug }) => {
        return { id, slug, state: supervisor.state(id), restarts: supervisor.details(id).restarts }
      }),
    approvals: () => approvals.list(),
    status: () => status(),
    recordLagMs: () => audit.lagMs(),
    lists: (server, tool) => gateway.lists(server, tool),
  })
  parts.add('the metrics', () => metrics.close())
  const profiles = new Profiles({ sealed, kv: new Kv(db), announcer })
  parts.add('the profiles', () => profiles.close())
  const tokens = new TokenCounts(() => announcer.emit('tokens/counted'))
  parts.add('the counting of tokens', () => tokens.close())
  const gateway: Gateway = new Gateway({
    supervisor,
    registry,
    policy,
    approvals,
    questions,
    pins,
    profiles,
    tokensOf: tool => tokens.known(tool),
    audit: metrics.counted(audit),
    announcer,
    redact: text => vault.redactor.redact(text),
    clientTitle: id => clients.title(id),
  })
  parts.add('the gateway', () => gateway.close())

  const socket = socketPath(folder.path)
  const token = randomBytes(32).toString('base64url')
  let web: WebListener | undefined
  let opening: Promise<WebListener> | undefined
  let connections = 0
  const http = new HttpDoor({
    gateway,
    clients,
    announcer,
    audit: atTheDoor,
    report,
    onLink: change => onBusy(change),
  })
  parts.add('the HTTP gateway', () => http.close())

  const onBusy = (change: 1 | -1) => {
    connections += change
    options.onBusy?.(connections)
  }
  const status = (): HubStatus => ({
    version: VERSION,
    pid: process.pid,
    startedAt,
    dataFolder: folder.path,
    socket,
    web: web ? `http://127.0.0.1:${web.port}` : null,
    http: http.status,
    mode,
    links: gateway.links(),
    callsPerMinute: gateway.callsPerMinute(),
    vault: vault.status(),
    audit: audit.status(),
    metrics: metrics.status(),
    state: { problem: rollback.problem },
    config: { path: join(folder.path, 'config.json'), problem: registry.problem() },
    pin: windows.pin.state,
  })
  const readers: Readers = {
    status,
    servers: () => registry.list().map(one => viewServer(one, { registry, supervisor, gateway, pins })),
    approvals: () => approvals.list(),
    questions: () => questions.list(),
    proposals: () => proposals.list(),
    policy: () => policy.current(),
    clients: () => clients.list(gateway.links()),
    profiles: async () => {
      const all = await clients.list(gateway.links())
      return all.filter(hasProfile).map(({ id }) => summaryOf({ gateway, profiles, tokens }, id))
    },
    secrets: () => viewSecrets(vault, registry),
    windows: window => windows.list(window),
  }
  const newLink = async () => {
    if (!web) {
      // Asked for twice at the same moment, it is opened once.
      opening ??= openListener()
      web = await opening.finally(() => {
        opening = undefined
      })
    }
    return `http://127.0.0.1:${web.port}/#pair=${windows.newCode()}`
  }
  const router = buildRouter({
    announcer,
    approvals,
    audit,
    clients,
    gateway,
    keeping,
    metrics,
    pins,
    policy,
    profiles,
    proposals,
    questions,
    readers,
    rollback,
    moved: new Moved(sealed),
    registry,
    supervisor,
    tokens,
    vault,
    windows,
    newLink,
    stop: () => setTimeout(() => options.onStop?.(), 50),
  })
  const doors: Doors = {
    windows,
    clients,
    gateway,
    audit: atTheDoor,
    announcer,
    router,
    instance: folder.id,
    token,
    onBusy,
  }

  async function openListener(): Promise<WebListener> {
    const listener = await openWeb({
      port: options.port ?? 0,
      root: rendererFolder(),
      onWindow: (ws, address, direct) => serveConnection(webSocketChannel(ws), { kind: 'web', address, direct }, doors),
      onRefused: detail =>
        void atTheDoor.append({ kind: 'refused', what: 'web/foreign-page', detail }, { durable: false }),
    })
    announcer.emit('windows/changed')
    return listener
  }

  parts.add('the window listener', () => web?.close())
  const listener = await openSocket(socket, one =>
    serveConnection(socketChannel(one), { kind: 'socket', address: 'socket', direct: true }, doors),
  )
  parts.add('the socket', () => listener.close())
  writeHubFile(folder.path, { pid: process.pid, socket, token, version: VERSION, startedAt })
  parts.add('hub.json', () => removeHubFile(folder.path, process.pid))
  parts.add('what waits', async () => {
    approvals.withdrawAll('Gatehouse is stopping.')
    questions.withdrawAll('Gatehouse is stopping.')
    await audit
      .append({ kind: 'hub', what: 'hub/stopping', by: 'gatehouse' }, { durable: false })
      .catch(error => report(String(error)))
  })
  supervisor.begin()
  await Promise.all([http.begin(), metrics.begin()])
  return { socket, newLink, newCode: () => windows.newCode(), close: () => parts.closeAll() }
}
