// The files server: its tools over the folders that were named at start.
import { McpServer } from '@modelcontextprotocol/server'
import type { Kit } from '../kit/tools.ts'
import { type Changing, registerChangeTools } from './change-tools.ts'
import { registerReadTools } from './read-tools.ts'

export const NAME = 'files'
export const VERSION = '0.2.0'

export function filesServer(kit: Kit, options: Changing): McpServer {
  const folders = options.roots.folders.join(', ') || 'none yet'
  const server = new McpServer(
    { name: NAME, title: 'Files', version: VERSION },
    {
      instructions: `Reads${options.mayWrite ? ' and changes' : ''} files in: ${folders}. Paths are absolute, or relative to the first folder.`,
    },
  )
  registerReadTools(kit, server, options.roots)
  registerChangeTools(kit, server, options)
  return server
}
