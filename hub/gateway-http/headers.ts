// The headers by which things between client and server route requests of the modern era: they must say what the body says.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
import type { IncomingHttpHeaders } from 'node:http'
import type { ClientFrame } from '../gateway/frame.ts'
import { paramHeaders } from '../supervisor/param-headers.ts'
import { HttpRefusal } from './refusal.ts'

const MISMATCH = -32020
const NAMED: Record<string, 'name' | 'uri' | 'taskId'> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** Throws HttpRefusal where a header is missing or says something else than the body. */
export function compare(headers: IncomingHttpHeaders, frame: ClientFrame, version: string | undefined): void {
  same(headers, 'mcp-protocol-version', version)
  same(headers, 'mcp-method', frame.method)
  const key = NAMED[frame.method]
  if (!key) return
  const named = frame.value[key]
  same(headers, 'mcp-name', typeof named === 'string' ? named : undefined)
}

/** The same for arguments that a tool's schema wants in headers. */
export function compareArguments(headers: IncomingHttpHeaders, frame: ClientFrame, inputSchema: unknown): void {
  for (const { header, path } of paramHeaders(inputSchema)) {
    const value = path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
      frame.value.arguments,
    )
    const said = textOf(headers[header.toLowerCase()])
    if (value === undefined || value === null) {
      if (said !== undefined) throw mismatch(header, 'the body has no such argument')
      continue
    }
    if (said === undefined) throw mismatch(header, 'it is missing')
    const isEqual =
      typeof value === 'number' ? /^\s*-?[\d.eE+-]+\s*$/.test(said) && Number(said) === value : said === String(value)
    if (!isEqual) throw mismatch(header, 'it differs from the body')
  }
}

function same(headers: IncomingHttpHeaders, name: string, body: string | undefined): void {
  const said = textOf(headers[name])
  if (said === undefined) throw mismatch(name, 'it is missing')
  if (said !== body) throw mismatch(name, 'it differs from the body')
}

/** What does not fit into a header comes as base64. */
function textOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(', ') : header
  const coded = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(text.trim())?.[1]
  if (coded === undefined) return text.trim()
  const bytes = Buffer.from(coded, 'base64')
  // Its padding belongs to it: another spelling of the same bytes is none.
  if (bytes.toString('base64') !== coded) throw mismatch('header', 'its base64 is not good')
  return bytes.toString('utf8')
}

function mismatch(name: string, why: string): HttpRefusal {
  return new HttpRefusal(400, `${name} must say what the body says: ${why}.`, MISMATCH)
}
