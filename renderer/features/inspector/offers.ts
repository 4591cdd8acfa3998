// Everything all servers offer, as one list to search: tools, resources and prompts.
import { useEffect, useMemo, useState } from 'react'
import { z } from 'zod'
import type { Problem } from '../../../contract/procedure.ts'
import type { Effect, Listing, Risk, Server } from '../../../contract/servers.ts'
import { hub, problemFrom, useServers } from '../../hub.ts'
import type { Offer } from './find.ts'

export type Kind = 'tools' | 'resources' | 'prompts'

/** A schema as a server wrote it; objects only, everything else counts as none. */
export type Schema = Record<string, unknown>

export interface ToolOffer extends Offer {
  kind: 'tools'
  risk: Risk
  effect: Effect
  exposedAs: string
  input: Schema
  output: Schema | null
}
export interface ResourceOffer extends Offer {
  kind: 'resources'
  uri: string
  /** A template asks for its variables first. */
  template: boolean
  mime: string | null
}
export interface PromptOffer extends Offer {
  kind: 'prompts'
  arguments: { name: string; words: string; required: boolean }[]
}
export type AnyOffer = ToolOffer | ResourceOffer | PromptOffer

export type Offers =
  | { kind: 'loading' }
  | { kind: 'failed'; error: Problem }
  | {
      kind: 'ready'
      all: AnyOffer[]
      warnings: string[]
      unlisted: Server[]
      problems: { server: string; what: string }[]
    }

const words = z.string().catch('')
const schema = z.record(z.string(), z.unknown()).catch({})
const Definition = z.looseObject({
  description: words,
  inputSchema: schema,
  outputSchema: z.record(z.string(), z.unknown()).nullable().catch(null),
})
const Described = z.looseObject({ name: words, description: words, mimeType: z.string().nullable().catch(null) })
const Argument = z.looseObject({ name: z.string(), description: words, required: z.boolean().catch(false) })
const Arguments = z.looseObject({ arguments: z.array(Argument).catch([]) })

/** One server's listing as offers. `key` is lasting: it stands in addresses. */
export function offersOf(server: string, listing: Listing): AnyOffer[] {
  const tools = listing.tools.map((tool): ToolOffer => {
    const { description, inputSchema, outputSchema } = Definition.parse(tool.definition)
    const { risk, effect, exposedAs, name } = tool
    const own = { kind: 'tools' as const, key: `${server}/${name}`, server, name, words: description }
    return { ...own, risk, effect, exposedAs, input: inputSchema, output: outputSchema }
  })
  const resource = (uri: string, template: boolean, one: unknown): ResourceOffer => {
    const { name, description, mimeType } = Described.parse(one)
    const shown = { key: `${server}/${uri}`, server, name: name || uri, words: description }
    return { kind: 'resources', ...shown, uri, template, mime: mimeType }
  }
  const prompts = listing.prompts.map(
    (prompt): PromptOffer => ({
      kind: 'prompts',
      key: `${server}/${prompt.name}`,
      server,
      name: prompt.name,
      words: Described.parse(prompt).description,
      arguments: Arguments.parse(prompt).arguments.map(a => ({
        name: a.name,
        words: a.description,
        required: a.required,
      })),
    }),
  )
  return [
    ...tools,
    ...listing.resources.map(one => resource(one.uri, false, one)),
    ...listing.resourceTemplates.map(one => resource(one.uriTemplate, true, one)),
    ...prompts,
  ]
}

/** All offers, asked anew when a server's state or its number of tools changes. */
export function useOffers(): Offers {
  const servers = useServers()
  const [offers, setOffers] = useState<Offers>({ kind: 'loading' })
  const list = servers.kind === 'ready' ? servers.list : null
  const key = useMemo(() => list && JSON.stringify(list.map(s => [s.id, s.name, s.state.kind, s.tools])), [list])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when to ask again; ages and counts do not
  useEffect(() => {
    if (!list) return
    let current = true
    void readAll(list).then(read => current && setOffers(read))
    return () => {
      current = false
    }
  }, [key])
  return servers.kind === 'failed' ? servers : offers
}

async function readAll(servers: Server[]): Promise<Offers> {
  const listed = servers.filter(s => s.tools !== null)
  const read = await Promise.allSettled(listed.map(s => hub.servers.listing({ id: s.id })))
  const all: AnyOffer[] = []
  const warnings: string[] = []
  const problems: { server: string; what: string }[] = []
  for (const [i, one] of read.entries()) {
    const server = listed[i]!.name
    if (one.status === 'rejected') problems.push({ server, what: problemFrom(one.reason).message })
    else {
      all.push(...offersOf(server, one.value))
      warnings.push(...one.value.warnings)
    }
  }
  const first = read.find(r => r.status === 'rejected')
  if (all.length === 0 && first && first.status === 'rejected')
    return { kind: 'failed', error: problemFrom(first.reason) }
  return { kind: 'ready', all, warnings, problems, unlisted: servers.filter(s => s.tools === null) }
}
