// What a form says of a bundled server, from a launch and back; and what of it is wrong before anybody is asked.
import { type BundledServer, launchOf, sentence, type Wrong } from '../../../../contract/catalog.ts'
import type { Launch } from '../../../../contract/servers.ts'
import { wrongWith } from './setting-field.tsx'

/** A credential: one that is stored, one that is typed now, or none. */
export type Credential = { kind: 'none' } | { kind: 'stored'; name: string } | { kind: 'typed'; value: string }

export interface Choices {
  /** As the fields show them; what is as by default is left out of the launch. */
  settings: Record<string, string>
  credentials: Record<string, Credential>
  folders: string
  switches: string[]
}

const REFERENCE = /^\$\{secret:([^}]+)\}$/

/** What counts where a setting is not set: of a new server what Gatehouse gives, of one that is there its own default. */
export function usualOf(one: BundledServer, name: string, isNew: boolean): string {
  return (isNew ? one.given[name]?.value : undefined) ?? `${one.settings[name]?.default ?? ''}`
}

const plainOf = (one: BundledServer) => Object.keys(one.settings).filter(name => !one.secrets.includes(name))

/** A fresh form; credentials of the same name that are stored already are proposed. */
export function freshChoices(one: BundledServer, stored: readonly string[]): Choices {
  const credentials = one.secrets.map((name): [string, Credential] => {
    const isMeant = stored.includes(name) && (one.needs.includes(name) || one.first.includes(name))
    return [name, isMeant ? { kind: 'stored', name } : { kind: 'none' }]
  })
  const settings = plainOf(one).map(name => [name, usualOf(one, name, true)])
  return {
    settings: Object.fromEntries(settings),
    credentials: Object.fromEntries(credentials),
    folders: '',
    switches: [],
  }
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
  const settings = plainOf(one).map(name => [name, launch.env[name] ?? usualOf(one, name, false)])
  return {
    settings: Object.fromEntries(settings),
    credentials: Object.fromEntries(credentials),
    folders: folders.join('\n'),
    switches: launch.args.filter(argument => allowed.includes(argument)),
  }
}

/** `secrets`: the names that credentials have in the keychain. `before`: of a server that is there. */
export function launchFrom(
  one: BundledServer,
  choices: Choices,
  secrets: Record<string, string>,
  before: Launch | undefined,
): Launch {
  const isSaid = ([name, value]: [string, string]) =>
    value !== '' && (value !== usualOf(one, name, before === undefined) || before?.env[name] === value)
  const settings = Object.fromEntries(Object.entries(choices.settings).filter(isSaid))
  const { folders, switches } = choices
  return launchOf(before ? { ...one, given: {} } : one, { settings, secrets, folders: foldersIn(folders), switches })
}

/** One per line. */
export const foldersIn = (text: string): string[] => text.split('\n').flatMap(line => line.trim() || [])

/** Asked for first, then the rest; each in its order. */
export function ordered(one: BundledServer): { first: string[]; more: string[] } {
  const wanted = new Set([...one.needs, ...one.first, ...Object.keys(one.given)])
  return { first: [...wanted], more: Object.keys(one.settings).filter(name => !wanted.has(name)) }
}

/** What is not filled in, and has to be before it can be saved; said once somebody tried. */
export function unfilledIn(one: BundledServer, name: string, choices: Choices): Wrong {
  const empty = Object.entries(choices.credentials).filter(([, value]) => value.kind === 'typed' && value.value === '')
  return {
    ...Object.fromEntries(empty.map(([secret]) => [secret, 'Type a value, or choose None.'])),
    ...(one.folders?.needed && foldersIn(choices.folders).length === 0 ? { folders: 'Name a folder.' } : {}),
    ...(name.trim() === '' ? { name: 'Give it a name.' } : {}),
  }
}

/** What can be seen to be wrong without asking its program, by setting, in sentences. */
export function wrongAtOnce(one: BundledServer, { settings, credentials, folders }: Choices): Wrong {
  const plain = Object.entries(settings).map(([name, value]) => [name, wrongWith(one.settings[name] ?? {}, value)])
  const secret = Object.entries(credentials).map(([name, value]) => [
    name,
    value.kind === 'typed' ? wrongWith(one.settings[name] ?? {}, value.value) : undefined,
  ])
  const option = foldersIn(folders).find(line => line.startsWith('-'))
  const all = [...plain, ...secret, ['folders', option && `${option} is no whole path.`]]
  return Object.fromEntries(all.filter(([, words]) => words !== undefined))
}

/** What its program said, as sentences. */
export const inSentences = (wrong: Wrong): Wrong =>
  Object.fromEntries(Object.entries(wrong).map(([name, rule]) => [name, sentence(rule)]))
