// What the server says of itself: its newest log lines and its settings, both without secrets.
import type { McpServer } from '@modelcontextprotocol/server'
import type { Kit } from '../kit/tools.ts'
import type { Watch } from '../kit/watches.ts'

export const LOG = 'log://application'
export const SETTINGS = 'config://settings'
/** So that a busy log is not told of at every line. */
const TOLD_AFTER_MS = 250

export function registerOwnResources(kit: Kit, server: McpServer, settings: Record<string, unknown>): void {
  const log = {
    title: 'Log of this server',
    description: 'Its newest lines as JSON, oldest first, without secrets. Subscribe to hear of new ones.',
    mimeType: 'application/x-ndjson',
  }
  server.registerResource('log', LOG, log, (uri, context) =>
    kit.serve('resource log', context, () => ({
      contents: [{ uri: uri.href, mimeType: log.mimeType, text: kit.log.recent.join('\n') }],
    })),
  )
  const config = {
    title: 'Settings of this server',
    description: 'What it was started with, without secrets. They stay as they are until it starts again.',
    mimeType: 'application/json',
  }
  server.registerResource('settings', SETTINGS, config, (uri, context) =>
    kit.serve('resource settings', context, () => ({
      contents: [{ uri: uri.href, mimeType: config.mimeType, text: kit.log.redact(JSON.stringify(settings, null, 2)) }],
    })),
  )
}

export function watchesItself(kit: Kit): Watch {
  return async (uri, changed) => {
    if (uri === SETTINGS) return () => {}
    if (uri !== LOG) return null
    let waiting: NodeJS.Timeout | undefined
    kit.log.onLine = () => {
      waiting ??= setTimeout(() => {
        waiting = undefined
        changed()
      }, TOLD_AFTER_MS).unref()
    }
    return () => {
      kit.log.onLine = () => {}
      clearTimeout(waiting)
    }
  }
}
