// The headers that repeat a tool call's arguments for what stands between client and server, where the tool's schema asks
// for them (`x-mcp-header`, 2026-07-28 and later).

const KEY = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const MOST_DEPTH = 20

export interface ParamHeader {
  header: string
  path: string[]
}

/** Which arguments a tool wants in headers; of a schema that is not as it should be, those that are. */
export function paramHeaders(inputSchema: unknown, path: string[] = []): ParamHeader[] {
  if (typeof inputSchema !== 'object' || inputSchema === null || path.length > MOST_DEPTH) return []
  const { properties, [KEY]: name } = inputSchema as { properties?: unknown; [KEY]?: unknown }
  const own =
    typeof name === 'string' && TOKEN.test(name) && path.length > 0 ? [{ header: `Mcp-Param-${name}`, path }] : []
  if (typeof properties !== 'object' || properties === null) return own
  return [...own, ...Object.entries(properties).flatMap(([key, schema]) => paramHeaders(schema, [...path, key]))]
}

export function headersOf(wanted: readonly ParamHeader[], args: unknown): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { header, path } of wanted) {
    const value = path.reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      args,
    )
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value))
      found[header] = encoded(String(value))
  }
  return found
}

/** What a header cannot hold as it is goes as base64. */
function encoded(value: string): string {
  const isPlain = /^[\t\x20-\x7e]+$/.test(value) && value === value.trim() && !value.startsWith('=?base64?')
  return isPlain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`
}
