// A server as it stands in a client's own file: what it starts, where its keys stand, and what only that client knows.
import type { Launch } from '../../contract/servers.ts'
import { ENTRY_NAME, valueAt } from './entry.ts'
import type { Json } from './layout.ts'
import { MASK, secretsIn } from './mask.ts'
import type { Config } from './read-config.ts'
import type { KnownClient } from './table.ts'

export type Entry = { [key: string]: Json }

/** A value that may be a key: the characters `from`–`to` of the text at `path`. Never shown, never logged. */
export interface FoundValue {
  where: 'env' | 'headers' | 'url'
  name: string
  isKey: boolean
  path: string[]
  from: number
  to: number
  value: string
}

export interface FoundServer {
  name: string
  entry: Entry
  launch: Launch
  /** As one line, with what may be secret as •••. */
  line: string
  /** Switched off in the client. */
  off: boolean
  values: FoundValue[]
  /** What does not come along, in words. */
  notes: string[]
  /** Why it cannot be taken; null when it can. */
  cannot: string | null
}

/** `secret`: the name that the value at this place is kept under. */
export type Keeping = Pick<FoundValue, 'path' | 'from' | 'to'> & { secret: string }

const SILENT = new Set(
  'command cmd args cwd env environment envs url uri serverUrl httpUrl headers http_headers type transport enabled disabled source'.split(
    ' ',
  ),
)
const FROM_ENVIRONMENT = new Set(['bearer_token_env_var', 'env_http_headers', 'env_vars'])
const RULES =
  /^(alwaysAllow|autoApprove|trust|includeTools|excludeTools|enabled_tools|disabled_tools|tools|disabledTools)$/

/** All servers in the file but our own entry, in the file's order. */
export function serversIn(config: Config, client: KnownClient): FoundServer[] {
  return entriesIn(config, client).map(([name, entry]) => found(name, entry, client))
}

/** Their entries alone, by name. */
export function entriesIn(config: Config, client: KnownClient): [name: string, entry: Entry][] {
  const servers = valueAt(config, client.config.keyPath)
  if (!isMap(servers)) return []
  return Object.entries(servers).flatMap(([name, entry]) =>
    name === ENTRY_NAME || !isMap(entry) ? [] : [[name, entry as Entry]],
  )
}

/** The names of what looks like a key in an entry. */
export function keyNamesIn(entry: Entry): string[] {
  return valuesIn(entry).flatMap(value => (value.isKey ? [value.name] : []))
}

/** The entry with references in the place of its keys. */
export function withReferences(entry: Entry, keeping: readonly Keeping[]): Entry {
  const out = structuredClone(entry)
  for (const { path, from, to, secret } of [...keeping].sort((a, b) => b.from - a.from))
    change(out, path, text => `${text.slice(0, from)}\${secret:${secret}}${text.slice(to)}`)
  return out
}

/** The entry with what the references at these places stand for. */
export function withValues(
  entry: Entry,
  keys: readonly { path: string[]; secret: string }[],
  values: ReadonlyMap<string, string>,
): Entry {
  const out = structuredClone(entry)
  for (const { path, secret } of keys)
    change(out, path, text => text.replaceAll(`\${secret:${secret}}`, () => values.get(secret) ?? ''))
  return out
}

/** What the entry starts, in our words. */
export function launchOf(entry: Entry): Launch {
  const { inner } = innerOf(entry)
  const [command, ...words] = Array.isArray(inner.command) ? inner.command : [inner.command ?? undefined]
  const url = inner.url ?? inner.serverUrl ?? inner.httpUrl ?? inner.uri
  const headers = { ...texts(inner.headers), ...texts(inner.http_headers) }
  for (const [name, variable] of Object.entries(texts(inner.env_http_headers))) headers[name] = `\${env:${variable}}`
  if (typeof inner.bearer_token_env_var === 'string')
    headers.Authorization = `Bearer \${env:${inner.bearer_token_env_var}}`
  const env = texts(inner.env ?? inner.environment ?? inner.envs)
  for (const name of list(inner.env_vars)) env[name] = `\${env:${name}}`
  return {
    ...(typeof command === 'string' ? { command: translated(command) } : {}),
    args: [...words.map(String), ...list(inner.args)].map(translated),
    ...(typeof inner.cwd === 'string' ? { cwd: translated(inner.cwd) } : {}),
    env: mapped(env),
    ...(typeof url === 'string' ? { url: translated(url) } : {}),
    headers: mapped(headers),
  }
}

function found(name: string, entry: Entry, client: KnownClient): FoundServer {
  const launch = launchOf(entry)
  const { inner } = innerOf(entry)
  const foreign = Object.keys({ ...entry, ...inner }).filter(key => !SILENT.has(key) && !FROM_ENVIRONMENT.has(key))
  const isAllTools = (key: string) => JSON.stringify(inner[key]) === '["*"]'
  return {
    name,
    entry,
    launch,
    line: lineOf(launch),
    off: inner.enabled === false || inner.disabled === true || entry.enabled === false || entry.disabled === true,
    values: valuesIn(entry),
    notes: foreign
      .filter(key => !isAllTools(key) && JSON.stringify(inner[key] ?? entry[key]) !== '[]')
      .map(key =>
        RULES.test(key)
          ? `“${shown(key)}” does not come along: what may be called is decided by your policy here.`
          : `“${shown(key)}” does not come along: only ${client.name} knows it.`,
      ),
    cannot: whyNot(entry, launch, client),
  }
}

function whyNot(entry: Entry, launch: Launch, client: KnownClient): string | null {
  const { inner } = innerOf(entry)
  if (!isJson(entry)) return 'It holds a date or a number that cannot be carried over as it is.'
  const parts = Object.values(entry)
  if (launch.command === undefined && launch.url === undefined && parts.length > 0 && parts.every(isMap))
    return 'It holds servers of its own, one level down. Move them up in the file first.'
  if (launch.command === undefined && launch.url === undefined) return 'It names neither a command nor an address.'
  if ([inner.type, inner.transport].includes('sse'))
    return 'It speaks the old SSE transport, which Gatehouse does not. Ask its maker for its streamable HTTP address.'
  if (JSON.stringify(entry).includes('${secret:'))
    return 'It names ${secret:…}, which only has a meaning in Gatehouse. Add this server in Gatehouse yourself.'
  const all = [launch.command, ...launch.args, launch.cwd, launch.url]
  const texts = [...all, ...Object.values(launch.env), ...Object.values(launch.headers)].filter(
    each => each !== undefined,
  )
  const unknown = texts.flatMap(text => [
    ...text.matchAll(/\$\{(?!env:[A-Za-z_]\w*\}|secret:|home\})[^}]*\}|\{file:[^}]*\}/g),
  ])[0]
  if (unknown) return `It names ${shown(unknown[0])}, which only ${client.name} can fill in.`
  const bare = client.entry.bare && texts.flatMap(text => text.match(/\$(\w+|\()/) ?? [])[0]
  if (bare)
    return bare === '$('
      ? `It fills in what a command says, which only ${client.name} can do.`
      : `It names ${shown(bare)}. Write it as \${${shown(bare.slice(1))}} in the file, then take it.`
  if (hiddenWords(launch).some((word, at) => word !== launch.args[at]))
    return 'A key stands in its arguments, where every user of this machine can read it. Put it into its env first.'
  return null
}

/** Every value of env, headers and the address, and whether it looks like a key. */
function valuesIn(entry: Entry): FoundValue[] {
  const { inner, at } = innerOf(entry)
  const maps = (['env', 'environment', 'envs', 'headers', 'http_headers'] as const).flatMap(key => {
    const where = key.startsWith('env') ? ('env' as const) : ('headers' as const)
    return Object.entries(texts(inner[key])).map(([name, text]) => {
      const from = /^(?:bearer|basic|token)\s+/i.exec(text)?.[0].length ?? 0
      const value = text.slice(from)
      const isKey = secretsIn.key(name, value)
      return { where, name, isKey, path: [...at, key, name], from, to: text.length, value }
    })
  })
  const own = (['url', 'serverUrl', 'httpUrl', 'uri'] as const).find(key => typeof inner[key] === 'string')
  return [...maps, ...(own ? keysInUrl(String(inner[own]), [...at, own]) : [])]
}

function keysInUrl(url: string, path: string[]): FoundValue[] {
  const found: FoundValue[] = []
  const add = (name: string, from: number, value: string) => {
    if (value !== '') found.push({ where: 'url', name, isKey: true, path, from, to: from + value.length, value })
  }
  const user = /^[a-z][\w+.-]*:\/\/[^/?#\s@:]*:([^/?#\s@]+)@/i.exec(url)
  if (user && !user[1]!.startsWith('${')) add('password', user[0].length - 1 - user[1]!.length, user[1]!)
  const query = url.indexOf('?')
  for (const { index, 0: segment } of url.slice(0, query < 0 ? undefined : query).matchAll(/(?<=[^/:]\/)[^/]+/g))
    if (secretsIn.shown(segment) === MASK) add('path', index, segment)
  for (const { index, 1: name = '', 2: value = '' } of url.matchAll(/[?&]([^=&#]+)=([^&#]*)/g))
    if (secretsIn.key(name, value)) add(name, index + name.length + 2, value)
  return found
}

/** Some keep command and address one level down. */
function innerOf(entry: Entry): { inner: Entry; at: string[] } {
  for (const at of ['transport', 'command'])
    if (isMap(entry[at])) {
      const inner = entry[at] as Entry
      return { inner: at === 'command' ? { ...inner, command: inner.path ?? null } : inner, at: [at] }
    }
  return { inner: entry.cmd === undefined ? entry : { ...entry, command: entry.cmd }, at: [] }
}

// `{env:X}`, `${X}` and VS Code's inputs, as Gatehouse writes them.
function translated(text: string): string {
  return text
    .replace(/(?<!\$)\{env:([A-Za-z_]\w*)\}|\$\{([A-Za-z_]\w*)\}/g, (whole, a?: string, b?: string) =>
      (a ?? b) && !/folder|file|workspace|userHome/i.test(b ?? '') ? `\${env:${a ?? b}}` : whole,
    )
    .replace(/\$\{userHome\}/g, '${home}')
    .replace(
      /\$\{input:([^}]+)\}/g,
      (_, id: string) => `\${secret:${id.replace(/[^\w.-]/g, '_').replace(/^(?![A-Za-z_])/, '_')}}`,
    )
}

/** The address with keys in it as •••. */
export function hiddenUrl(address: string): string {
  return keysInUrl(address, [])
    .sort((a, b) => b.from - a.from)
    .reduce((url, k) => url.slice(0, k.from) + MASK + url.slice(k.to), address)
}

function lineOf(launch: Launch): string {
  if (launch.url !== undefined) return hiddenUrl(launch.url)
  return [launch.command ?? '', ...hiddenWords(launch)]
    .map(word => (/^[\w@%+=:,./${}~•-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ')
}

/** The arguments, with keys in them as •••. */
export function hiddenWords({ args }: Launch): string[] {
  return args.map((word, at) => {
    if (/\$\{/.test(word)) return word
    if (at > 0 && secretsIn.flag(args[at - 1]!) && !word.startsWith('-')) return MASK
    const shown = secretsIn.shown(word)
    return shown.endsWith(MASK) && !shown.endsWith(`?${MASK}`) ? shown : word
  })
}

function change(entry: Entry, path: readonly string[], to: (text: string) => string): void {
  const inner = path
    .slice(0, -1)
    .reduce<Json | undefined>((map, key) => (isMap(map) ? (map as Entry)[key] : undefined), entry)
  const name = path.at(-1)
  if (!isMap(inner) || name === undefined) return
  const map = inner as Entry
  map[name] = to(String(map[name]))
}

function texts(value: unknown): Record<string, string> {
  if (!isMap(value)) return {}
  const scalars = Object.entries(value).filter(([, each]) =>
    ['string', 'number', 'boolean', 'bigint'].includes(typeof each),
  )
  return Object.fromEntries(scalars.map(([name, each]) => [name, String(each)]))
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function mapped(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, translated(text)]))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function isJson(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJson)
  if (isMap(value)) return Object.values(value).every(isJson)
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

function shown(text: string): string {
  return text.slice(0, 60)
}
