// Says what servers are and can be told, as JSON, for whoever offers them: node servers/catalog.ts NAME…
// With --check NAME, and a launch of that one on stdin: what of it is wrong.
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { json } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { FACTS, type Facts } from './catalog-facts.ts'
import { checkLaunch, Launch } from './check-launch.ts'
import { COMMON, type SettingsShape, wrongIn } from './kit/settings.ts'

const suffix = extname(import.meta.filename)
/** What no setting takes, so that each says what it wants. */
const ODD = '\u0001,,'

async function describe(name: string) {
  const { facts, shape } = await find(name)
  const schema = z.toJSONSchema(z.object(shape), { io: 'input', unrepresentable: 'any' })
  const { properties = {} } = schema as {
    properties?: Record<string, { secret?: true; pattern?: string; format?: string }>
  }
  // A gate in front says this itself.
  delete properties.KEEP_OUT
  const settings = Object.fromEntries(
    Object.entries(properties).map(([n, one]) => [
      n,
      { ...one, ...saidOf(n, shape, (one.pattern ?? one.format) !== undefined) },
    ]),
  )
  const secrets = Object.keys(properties).filter(setting => properties[setting]?.secret === true)
  const { needs = [], first = [], given = {}, folders = null, switches = [], uses = null, along: _, ...rest } = facts
  return { name, ...rest, needs, first, given, folders, switches, uses, secrets, settings }
}

/** What its schema cannot say: in words, how it is written; and a yes or no that is written as text. */
function saidOf(setting: string, shape: SettingsShape, isWritten: boolean) {
  const rule = isWritten ? wrongIn({ [setting]: shape[setting]! }, { [setting]: ODD })[setting] : undefined
  const usual = shape[setting]!.safeParse(undefined)
  const isYesOrNo = usual.success && typeof usual.data === 'boolean'
  return {
    ...(rule ? { rule } : {}),
    ...(isYesOrNo ? { enum: ['true', 'false'], default: `${usual.data}` } : {}),
  }
}

async function find(name: string): Promise<{ facts: Facts; shape: SettingsShape }> {
  const facts = FACTS[name]
  if (!facts) throw new Error(`No server is called ${name}.`)
  const place = join(import.meta.dirname, name, `settings${suffix}`)
  const own: SettingsShape = existsSync(place) ? (await import(pathToFileURL(place).href)).SETTINGS : {}
  // Its own first, in their order.
  return { facts, shape: { ...own, ...COMMON, ...own } }
}

async function check(name: string) {
  const { facts, shape } = await find(name)
  return checkLaunch(facts, shape, Launch.parse(await json(process.stdin)))
}

const [first, ...rest] = process.argv.slice(2)
const said = first === '--check' ? await check(rest[0]!) : await Promise.all([first!, ...rest].map(describe))
process.stdout.write(`${JSON.stringify(said)}\n`)
