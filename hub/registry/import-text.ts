// Finds server definitions in whatever people paste: a config, a fragment of one, a whole README.
import { basename } from 'node:path'
import type { Node } from 'jsonc-parser'
import { HubError } from '../error.ts'
import { plainValue, treeOf } from './config-text.ts'
import { packageOf } from './package-of.ts'

/** What was found, by name, and what was left out, in words. Values are as written: not checked yet. */
export interface Imported {
  entries: Map<string, Record<string, unknown>>
  dropped: string[]
}

type Plain = Record<string, unknown>

const MAX_BLOCKS = 50
const KEPT = ['command', 'args', 'cwd', 'env', 'url', 'headers']
const ONLY_YOU: Record<string, string> = {
  trust: 'only you can say that, when you agree to the server',
  tools: 'rules for tools are made in Gatehouse',
  startup: 'that is set in Gatehouse',
  enabled: 'that is set in Gatehouse',
  instance: 'that is set in Gatehouse',
  sampling: 'that is set in Gatehouse',
  idleStopMinutes: 'that is set in Gatehouse',
}

export function importText(text: string): Imported {
  const dropped: string[] = []
  let problem = ''
  const found: Map<string, Plain>[] = []
  for (const candidates of [wholeIn(text), fencedIn(text), blocksIn(text)]) {
    for (const candidate of candidates) {
      const tree = treeOf(candidate)
      if ('what' in tree) {
        if (/"(mcpServers|command|url)"/.test(candidate))
          problem ||= `line ${tree.line}, column ${tree.column}: ${tree.what}`
        continue
      }
      const entries = serversIn(tree)
      if (entries.size > 0) found.push(entries)
    }
    if (found.length > 0) break
  }
  const first = found[0]
  if (!first)
    throw new HubError(
      'registry/nothing-to-import',
      `No server definition was found in this text${problem ? ` (${problem})` : ''}.`,
      {
        hint: 'Paste a block like {"mcpServers": {"name": {"command": "npx", "args": ["-y", "package"]}}}.',
      },
    )
  const others = found
    .slice(1)
    .filter(other => [...other].some(([name, entry]) => JSON.stringify(first.get(name)) !== JSON.stringify(entry)))
  if (others.length > 0)
    dropped.push(
      `The text holds ${others.length} more block${others.length > 1 ? 's' : ''} with definitions; only the first was taken.`,
    )
  const entries = new Map([...first].map(([name, entry]) => [name, cleaned(name, entry, dropped)]))
  return { entries, dropped }
}

function wholeIn(text: string): string[] {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return [trimmed]
  return trimmed.startsWith('"') ? [`{${trimmed}}`] : []
}

/** Blocks between Markdown fences, also indented or quoted ones. */
function fencedIn(text: string): string[] {
  const fences = [...text.matchAll(/^[ \t>]*(?:```|~~~)[^\n]*\n([\s\S]*?)^[ \t>]*(?:```|~~~)/gm)].slice(0, MAX_BLOCKS)
  return fences.flatMap(([, block]) => wholeIn(block!))
}

/** A block in the middle of prose, from its key to its closing brace. */
function blocksIn(text: string): string[] {
  const blocks: string[] = []
  const key = /"(?:mcpServers|servers)"\s*:\s*\{/g
  for (let match = key.exec(text); match && blocks.length < MAX_BLOCKS; match = key.exec(text)) {
    const end = closingBrace(text, key.lastIndex - 1)
    if (end < 0) break
    blocks.push(`{${text.slice(match.index, end + 1)}}`)
    key.lastIndex = end
  }
  return blocks
}

function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    const c = text[i]
    if (c === '"') for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    if (c === '{') depth++
    else if (c === '}' && --depth === 0) return i
  }
  return -1
}

function serversIn(tree: Node): Map<string, Plain> {
  const root = plainValue(tree)
  if (!isPlain(root)) return new Map()
  const nested = isPlain(root.mcp) ? root.mcp : {}
  for (const block of [root.mcpServers, root.servers, nested.servers, root]) {
    if (!isPlain(block)) continue
    const entries = Object.entries(block).filter(
      (pair): pair is [string, Plain] => isPlain(pair[1]) && isEntry(pair[1]),
    )
    if (entries.length > 0) return new Map(entries)
  }
  return isEntry(root) ? new Map([[nameOf(root), root]]) : new Map()
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEntry(value: Plain): boolean {
  return 'command' in value || 'url' in value || 'serverUrl' in value || 'httpUrl' in value
}

/** A bare entry's name: that of its package, or of its program. */
function nameOf({ command, args, url }: Plain): string {
  if (typeof command !== 'string')
    return typeof url === 'string' && URL.canParse(url) ? new URL(url).hostname : 'server'
  const words = Array.isArray(args) ? args.filter(word => typeof word === 'string') : []
  const name = packageOf(basename(command), words)?.name ?? basename(command)
  return (
    name
      .split('/')
      .at(-1)!
      .replace(/\.\w+$/, '')
      .slice(0, 40) || 'server'
  )
}

function cleaned(name: string, given: Plain, dropped: string[]): Plain {
  const entry: Plain = {
    ...given,
    url: given.url ?? given.serverUrl ?? given.httpUrl,
    env: given.env ?? given.environment,
  }
  if (Array.isArray(given.command)) [entry.command, entry.args] = [given.command[0], given.command.slice(1)]
  const out: Plain = {}
  for (const key of KEPT) if (entry[key] !== undefined) out[key] = withSecrets(entry[key])
  const renamed = ['serverUrl', 'httpUrl', 'environment', 'type', 'transport']
  for (const key of Object.keys(given)) {
    if (KEPT.includes(key) || renamed.includes(key)) continue
    dropped.push(`${name}: “${key.slice(0, 60)}” was left out: ${ONLY_YOU[key] ?? 'Gatehouse does not know it'}.`)
  }
  if (JSON.stringify(entry).includes('${input:'))
    dropped.push(`${name}: what VS Code would ask for (\${input:…}) became secrets of the same name.`)
  return out
}

/** VS Code asks for inputs; here they are secrets. */
function withSecrets(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(
      /\$\{input:([^}]+)\}/g,
      (_, id: string) => `\${secret:${id.replace(/[^A-Za-z0-9_.-]/g, '_').replace(/^(?![A-Za-z_])/, '_')}}`,
    )
  if (Array.isArray(value)) return value.map(withSecrets)
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSecrets(inner)]))
  return value
}
