// Starts a server with its settings, log and metrics, on stdio or with --http for a team; what is wrong is said once, and ends it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { Log } from './log.ts'
import { COMMON, readSettings, type Settings, SettingsError, type SettingsShape, secretsOf } from './settings.ts'
import { ListeningTransport, tellsOfUpdates } from './subscribing.ts'
import { Kit } from './tools.ts'

export interface Backed {
  /** A server for one connection, or one request. */
  server: () => McpServer
  /** What others like it, beside it, would not know, and what to set so that they do. Null: nothing. */
  local?: string | null
  /** Throws when what it needs does not answer; without it, it needs nothing. */
  ready?: (signal: AbortSignal) => Promise<unknown>
  /** What runs beside calls is ended: tasks, connections. */
  close?: () => Promise<void>
}

export interface Program<S extends SettingsShape> {
  name: string
  version: string
  /** Beside those that all servers have. */
  settings: S
  /** What is shared is made once, here. */
  make: (kit: Kit, settings: Settings<S>) => (() => McpServer) | Backed
}

export function serve<S extends SettingsShape>(program: Program<S>): void {
  start(program).catch(error => {
    const words = error instanceof SettingsError ? error.message : `${error instanceof Error ? error.message : error}`
    process.stderr.write(`${program.name}: ${words}\n`)
    process.exit(2)
  })
}

async function start<S extends SettingsShape>({ name, version, settings: own, make }: Program<S>): Promise<void> {
  const at = takeOption('--http')
  // Loaded only then: a server on stdio starts without it.
  const http = at === undefined ? null : await import('./http.ts')
  const shape = { ...COMMON, ...own, ...http?.HTTP_SETTINGS }
  const settings = readSettings(shape)
  const common = settings as unknown as Settings<typeof COMMON>
  const log = new Log(name, { level: common.LOG_LEVEL, secrets: secretsOf(shape, settings) })
  // Over HTTP each caller has a limit of its own.
  const limits = at === undefined ? common : { ...common, RATE_LIMIT: Number.MAX_SAFE_INTEGER }
  const metrics = http ? new http.Metrics(name, version) : null
  const kit = new Kit({ log, metrics, settings: limits })
  const made = make(kit, settings as unknown as Settings<S>)
  const backed = typeof made === 'function' ? { server: made } : made
  const rateLimit = common.RATE_LIMIT
  let close = backed.close ?? (async () => {})
  process.on('uncaughtException', error => {
    log.say('error', 'it crashed', { cause: error.message, stack: error.stack })
    void within(CLOSE_MS, close()).finally(() => process.exit(1))
  })
  if (at === undefined) {
    closeWithClient(close)
    serveStdio(() => tellsOfUpdates(backed.server(), kit.watches), {
      transport: new ListeningTransport(kit.watches),
      onerror: error => log.say('warn', error.message),
    })
  } else
    close = await http!.listen({
      at,
      name,
      version,
      kit,
      metrics: metrics!,
      backed,
      rateLimit,
      settings: settings as never,
    })
  log.say('info', 'started', { version, node: process.version })
}

const CLOSE_MS = 4_000

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work.catch(() => {}), sleep(ms, undefined, { ref: false })])
}

/** On stdio: with its client what runs beside calls ends too, and is noted as ended. */
function closeWithClient(close: () => Promise<void>): void {
  let closed: Promise<void> | undefined
  const end = () => (closed ??= within(CLOSE_MS, close()))
  process.stdin.once('end', end)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void end().finally(() => process.exit(0)))
}

/** Taken out, so that a server that reads its own arguments does not meet it. */
function takeOption(name: string): string | undefined {
  const { argv } = process
  const n = argv.findIndex(one => one === name || one.startsWith(`${name}=`))
  if (n < 0) return undefined
  const [option = ''] = argv.splice(n, 1)
  if (option !== name) return option.slice(name.length + 1)
  const value = argv.splice(n, 1)[0]
  if (value === undefined) throw new SettingsError(`${name}: say where, as in ${name} :8080.`)
  return value
}
