// The tools that are held back, each beside what it was: changed, new, or one that was pinned under another name.
import { type HeldTool, INSTRUCTIONS, type TextFinding } from '../../contract/pins.ts'
import type { PinnedTool } from './pinned-tool.ts'
import { renamesAmong } from './renamed.ts'

/** So many are shown at a time. */
const MOST = 200

interface Looked {
  tools: ReadonlyMap<string, PinnedTool>
  held: ReadonlySet<string>
}
type Own = Readonly<Record<string, PinnedTool>>

export function heldTools(own: Own = {}, looked: Looked, findings: (tool: PinnedTool) => TextFinding[]): HeldTool[] {
  const renames = renamedTools(own, looked)
  return [...looked.held].slice(0, MOST).map(name => {
    const tool = looked.tools.get(name)!
    const renamedFrom = renames.get(name) ?? null
    const before = at(own, renamedFrom ?? name)?.text ?? null
    const kind = renamedFrom ? 'renamed' : before === null ? 'new' : 'changed'
    return { name, kind, renamedFrom, before, after: tool.text, hash: tool.hash, findings: findings(tool) }
  })
}

/** For the log, and to know whether it is another change. */
export function heldNames(own: Own = {}, looked: Looked): { name: string; hash: string; words: string }[] {
  const renames = renamedTools(own, looked)
  return [...looked.held].map(name => {
    const old = renames.get(name)
    const words = old ? `was ${old}` : at(own, name) ? 'changed' : 'new'
    return { name, hash: looked.tools.get(name)!.hash, words: `${name} (${words})` }
  })
}

/** New name to old. Instructions are never a tool under another name. */
export function renamedTools(own: Own, { tools, held }: Looked): Map<string, string> {
  const added = [...tools].filter(([name]) => held.has(name) && !at(own, name) && name !== INSTRUCTIONS)
  const removed = Object.entries(own).filter(([name]) => !tools.has(name) && name !== INSTRUCTIONS)
  return renamesAmong(new Map(added), new Map(removed))
}

function at(own: Own, name: string): PinnedTool | undefined {
  return Object.hasOwn(own, name) ? own[name] : undefined
}
