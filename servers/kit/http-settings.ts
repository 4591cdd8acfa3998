// What a server that listens for a team can be told by its environment; who may call is always said.
import { z } from 'zod'
import { type Settings, SettingsError, type SettingsShape } from './settings.ts'

const list = () =>
  z
    .string()
    .default('')
    .transform(text => text.split(',').map(one => one.trim()))
    .transform(names => names.filter(name => name !== ''))

/** A setting that is JSON of this shape. */
function json<T>(shape: z.ZodType<T>, fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' })
        return z.NEVER
      }
    })
    .pipe(shape)
}

const name = z.string().min(1).max(200)
/** What a header may carry as a token (RFC 6750). */
const token = z
  .string()
  .min(24)
  .max(500)
  .regex(/^[\w.~+/=-]*$/, 'is letters, digits and - . _ ~ + / = alone')
const isLoopbackUrl = (url: string) => /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(url)
const keysUrl = z.url().refine(url => url.startsWith('https://') || isLoopbackUrl(url), 'begins with https://')

export const HTTP_SETTINGS = {
  HTTP_TOKENS: json(z.array(z.strictObject({ name, token, roles: z.array(name).default([]) })).max(1000), '[]')
    .describe('Who may call by a fixed token: JSON `[{"name":"ci","token":"…24 signs or more","roles":["reader"]}]`')
    .meta({ secret: true }),
  JWT_JWKS_URL: keysUrl.optional().describe('Where the issuer’s keys are; with it, its JWTs are taken'),
  JWT_ISSUER: name.optional().describe('What `iss` of a JWT must be'),
  JWT_AUDIENCE: name.optional().describe('What `aud` of a JWT must hold: this server, and no other'),
  JWT_ROLES_CLAIM: name.default('roles').describe('Where a JWT has its roles: a list, or words between spaces'),
  JWT_GROUPS_CLAIM: name.default('groups').describe('Where a JWT has its groups'),
  HTTP_ROLES: json(z.record(name, z.array(name).max(1000)), '{"reader":["@reading"],"admin":["*"]}').describe(
    'Which tools each role may call, by name with `*`; `@reading`: those that change nothing',
  ),
  HTTP_DEFAULT_ROLES: list().describe('Roles of callers whose token names none, separated by commas'),
  HTTP_HOSTS: list().describe('Names under which it is called (`Host`); needed beyond this computer'),
  HTTP_ORIGINS: list().describe('Host names of web pages that may call it (`Origin`)'),
  HTTP_PUBLIC_URL: z.url().optional().describe('Its own address, for clients that look for where to sign in'),
  HTTP_METRICS_TOKEN: token
    .optional()
    .describe('With it, `/metrics` is read with the header “Authorization: Bearer …” alone')
    .meta({ secret: true }),
  HTTP_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1)
    .describe(
      'How many of it answer beside each other; with more than one, a server that keeps things to itself does not start',
    ),
  HTTP_RECEIVE_MS: z.coerce.number().int().min(100).default(15_000).describe('In which a request has to arrive'),
  HTTP_DRAIN_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(5_000)
    .describe('After SIGTERM: still answers, no longer ready'),
  HTTP_FINISH_MS: z.coerce.number().int().min(0).default(25_000).describe('Then: how long running calls may take'),
  AUDIT_TO: z
    .string()
    .regex(/^(stdout|\/.+|https?:\/\/.+)$/, 'is stdout, a file’s full path, or http(s)://…')
    .default('stdout')
    .describe('Where a line for each call goes: `stdout`, a file, or an address that takes them by POST')
    .meta({ secret: true }),
  AUDIT_AT_ONCE: z
    .string()
    .default('prod,production,prod-*,production-*')
    .describe('Calls that name one of these are written at once, like denied and destructive ones'),
  AUDIT_MOST: z.coerce
    .number()
    .int()
    .min(10)
    .default(10_000)
    .describe('Lines that wait while nothing can be written; with so many, calls are refused'),
} satisfies SettingsShape

export type HttpSettings = Settings<typeof HTTP_SETTINGS>

/** `:8080` is this computer alone; `0.0.0.0:8080` everyone who reaches it. Throws SettingsError. */
export function listenAt(text: string): { host: string; port: number } {
  const [, host, port] = /^(?:(\[[0-9a-fA-F:]+\]|[^:[\]]*):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new SettingsError(`--http ${text}: say --http :8080, or --http 0.0.0.0:8080.`)
  return { host: host ? host.replace(/^\[(.*)\]$/, '$1') : '127.0.0.1', port: Number(port) }
}

export const isLoopback = (host: string) => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)

/** What must not be together, or not be missing. Throws SettingsError. */
export function checkTogether(host: string, s: HttpSettings): void {
  const wrong: string[] = []
  const jwt = [s.JWT_JWKS_URL, s.JWT_ISSUER, s.JWT_AUDIENCE]
  if (jwt.some(Boolean) && !jwt.every(Boolean)) wrong.push('JWT_JWKS_URL, JWT_ISSUER and JWT_AUDIENCE go together.')
  if (new Set(s.HTTP_TOKENS.map(one => one.token)).size < s.HTTP_TOKENS.length)
    wrong.push('HTTP_TOKENS: one is there twice.')
  for (const role of [...s.HTTP_TOKENS.flatMap(one => one.roles), ...s.HTTP_DEFAULT_ROLES])
    if (!Object.hasOwn(s.HTTP_ROLES, role)) wrong.push(`HTTP_ROLES does not say what the role ${role} may call.`)
  if (!isLoopback(host) && s.HTTP_TOKENS.length === 0 && !s.JWT_JWKS_URL)
    wrong.push(
      `It would listen on ${host} for everyone. Set HTTP_TOKENS, or JWT_JWKS_URL, JWT_ISSUER and JWT_AUDIENCE.`,
    )
  if (!isLoopback(host) && s.HTTP_HOSTS.length === 0)
    wrong.push('Set HTTP_HOSTS to the names under which it is called.')
  if (wrong.length > 0) throw new SettingsError(`These settings are wrong.\n  ${wrong.join('\n  ')}`)
}
