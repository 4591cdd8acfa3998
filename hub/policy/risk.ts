// What a call could do: the server's hints where its word is trusted, else only what makes it graver, and the words of its name.
import type { Risk, Tool } from '../../contract/servers.ts'

/** `byItsWord`: a trusted server said so itself, and nothing speaks against it. */
export interface Assessment {
  risk: Risk
  byItsWord: boolean
  reasons: string[]
}

/** Requests that MCP itself defines as reads of their server. */
const READS = new Set([
  'resources/read',
  'prompts/get',
  'completion/complete',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
])
/** What concerns the link itself and reaches nothing of a person's. */
const HOUSEKEEPING = new Set([
  'initialize',
  'ping',
  'server/discover',
  'logging/setLevel',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
])

/** `tool` for tools/call, `read` and `housekeeping` by MCP's definition, else `unknown`. */
export function kindOfMethod(method: string): 'tool' | 'read' | 'housekeeping' | 'unknown' {
  if (method === 'tools/call') return 'tool'
  if (READS.has(method)) return 'read'
  return HOUSEKEEPING.has(method) ? 'housekeeping' : 'unknown'
}

/** The risk of a tool, with reasons, strongest first. `definition` null: the server does not list such a tool. */
export function riskOf(
  server: { name: string; trusted: boolean },
  tool: string,
  definition: Tool['definition'] | null,
): Assessment {
  const known = definition && assessed.get(definition)
  if (known && known.server === server.name && known.trusted === server.trusted && known.tool === tool)
    return known.assessment
  const assessment = assess(server, tool, definition)
  if (definition) assessed.set(definition, { server: server.name, trusted: server.trusted, tool, assessment })
  return assessment
}

/** What was found of a definition last: each call asks twice, and a definition that was read once never changes. */
const assessed = new WeakMap<object, { server: string; trusted: boolean; tool: string; assessment: Assessment }>()

function assess(
  server: { name: string; trusted: boolean },
  tool: string,
  definition: Tool['definition'] | null,
): Assessment {
  const hints = hintsOf(definition)
  const reasons: string[] = []
  const word = destroyingWord([tool, definition?.title, hints.title], definition?.description)
  const trust = server.trusted ? `${server.name}, which you trust,` : server.name
  if (hints.destructive === true) reasons.push(`${trust} marks this tool as destructive.`)
  if (word) reasons.push(`Its ${word.where} says ${word.word}.`)
  if (reasons.length > 0) return { risk: 'destroys', byItsWord: false, reasons }
  if (!definition) return { risk: 'unknown', byItsWord: false, reasons: [`${server.name} does not list this tool.`] }
  const open = hints.openWorld === true ? [`${trust} says it reaches beyond this machine.`] : []
  if (server.trusted && hints.readOnly === true)
    return { risk: 'reads', byItsWord: true, reasons: [`${trust} marks this tool as read-only.`, ...open] }
  if (server.trusted && hints.destructive === false && open.length === 0)
    return { risk: 'writes', byItsWord: true, reasons: [`${trust} says it changes things without destroying any.`] }
  if (hints.readOnly === false || writingWord(tool))
    return { risk: 'writes', byItsWord: false, reasons: [writes(server.name, hints.readOnly, tool), ...open] }
  if (hints.readOnly === true)
    return {
      risk: 'unknown',
      byItsWord: false,
      reasons: [`${server.name} marks this tool as read-only; you have not trusted its marks.`, ...open],
    }
  return {
    risk: 'unknown',
    byItsWord: false,
    reasons: [`${server.name} does not say what this tool changes.`, ...open],
  }
}

function writes(name: string, readOnly: boolean | undefined, tool: string): string {
  return readOnly === false ? `${name} says this tool changes things.` : `Its name says ${writingWord(tool)}.`
}

interface Hints {
  readOnly: boolean | undefined
  destructive: boolean | undefined
  openWorld: boolean | undefined
  title: string | undefined
}

// Only true and false count: a server that writes "true" or 1 has not said anything clear.
function hintsOf(definition: Tool['definition'] | null): Hints {
  const given = definition?.annotations
  const one = given !== null && typeof given === 'object' ? (given as Record<string, unknown>) : {}
  const flag = (value: unknown) => (typeof value === 'boolean' ? value : undefined)
  return {
    readOnly: flag(one.readOnlyHint),
    destructive: flag(one.destructiveHint),
    openWorld: flag(one.openWorldHint),
    title: typeof one.title === 'string' ? one.title : undefined,
  }
}

// Found also inside longer words (bulkdelete), but not as what already happened (list_deleted).
const ANYWHERE = /delet(?!ed)|destroy(?!ed)|purg(?!ed)|truncat(?!ed)|terminat(?!ed)|uninstall(?!ed)|overwrit(?!ten)/
const WORDS = new Set(
  (
    'delete del drop kill purge destroy remove rm rmdir unlink truncate wipe erase terminate revoke reset force ' +
    'overwrite uninstall clear prune evict drain nuke shred flush discard expunge empty rollback revert undeploy ' +
    'deprovision shutdown reboot obliterate annihilate'
  ).split(' '),
)
const WRITING = new Set(
  (
    'write create update set add insert append put post send move rename edit modify patch apply merge push commit ' +
    'upload publish deploy install scale run execute exec start stop restart cancel close copy import save store replace ' +
    'enable disable assign grant approve invite submit restore'
  ).split(' '),
)
// In a description only its first word tells what the tool does; later ones tell what it does not.
const IN_DESCRIPTIONS =
  /^\W*(delet|destroy|purg|truncat|terminat|uninstall|overwrit|eras|wip|remov|revok|drop|kill)(e|es|s|ing|ping|ling)?\b/i

function destroyingWord(
  names: unknown[],
  description: unknown,
): { word: string; where: 'name' | 'title' | 'description' } | undefined {
  for (const [n, name] of names.entries()) {
    const word = typeof name === 'string' && destroyingWordIn(name)
    if (word) return { word, where: n === 0 ? 'name' : 'title' }
  }
  const first = typeof description === 'string' ? IN_DESCRIPTIONS.exec(description.slice(0, 200)) : null
  return first ? { word: first[0].replace(/^\W+/, '').toLowerCase(), where: 'description' } : undefined
}

/** The word in a name that says it destroys, or undefined. Knows camelCase, snake_case and kebab-case. */
export function destroyingWordIn(name: string): string | undefined {
  const words = wordsOf(name)
  const exact = words.find(word => WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1))))
  if (exact) return exact
  return words.find(word => ANYWHERE.test(word)) ?? ANYWHERE.exec(words.join(''))?.[0]
}

function writingWord(name: string): string | undefined {
  return wordsOf(name).find(word => WRITING.has(word))
}

/** The words of a name, in lower case. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, 1024)
    .normalize('NFKC')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(word => word !== '')
}
