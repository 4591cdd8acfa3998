// What holds for one client alone, and is to be said of its file before it is written.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { valueAt } from './entry.ts'
import { LONG } from './long-json.ts'
import type { Config } from './read-config.ts'
import { type KnownClient, type System, systemOf } from './table.ts'

const MANAGED: Record<System, string> = {
  darwin: '/Library/Application Support/ClaudeCode/managed-mcp.json',
  win32: 'C:\\Program Files\\ClaudeCode\\managed-mcp.json',
  linux: '/etc/claude-code/managed-mcp.json',
}

/** An administrator's file that Claude Code then reads in the place of all others, or null. */
export function managedFile({ id }: KnownClient, platform: NodeJS.Platform, exists = existsSync): string | null {
  const path = MANAGED[systemOf(platform)]
  return /^claude-code(@|$)/.test(id) && exists(path) ? path : null
}

/** How many profiles VS Code has besides the default one: each reads a file of its own. */
export function profilesBeside({ id }: KnownClient, path: string): number {
  if (!/^vscod(e|e-insiders|ium)$/.test(id)) return 0
  try {
    return readdirSync(join(dirname(path), 'profiles'), { withFileTypes: true }).filter(each => each.isDirectory())
      .length
  } catch {
    return 0
  }
}

/** How many servers Claude Code keeps for single projects, in its own file; of a long file that is not looked up. */
export function serversOfProjects(config: Config, { id }: KnownClient): number {
  const projects = id === 'claude-code' && config.text.length <= LONG ? valueAt(config, ['projects']) : null
  return Object.values(mapOf(projects)).reduce<number>(
    (sum, project) => sum + Object.keys(mapOf(mapOf(project).mcpServers)).length,
    0,
  )
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
