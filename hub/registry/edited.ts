// What a hand changed in config.json, in words for the log: nobody called, so nothing else records it.
import { digestOf } from './digest.ts'
import { type Entry, launchOf } from './entry.ts'

/** What an edit of config.json asks for by itself. */
export interface ConfigEdit {
  what: 'config/edited'
  detail: string
  server?: string
}

const MOST = 20

/** `before`: null at the start, when only `known` tells. `counts`: what of an edit is in force is for others to say. */
export function editsOf(o: {
  before: ReadonlyMap<string, Entry> | null
  after: ReadonlyMap<string, Entry>
  /** Digests by name, as they were. */
  known: ReadonlyMap<string, string>
  idOf: (name: string) => string | undefined
  /** What it waits for, or why it does not count; null when there is nothing to wait for. */
  counts: (name: string) => string | null
}): ConfigEdit[] {
  const { before, after, known } = o
  const edits: ConfigEdit[] = []
  const say = (name: string, what: string) => {
    const id = o.idOf(name)
    const waits = after.has(name) ? o.counts(name) : null
    edits.push({
      what: 'config/edited',
      detail: `config.json: ${name} ${what}.${waits ? ` ${waits}` : ''}`,
      ...(id ? { server: id } : {}),
    })
  }
  for (const [name, entry] of after) {
    const old = before?.get(name)
    const changes = !known.has(name)
      ? ['is new']
      : [
          ...(known.get(name) === digestOf(launchOf(entry)) ? [] : ['has another command']),
          ...(old ? flagsOf(old, entry) : []),
        ]
    if (changes.length > 0) say(name, changes.join(' and '))
  }
  for (const name of before?.keys() ?? []) if (!after.has(name)) say(name, 'was taken out')
  if (edits.length <= MOST) return edits
  const more = {
    what: 'config/edited' as const,
    detail: `config.json: ${edits.length - MOST} more servers were edited.`,
  }
  return [...edits.slice(0, MOST), more]
}

function flagsOf(old: Entry, now: Entry): string[] {
  const isOn = (entry: Entry) => entry.enabled !== false
  return [
    ...(now.trust === true && old.trust !== true ? ['is to be trusted'] : []),
    ...(isOn(now) && !isOn(old) ? ['is to be enabled'] : []),
    ...(!isOn(now) && isOn(old) ? ['is disabled'] : []),
  ]
}
