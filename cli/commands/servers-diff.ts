// `gatehouse servers diff`: what a server changed since it was agreed to. Letting it through is for the window.
import { INSTRUCTIONS } from '../../contract/pins.ts'
import type { Command } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'
import { sayFindings } from './servers-check.ts'

export const serversDiff: Command = {
  synopsis: 'NAME',
  help: 'Exit code 1 when a tool is held back or another version of its package runs.',
  args: [1, 1],
  async run({ args: [id = ''], json, hub }) {
    const pins = await (await hub()).call.servers.pins({ id })
    const { held, removed, package: ran, pinnedAt } = pins
    const differs = held.length > 0 || ran.differs
    if (json) {
      sayJson(pins)
      return differs ? 1 : 0
    }
    if (pinnedAt === null) say(`${oneLine(id)} has not been listed yet, so nothing is pinned.`)
    else if (!differs && removed.length === 0)
      say(`${oneLine(id)} is as it was when it was agreed to (${new Date(pinnedAt).toISOString()}).`)
    if (ran.differs) say(`Package: ${words(ran.pinned)} → ${words(ran.now)}`)
    for (const tool of held) {
      const what = tool.kind === 'renamed' ? `was called ${oneLine(tool.renamedFrom ?? '')}` : tool.kind
      const name = tool.name === INSTRUCTIONS ? 'What it tells every model' : oneLine(tool.name)
      say(`\n${name} (${what}) is held back until somebody has looked at it in the window.`)
      sayFindings(tool.findings)
      if (tool.before === tool.after)
        say('  It differs only in how a number is written, or where it looks like a secret.')
      for (const line of changedLines(tool.before, tool.after)) say(`  ${oneLine(line)}`)
    }
    if (pins.heldCount > held.length) say(`\nand ${pins.heldCount - held.length} more that are held back.`)
    if (removed.length > 0) say(`No longer offered: ${removed.map(oneLine).join(', ')}`)
    return differs ? 1 : 0
  },
}

function words(ran: { name: string; version: string | null; integrity: string | null } | null): string {
  if (!ran) return 'unknown'
  return oneLine([ran.name, ran.version, ran.integrity && `(${ran.integrity.slice(0, 24)}…)`].filter(Boolean).join(' '))
}

/** The lines from the first that differs to the last, as before and as now. */
function changedLines(before: string | null, after: string): string[] {
  const [a, b] = [before?.split('\n') ?? [], after.split('\n')]
  let head = 0
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head++
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  return [
    ...a.slice(head, a.length - tail).map(line => `- ${line}`),
    ...b.slice(head, b.length - tail).map(line => `+ ${line}`),
  ]
}
