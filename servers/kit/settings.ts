// A server's settings, from its environment: checked at start, all that is wrong named together, documented in one place.
import { z } from 'zod'

/** `.describe()` of each says what it is for; `.meta({ secret: true })` keeps its value out of every output. */
export type SettingsShape = Record<string, z.ZodType>
export type Settings<S extends SettingsShape> = z.output<z.ZodObject<S>>

export class SettingsError extends Error {}

/** Settings that every server has. Times: milliseconds. */
export const COMMON = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('What is written to stderr'),
  RATE_LIMIT: z.coerce.number().int().min(1).default(100).describe('Calls in 60 s'),
  MAX_AT_ONCE: z.coerce.number().int().min(1).default(10).describe('Calls that run at once; as many again may wait'),
  CALL_TIMEOUT_MS: z.coerce.number().int().min(100).default(30_000).describe('After which a call is given up'),
} satisfies SettingsShape

/** Throws SettingsError. A variable that is empty counts as not set. */
export function readSettings<S extends SettingsShape>(shape: S, env: NodeJS.ProcessEnv = process.env): Settings<S> {
  const { values, wrong } = parse(shape, env)
  if (wrong.length === 0) return values as Settings<S>
  const lines = new Set(wrong.map(([name, rule]) => `${name}: ${rule}`))
  throw new SettingsError(`These settings are wrong.\n  ${[...lines].join('\n  ')}`)
}

/** What each that is wrong must be, said of its name: `is at least 1`. */
export function wrongIn(shape: SettingsShape, env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(parse(shape, env).wrong.toReversed())
}

/** One by one: a check that fails at another’s refusal hides no other. */
function parse(shape: SettingsShape, env: NodeJS.ProcessEnv) {
  const wrong: [name: string, rule: string][] = []
  const values: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(shape)) {
    try {
      const read = type.safeParse(env[name] || undefined, { reportInput: true })
      if (read.success) values[name] = read.data
      else
        wrong.push(
          ...read.error.issues.map((issue): [string, string] => [name, `${within(issue.path)}${ruleOf(issue)}`]),
        )
    } catch {
      wrong.push([name, 'is written otherwise'])
    }
  }
  return { values, wrong }
}

/** Which part of a setting that is JSON: `0.token `. */
function within(path: readonly PropertyKey[]): string {
  return path.some(step => typeof step === 'string') ? `${path.join('.')} ` : ''
}

function ruleOf(issue: z.core.$ZodIssue): string {
  const isNumber = 'origin' in issue && (issue.origin === 'number' || issue.origin === 'int')
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.includes('disabled') ? 'is true or false' : `is one of ${issue.values.join(', ')}`
    case 'invalid_type':
      if (issue.input === undefined) return 'is needed'
      return issue.expected === 'int' ? 'is a whole number' : `is a ${issue.expected}`
    case 'too_small':
      return isNumber ? `is at least ${issue.minimum}` : 'has something empty in it'
    case 'too_big':
      return isNumber ? `is at most ${issue.maximum}` : 'is too long'
    case 'invalid_format':
      return issue.format === 'url' ? 'is an address that begins with https:// or http://' : issue.message
    default:
      return issue.message
  }
}

/** Values that must stand in no log and no answer. */
export function secretsOf<S extends SettingsShape>(shape: S, settings: Settings<S>): string[] {
  const values = settings as Record<string, unknown>
  return Object.keys(shape).flatMap(name => {
    const value = values[name]
    if (!isSecret(shape[name]!)) return []
    const texts = typeof value === 'string' ? [value, ...passwordIn(value)] : tokensIn(value)
    return texts.filter(isLong)
  })
}

/** The table in a server's README, so that it cannot go stale. */
export function settingsTable(shape: SettingsShape): string {
  const rows = Object.entries(shape).map(([name, type]) => {
    const { defaultValue, description = '' } = factsOf(type)
    const isPlain = typeof defaultValue !== 'object' || Array.isArray(defaultValue)
    const value = isPlain ? `${defaultValue ?? ''}` : JSON.stringify(defaultValue)
    return `| \`${name}\` | ${value === '' ? '–' : `\`${value}\``} | ${description} |`
  })
  return ['| setting | default | for |', '| --- | --- | --- |', ...rows].join('\n')
}

const isLong = (secret: string) => secret.length >= 4

/** Of a list of callers. */
function tokensIn(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap(one => (typeof one?.token === 'string' ? [one.token] : [])) : []
}

/** Of a URL: as it stands in it, and as it is. */
function passwordIn(value: string): string[] {
  const password = URL.canParse(value) ? new URL(value).password : ''
  return password ? [password, decodeURIComponent(password)] : []
}

function factsOf(type: z.ZodType): { defaultValue: unknown; description: string | undefined } {
  const bare = type.safeParse(undefined)
  return { defaultValue: bare.success ? bare.data : undefined, description: type.description }
}

function isSecret(type: z.ZodType): boolean {
  return z.globalRegistry.get(type)?.secret === true
}
