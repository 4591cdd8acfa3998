// Starts a server on stdio with its settings, log and metrics; what is wrong at start is said once, and ends it.
import type { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { COMMON, readSettings, type Settings, SettingsError, type SettingsShape, secretsOf } from './settings.ts'
import { ListeningTransport, tellsOfUpdates } from './subscribing.ts'
import { Kit } from './tools.ts'

export interface Program<S extends SettingsShape> {
  name: string
  version: string
  /** Beside those that all servers have. */
  settings: S
  /** A server for one connection; what is shared is made once, outside. */
  make: (kit: Kit, settings: Settings<S>) => () => McpServer
}

export function serve<S extends SettingsShape>({ name, version, settings: own, make }: Program<S>): void {
  try {
    const shape = { ...COMMON, ...own }
    const settings = readSettings(shape)
    const common = settings as unknown as Settings<typeof COMMON>
    const log = new Log(name, { level: common.LOG_LEVEL, secrets: secretsOf(shape, settings) })
    const kit = new Kit({ log, metrics: new Metrics(name, version), settings: common })
    const makeServer = make(kit, settings as unknown as Settings<S>)
    serveStdio(() => tellsOfUpdates(makeServer(), kit.watches), {
      transport: new ListeningTransport(kit.watches),
      onerror: error => log.say('warn', error.message),
    })
    log.say('info', 'started', { version, node: process.version })
  } catch (error) {
    const words = error instanceof SettingsError ? error.message : `${error instanceof Error ? error.message : error}`
    process.stderr.write(`${name}: ${words}\n`)
    process.exit(2)
  }
}
