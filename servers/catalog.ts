// Prints what servers are and can be told, as JSON, for whoever offers them: node servers/catalog.ts NAME…
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { FACTS } from './catalog-facts.ts'
import { COMMON, type SettingsShape } from './kit/settings.ts'

const suffix = extname(import.meta.filename)

async function describe(name: string) {
  const facts = FACTS[name]
  if (!facts) throw new Error(`No server is called ${name}.`)
  const place = join(import.meta.dirname, name, `settings${suffix}`)
  const own: SettingsShape = existsSync(place) ? (await import(pathToFileURL(place).href)).SETTINGS : {}
  const schema = z.toJSONSchema(z.object({ ...own, ...withoutOwn(own) }), { io: 'input', unrepresentable: 'any' })
  const { properties = {} } = schema as { properties?: Record<string, { secret?: true; default?: unknown }> }
  // A gate in front says this itself.
  delete properties.KEEP_OUT
  const secrets = Object.keys(properties).filter(setting => properties[setting]?.secret === true)
  const { needs = [], first = [], given = {}, folders = null, switches = [], uses = null, ...rest } = facts
  return { name, ...rest, needs, first, given, folders, switches, uses, secrets, settings: properties }
}

const withoutOwn = (own: SettingsShape) => Object.fromEntries(Object.entries(COMMON).filter(([name]) => !(name in own)))

const all = await Promise.all(process.argv.slice(2).map(describe))
process.stdout.write(`${JSON.stringify(all)}\n`)
