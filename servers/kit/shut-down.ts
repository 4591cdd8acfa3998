// SIGTERM: first no longer ready, so that nothing new is sent here; then running calls end; then the process.
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { McpHttpHandler } from '@modelcontextprotocol/server'
import type { Audit } from './audit.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { HttpSettings } from './http-settings.ts'
import type { Log } from './log.ts'
import type { Readiness } from './readiness.ts'
import type { Backed } from './serve.ts'

interface Parts {
  log: Log
  server: Server
  readiness: Readiness
  door: Doorkeeper
  mcp: McpHttpHandler
  backed: Backed
  audit: Audit
  settings: HttpSettings
}

const AUDIT_MS = 5_000
const CLOSE_MS = 10_000

export function shutDownOnSignal(parts: Parts): void {
  let isEnding = false
  const end = async () => {
    if (isEnding) return
    isEnding = true
    await shutDown(parts).catch(error => parts.log.say('error', 'stopping failed', { cause: `${error}` }))
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

async function shutDown({ log, server, readiness, door, mcp, backed, audit, settings }: Parts): Promise<void> {
  log.say('info', 'stopping: no longer ready', { running: door.running })
  readiness.end()
  await sleep(settings.HTTP_DRAIN_MS)
  server.close()
  server.closeIdleConnections()
  const until = Date.now() + settings.HTTP_FINISH_MS
  while (door.running > 0 && Date.now() < until) await sleep(50)
  if (door.running > 0) log.say('warn', 'calls were cut off', { running: door.running })
  // Streams that wait for news have no end of their own.
  await mcp.close()
  server.closeAllConnections()
  await Promise.race([backed.close?.().catch(error => log.say('warn', `${error}`)), sleep(backed.close ? CLOSE_MS : 0)])
  await audit.close(AUDIT_MS)
  log.say('info', 'stopped')
}
