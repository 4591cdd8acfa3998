// `gatehouse clients profile`: what a client is shown, what that costs it, and hiding what it does not use.
import type { Profile, ProfileChanged, ProfileRef, ProfileSum, ProfileTool } from '../../contract/profiles.ts'
import { type Command, UsageError } from '../command.ts'
import { oneLine, say, sayJson, sayTable } from '../print.ts'

const WHY: Record<NonNullable<ProfileTool['why']>, string> = {
  server: 'hidden with its server',
  tool: 'hidden',
  limit: 'left out: too many for it',
  held: 'held back until looked at',
  off: 'its server is off',
}

export const clientsProfile: Command = {
  synopsis: 'ID [--hide SERVER[/TOOL]]… [--show SERVER[/TOOL]]… [--trim-unused] [--days N] [--dry-run]',
  help: 'Without a change: what it sees. What is hidden cannot be called either. Hiding works at once; showing more waits for you in the window. --trim-unused hides what it did not call for 30 days (--days says otherwise); new tools of a server are shown until they are hidden by name. Tokens are estimates.',
  options: {
    hide: { type: 'string', multiple: true },
    show: { type: 'string', multiple: true },
    'trim-unused': { type: 'boolean' },
    days: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  args: [1, 1],
  async run({ args: [client = ''], json, texts, text, flag, hub }) {
    const days = daysIn(text('days'))
    const hide = texts('hide').map(toRef)
    const show = texts('show').map(toRef)
    const trims = flag('trim-unused')
    const { call } = await hub()
    const changes = hide.length + show.length > 0 || trims
    const profile = trims || !changes ? await call.profiles.get({ client, days }) : null
    if (!changes) {
      if (json) sayJson(profile)
      else sayProfile(profile!)
      return 0
    }
    const unused = profile && trims ? unusedIn(profile) : []
    if (profile && trims && unused.length === 0 && !json) say(oneLine(`Nothing to trim. ${profile.unused.words}`))
    const dryRun = flag('dry-run')
    const done = await call.profiles.change({ client, hide: [...hide, ...unused], show, dryRun })
    if (json) sayJson(done)
    else sayChanged(done, dryRun)
    return 0
  },
}

function unusedIn(profile: Profile): ProfileRef[] {
  return profile.servers.flatMap(server =>
    server.tools.filter(tool => tool.unused).map(tool => ({ server: server.id, tool: tool.name })),
  )
}

function toRef(text: string): ProfileRef {
  const [, server = '', tool] = /^([^/]+)(?:\/(.+))?$/s.exec(text) ?? []
  if (server === '') throw new UsageError(`${oneLine(text)} names no server.`, 'Write SERVER or SERVER/TOOL.')
  return tool === undefined ? { server } : { server, tool }
}

function daysIn(text: string | undefined): number {
  const days = Number(text ?? 30)
  if (Number.isInteger(days) && days >= 1 && days <= 365) return days
  throw new UsageError(`--days ${oneLine(text ?? '')} is not known.`, 'It is a number from 1 to 365.')
}

function sayProfile({ name, servers, shown, everything, unused, limit }: Profile): void {
  const rows = servers.flatMap(server =>
    server.tools.map(tool => [
      server.name,
      tool.name,
      `about ${tool.tokens}`,
      tool.why ? WHY[tool.why] : tool.unused ? `unused for ${unused.days} days` : '',
    ]),
  )
  sayTable(['SERVER', 'TOOL', 'TOKENS', 'NOTE'], rows, 'No server has listed a tool yet.')
  say(oneLine(`${name} is shown ${inWords(shown)}; all there are: ${inWords(everything)}.`))
  if (limit) say(oneLine(limit))
  say(
    oneLine(`Unused: ${unused.isKnown ? `${unused.tools} tools, about ${unused.tokens} tokens. ` : ''}${unused.words}`),
  )
}

function sayChanged({ proposal, before, after, undo }: ProfileChanged, dryRun: boolean): void {
  if (undo.hide.length + undo.show.length === 0) say('That is so already. Nothing was changed.')
  else {
    say(`Before: ${inWords(before)}. After: ${inWords(after)}.`)
    if (dryRun) say('Nothing was changed.')
    else if (proposal) say('Showing more waits for you in the window, under Approvals. Until then nothing is changed.')
  }
}

function inWords({ tools, tokens, leftOut }: ProfileSum): string {
  return `${tools} ${tools === 1 ? 'tool' : 'tools'}, about ${tokens} tokens${leftOut > 0 ? `, ${leftOut} left out` : ''}`
}
