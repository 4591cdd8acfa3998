// What clients take of a tool list: how many tools, and how long a name. Those that are in no row take what MCP allows.

export interface Limits {
  /** Tools in all, those of its other servers among them. */
  tools: number | null
  /** Characters of a name as we expose it: what the client allows, less what it puts in front. */
  name: number | null
  /** What it does beyond that. */
  beyond: 'leaves-out' | 'groups'
}

// Cursor joins the name of the entry (gatehouse) and the tool's, and leaves out what is longer than 60 together.
const CURSOR_NAME = 60 - 'gatehouse '.length
const GROUPS: Limits = { tools: 128, name: null, beyond: 'groups' }

const LIMITS: Record<string, Limits> = {
  cursor: { tools: 80, name: CURSOR_NAME, beyond: 'leaves-out' },
  'devin-desktop': { tools: 100, name: null, beyond: 'leaves-out' },
  vscode: GROUPS,
  'vscode-insiders': GROUPS,
  vscodium: GROUPS,
}

export function limitsOf(client: string): Limits | null {
  return Object.hasOwn(LIMITS, client) ? LIMITS[client]! : null
}
