// Answers for profiles: what a client is shown and pays, what it does not use, and changing that.
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../../contract/clients.ts'
import type {
  ProfileRef,
  ProfileServer,
  ProfileSum,
  ProfileSummary,
  Profile as Shown,
} from '../../contract/profiles.ts'

import type { Audit } from '../audit/audit.ts'
import type { Clients } from '../clients/clients.ts'
import { HubError } from '../error.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PinBook } from '../pins/pin-book.ts'
import { limitsOf } from '../profiles/limits.ts'
import { type Hidden, Profile } from '../profiles/profile.ts'
import type { Profiles } from '../profiles/profiles.ts'
import type { TokenCounts } from '../profiles/token-counts.ts'
import { unusedBy } from '../profiles/unused.ts'
import type { Registry } from '../registry/registry.ts'
import type { GuardedContract } from './caller.ts'
import { loosen } from './loosen.ts'
import type { Parts } from './router.ts'

export interface ProfileParts {
  audit: Audit
  clients: Clients
  gateway: Gateway
  pins: PinBook
  profiles: Profiles
  registry: Registry
  tokens: TokenCounts
  now?: () => number
}

export function answerProfiles(api: GuardedContract, parts: Parts) {
  return api.profiles.router({
    get: api.profiles.get.handler(({ input }) => profileOf(parts, input.client, input.days)),
    change: api.profiles.change.handler(async ({ input, context }) => {
      const { client, dryRun } = input
      mustKnow(parts, client)
      const wanted = {
        hide: input.hide.map(ref => hiddenOf(parts, client, ref)),
        show: input.show.map(ref => hiddenOf(parts, client, ref)),
      }
      const { profile, hide, show } = parts.profiles.wouldBe(client, wanted.hide, wanted.show)
      const [before, after] = [parts.profiles.of(client), profile]
      const sums = await counted(parts, () => ({ before: sumOf(parts, before), after: sumOf(parts, after) }))
      const nothing = hide.length + show.length === 0
      const done =
        dryRun || nothing
          ? { applied: !dryRun, proposal: null }
          : await loosen(parts, context.caller, { kind: 'profile', client, hide, show })
      return { ...done, ...sums, undo: { hide: show, show: hide } }
    }),
  })
}

/** What a client is shown, pays and leaves unused, whole. */
export async function profileOf(parts: ProfileParts, client: string, days: number): Promise<Shown> {
  const name = mustKnow(parts, client)
  const profile = parts.profiles.of(client)
  const tools = Map.groupBy(parts.gateway.shownBy(null), ({ tool }) => tool.server.id)
  const listed = parts.registry.list().map(({ id }) => {
    return { id, since: parts.pins.pinnedAt(id), tools: (tools.get(id) ?? []).map(({ tool }) => tool.own) }
  })
  const found = await unusedBy({ id: client, name }, listed, days, parts.audit, (parts.now ?? Date.now)())
  return counted(parts, () => {
    const servers = serversOf(parts, profile, found.unused)
    const shown = sumOf(parts, profile)
    const idle = servers.flatMap(server => server.tools.filter(tool => tool.unused))
    const trimmed = servers.flatMap(({ id, tools }) =>
      tools.flatMap(t => (t.unused ? [{ server: id, tool: t.name }] : [])),
    )
    return {
      client,
      name,
      servers,
      shown,
      everything: sumOf(parts, new Profile([], profile?.limits ?? null)),
      unused: {
        days,
        isKnown: found.isKnown,
        tools: idle.length,
        tokens: idle.reduce((sum, tool) => sum + tool.tokens, 0),
        after: sumOf(parts, parts.profiles.wouldBe(client, trimmed, []).profile),
        words: found.words,
      },
      limit: limitInWords(name, client, shown.leftOut, parts),
    }
  })
}

/** Connected, or about to be. */
export function hasProfile({ status, other, links }: Client): boolean {
  return other !== null || links > 0 || !['not-installed', 'found', 'unreadable', 'no-permission'].includes(status)
}

/** For every window, at once: what is not counted yet is guessed, and told again when it is. */
export function summaryOf(
  parts: Pick<ProfileParts, 'gateway' | 'profiles' | 'tokens'>,
  client: string,
): ProfileSummary {
  const profile = parts.profiles.of(client)
  const all = parts.gateway.shownBy(profile)
  const hidden = all.filter(({ why }) => why === 'server' || why === 'tool').length
  let isCounted = true
  let [tools, tokens] = [0, 0]
  for (const { tool, why } of all) {
    if (why !== null) continue
    const cost = parts.tokens.of(tool)
    isCounted &&= cost.isCounted
    tools++
    tokens += cost.tokens
  }
  return { client, tools, tokens, hidden, isCounted, leftOut: all.filter(({ why }) => why === 'limit').length }
}

function serversOf(
  { gateway, registry, tokens }: ProfileParts,
  profile: Profile | null,
  unused: ReadonlyMap<string, ReadonlySet<string>>,
): ProfileServer[] {
  const byServer = new Map<string, ProfileServer>()
  for (const { id, name } of registry.list())
    byServer.set(id, { id, name, hidden: profile?.hidesServer(id) ?? false, tokens: 0, tools: [] })
  for (const { tool, why } of gateway.shownBy(profile)) {
    const server = byServer.get(tool.server.id)
    if (!server) continue
    const cost = tokens.of(tool).tokens
    const isIdle = why === null && unused.get(server.id)?.has(tool.own) === true
    server.tools.push({ name: tool.own, exposedAs: tool.exposed, tokens: cost, why, unused: isIdle })
    if (why === null) server.tokens += cost
  }
  return [...byServer.values()]
}

function sumOf({ gateway, tokens }: ProfileParts, profile: Profile | null): ProfileSum {
  const sum = { tools: 0, tokens: 0, leftOut: 0 }
  for (const { tool, why } of gateway.shownBy(profile)) {
    if (why === 'limit') sum.leftOut++
    if (why !== null) continue
    sum.tools++
    sum.tokens += tokens.of(tool).tokens
  }
  return sum
}

const COUNTING_MS = 5_000

/** What `read` makes of the counts once they are there; of very many tools some may still be guesses then. */
async function counted<T>({ tokens }: ProfileParts, read: () => T): Promise<T> {
  read()
  await Promise.race([tokens.settled(), pause(COUNTING_MS, undefined, { ref: false })])
  return read()
}

function limitInWords(name: string, client: string, leftOut: number, { gateway, profiles }: ProfileParts) {
  const limits = limitsOf(client)
  if (!limits) return null
  const words: string[] = []
  if (limits.tools !== null && limits.beyond === 'groups')
    words.push(
      `${name} hands at most ${limits.tools} tools to a model at once and groups what is beyond that by itself.`,
    )
  else if (limits.tools !== null) {
    const left =
      leftOut === 0 ? 'All that are shown fit.' : `${leftOut} are left out: hide others to make room for them.`
    words.push(`${name} takes at most ${limits.tools} tools, those of its other servers among them. ${left}`)
  }
  if (limits.name !== null) {
    const long = gateway.shownBy(null).map(({ tool }) => tool.exposed)
    const short = gateway.shownBy(profiles.of(client)).filter(({ tool }, n) => tool.exposed !== long[n]).length
    if (short > 0)
      words.push(
        `Names longer than ${limits.name} characters are shortened for it, since it leaves such tools out: ${short}.`,
      )
  }
  return words.join(' ') || null
}

function mustKnow({ clients }: Pick<ProfileParts, 'clients'>, client: string): string {
  if (!clients.knows(client))
    throw new HubError('clients/unknown', `No client is called ${JSON.stringify(client)}.`, {
      hint: '`gatehouse clients list` names them.',
    })
  return clients.title(client)
}

function hiddenOf({ registry, gateway, profiles }: ProfileParts, client: string, { server, tool }: ProfileRef): Hidden {
  const { id, name } = registry.find(server)
  if (tool === undefined) return { server: id }
  const own = gateway.shownBy(profiles.of(client)).filter(one => one.tool.server.id === id)
  const found = own.find(one => one.tool.own === tool) ?? own.find(one => one.tool.exposed === tool)
  // One that was hidden and is no longer listed can still be shown again.
  if (found || profiles.of(client)?.hidesExactly({ server: id, tool }))
    return { server: id, tool: found?.tool.own ?? tool }
  throw new HubError('profiles/no-tool', `${name} lists no tool ${JSON.stringify(tool.slice(0, 100))}.`, {
    hint: `\`gatehouse tools ${name}\` names them.`,
  })
}
