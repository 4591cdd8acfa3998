// A stream on which a modern client hears of changes.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/subscriptions
import { memberAt, splice } from '../../contract/wire.ts'
import { type ClientFrame, errorFrame, isObject, METHOD_NOT_FOUND } from './frame.ts'
import { withMembers } from './json-edit.ts'
import type { Listener } from './listener.ts'
import { SUBSCRIPTION_KEY } from './modern.ts'
import type { KnownServer } from './parts.ts'
import { ToldLists } from './told-lists.ts'
import type { View } from './view.ts'

const LISTS = { toolsListChanged: 'tools', promptsListChanged: 'prompts', resourcesListChanged: 'resources' } as const
const MOST_OF_A_KIND = 1_000

export class ListenStream implements Listener {
  readonly client: string
  readonly title: string
  readonly logLevel = null
  /** The resources that it asks to hear of. */
  readonly uris: readonly string[]
  readonly tasks: readonly string[]
  readonly #id: string
  readonly #lists: readonly (keyof typeof LISTS)[]
  readonly #told = new ToldLists()
  readonly #send: (text: string) => void | Promise<void>
  /** What was told before it was acknowledged, which must come first. */
  #early: string[] | undefined = []

  constructor(
    who: { client: string; title: string },
    frame: ClientFrame,
    view: View,
    send: (text: string) => void | Promise<void>,
  ) {
    this.client = who.client
    this.title = who.title
    this.#id = frame.id!
    this.#send = send
    const asked = isObject(frame.value.notifications) ? frame.value.notifications : {}
    this.#lists = (Object.keys(LISTS) as (keyof typeof LISTS)[]).filter(key => asked[key] === true)
    this.uris = textsIn(asked.resourceSubscriptions)
    this.tasks = textsIn(asked.taskIds)
    this.#told.sawAll(view)
  }

  /** Says what it will hear of: the lists, and those of the resources and tasks that it may watch. */
  acknowledge(uris: readonly string[], tasks: readonly string[]): void {
    const lists = Object.fromEntries(this.#lists.map(key => [key, true]))
    const notifications = JSON.stringify({
      ...lists,
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
      ...(tasks.length > 0 ? { taskIds: tasks } : {}),
    })
    void this.#send(this.#said('subscriptions/acknowledged', `"notifications":${notifications},`))
    for (const text of this.#early?.splice(0) ?? []) void this.#send(text)
    this.#early = undefined
  }

  listsChanged(view: View): void {
    const nouns: string[] = this.#lists.map(key => LISTS[key])
    for (const noun of this.#told.changes(view))
      if (nouns.includes(noun)) void this.#out(this.#said(`${noun}/list_changed`, ''))
  }

  offers(): boolean {
    return false
  }

  tell(_server: KnownServer, text: string): void | Promise<void> {
    const params = memberAt(text, ['params'])
    if (!params) return
    const meta = memberAt(text, ['_meta'], params.start)
    const said = meta ? text.slice(meta.start, meta.end) : '{}'
    const named = withMembers(said, { start: 0, end: said.length }, { [SUBSCRIPTION_KEY]: this.#id })
    const own = meta ? splice(text, [{ ...meta, text: named }]) : withMembers(text, params, { _meta: named })
    return this.#out(own)
  }

  async question(): Promise<string> {
    return errorFrame('0', METHOD_NOT_FOUND, 'Nobody can be asked on this stream.')
  }

  unquestion(): void {}

  /** `more`: members of params with a comma behind. */
  #said(what: string, more: string): string {
    const params = `{${more}"_meta":{"${SUBSCRIPTION_KEY}":${this.#id}}}`
    return `{"jsonrpc":"2.0","method":"notifications/${what}","params":${params}}`
  }

  #out(text: string): void | Promise<void> {
    if (!this.#early) return this.#send(text)
    this.#early.push(text)
  }
}

function textsIn(list: unknown): string[] {
  const texts = Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
  return [...new Set(texts)].slice(0, MOST_OF_A_KIND)
}
