// What a form says of a bundled server, from a launch and back.
import { type BundledServer, type Chosen, launchOf } from '../../../../contract/catalog.ts'
import type { Launch } from '../../../../contract/servers.ts'

/** A credential: one that is stored, one that is typed now, or none. */
export type Credential = { kind: 'none' } | { kind: 'stored'; name: string } | { kind: 'typed'; value: string }

export interface Choices {
  /** As the form holds them; what is as by default is left out of the launch. */
  settings: Record<string, unknown>
  credentials: Record<string, Credential>
  folders: string
  switches: string[]
}

const REFERENCE = /^\$\{secret:([^}]+)\}$/

/** A fresh form; credentials of the same name that are stored already are proposed. */
export function freshChoices(one: BundledServer, stored: readonly string[]): Choices {
  const credentials = one.secrets.map((name): [string, Credential] => {
    const isMeant = stored.includes(name) && (one.needs.includes(name) || one.first.includes(name))
    return [name, isMeant ? { kind: 'stored', name } : { kind: 'none' }]
  })
  return { settings: {}, credentials: Object.fromEntries(credentials), folders: '', switches: [] }
}

/** The form of a server that is there; null when its launch says more than the form can show. */
export function choicesOf(one: BundledServer, launch: Launch): Choices | null {
  const allowed = one.switches.map(({ argument }) => argument)
  const folders = launch.args.filter(argument => !allowed.includes(argument))
  const isMore =
    launch.cwd !== undefined ||
    folders.some(argument => argument.startsWith('-')) ||
    (one.folders === null && folders.length > 0) ||
    Object.keys(launch.env).some(name => !(name in one.settings)) ||
    one.secrets.some(name => launch.env[name] !== undefined && !REFERENCE.test(launch.env[name]))
  if (isMore) return null
  const credentials = one.secrets.map((name): [string, Credential] => {
    const stored = REFERENCE.exec(launch.env[name] ?? '')?.[1]
    return [name, stored ? { kind: 'stored', name: stored } : { kind: 'none' }]
  })
  const plain = Object.entries(launch.env).filter(([name]) => !one.secrets.includes(name))
  return {
    settings: Object.fromEntries(plain.map(([name, value]) => [name, typed(one, name, value)])),
    credentials: Object.fromEntries(credentials),
    folders: folders.join('\n'),
    switches: launch.args.filter(argument => allowed.includes(argument)),
  }
}

/** `secrets`: the names that credentials have in the keychain. */
export function launchFrom(one: BundledServer, choices: Choices, secrets: Record<string, string>): Launch {
  const chosen: Chosen = {
    settings: settingsIn(one, choices),
    secrets,
    folders: choices.folders.split('\n').filter(line => line.trim() !== ''),
    switches: choices.switches,
  }
  return launchOf(one, chosen)
}

/** The schema of these settings, with what Gatehouse gives as their default. */
export function schemaOf(one: BundledServer, names: readonly string[]) {
  const properties = names.map(name => {
    const { secret: _, ...schema } = one.settings[name] ?? {}
    const given = one.given[name]
    const because = given ? `${schema.description ?? ''}. ${given.because}` : schema.description
    return [name, { ...schema, title: name, description: because, ...(given ? { default: given.value } : {}) }]
  })
  return { type: 'object', properties: Object.fromEntries(properties) }
}

/** In rjsf's words. A choice says what it is for beneath, since its field has no place for it. */
export function lookOf(one: BundledServer, names: readonly string[]) {
  const chosen = names.filter(name => one.settings[name]?.enum !== undefined)
  const help = chosen.map(name => [name, { 'ui:help': one.settings[name]?.description }])
  return { 'ui:order': [...names, '*'], ...Object.fromEntries(help) }
}

/** Needed and first ones, then the rest; credentials have fields of their own. */
export function ordered(one: BundledServer): { first: string[]; more: string[] } {
  const plain = Object.keys(one.settings).filter(name => !one.secrets.includes(name))
  const wanted = [...one.needs, ...one.first, ...Object.keys(one.given)]
  const first = [...new Set(wanted)].filter(name => plain.includes(name))
  return { first, more: plain.filter(name => !first.includes(name)) }
}

function settingsIn(one: BundledServer, { settings }: Choices): Record<string, string> {
  const set = Object.entries(settings).filter(([name, value]) => {
    const usual = one.given[name]?.value ?? one.settings[name]?.default
    return value !== undefined && value !== null && value !== '' && `${value}` !== `${usual ?? ''}`
  })
  return Object.fromEntries(set.map(([name, value]) => [name, `${value}`]))
}

function typed(one: BundledServer, name: string, value: string): unknown {
  const type = one.settings[name]?.type
  return (type === 'integer' || type === 'number') && value.trim() !== '' ? Number(value) : value
}
