// What of a server waits to be looked at, in words: tools are tools, and what it says to every model is its instructions.
import type { HeldTool } from '../../../contract/pins.ts'
import { INSTRUCTIONS } from '../../../contract/pins.ts'
import type { Server } from '../../../contract/servers.ts'
import { plural } from '../../ui/index.ts'

export function heldWords({ held, silent }: Pick<Server, 'held' | 'silent'>): string {
  const tools = held - (silent ? 1 : 0)
  if (!silent) return plural(tools, 'tool')
  return tools === 0 ? 'instructions' : `${plural(tools, 'tool')} and instructions`
}

export const isInstructions = ({ name }: Pick<HeldTool, 'name'>): boolean => name === INSTRUCTIONS

/** A tool by its name; instructions by what they are. */
export const heldName = (tool: Pick<HeldTool, 'name'>): string =>
  isInstructions(tool) ? 'Its instructions' : tool.name
