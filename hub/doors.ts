// Where others come in: the socket, the window's listener, the HTTP gateway, and what each may see of the hub.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { HubStatus } from '../contract/hub.ts'
import { VERSION } from '../contract/version.ts'
import { socketChannel, webSocketChannel } from './api/channel.ts'
import { type Doors, serveConnection } from './api/connection.ts'
import { hasProfile, summaryOf } from './api/profiles.ts'
import { buildRouter } from './api/router.ts'
import { viewSecrets } from './api/secret-view.ts'
import { viewServer } from './api/server-view.ts'
import type { Readers } from './api/snapshot.ts'
import { openSocket, socketPath } from './api/socket.ts'
import { openWeb, type WebListener } from './api/web.ts'
import { Moved } from './clients/moved.ts'
import type { Engine } from './engine.ts'
import { HttpDoor } from './gateway-http/http-door.ts'
import type { Ground, HubOptions } from './ground.ts'
import { removeHubFile, writeHubFile } from './hub-file.ts'
import type { OpenParts } from './parts.ts'
import { Kv } from './store/kv.ts'
import { rendererFolder } from './where.ts'

/** Opens the socket and the HTTP gateway's door; the window's listener opens with the first link. */
export async function openDoors(
  { ground, engine, options, startedAt }: { ground: Ground; engine: Engine; options: HubOptions; startedAt: number },
  parts: OpenParts,
  report: (message: string) => void,
) {
  const { announcer, atTheDoor, audit, folder, mode, rollback, sealed, vault, windows } = ground
  const {
    approvals,
    clients,
    gateway,
    metrics,
    pins,
    policy,
    profiles,
    proposals,
    questions,
    registry,
    supervisor,
    tokens,
  } = engine
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
    ...ground,
    ...engine,
    readers,
    moved: new Moved(sealed, () => vault.key('backup')),
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
    const open = (port: number) =>
      openWeb({
        port,
        root: rendererFolder(),
        onWindow: (ws, address, direct) =>
          serveConnection(webSocketChannel(ws), { kind: 'web', address, direct }, doors),
        onRefused: detail =>
          void atTheDoor.append({ kind: 'refused', what: 'web/foreign-page', detail }, { durable: false }),
      })
    // A browser keeps its key for one address: the same again, while nobody else has it.
    const kv = new Kv(ground.db)
    const before = Number(kv.get('window-port') ?? 0)
    const listener = await (options.port === undefined && before > 0
      ? open(before).catch(() => open(0))
      : open(options.port ?? 0))
    try {
      kv.put('window-port', `${listener.port}`)
    } catch (error) {
      // A full disk keeps nobody from a window.
      report(`The window's port is not remembered: ${error instanceof Error ? error.message : error}`)
    }
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
  return { http, newLink, socket, status }
}
