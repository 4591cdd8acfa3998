// The files server: its tools over the folders that were named at start.
import { McpServer } from '@modelcontextprotocol/server'
import { type Changing, registerChangeTools } from './change-tools.ts'
import { registerReadTools } from './read-tools.ts'

export function filesServer(options: Changing): McpServer {
  const folders = options.roots.folders.join(', ') || 'none yet'
  const server = new McpServer(
    { name: 'files', title: 'Files', version: '0.1.0' },
    {
      instructions: `Reads${options.mayWrite ? ' and changes' : ''} files in: ${folders}. Paths are absolute, or relative to the first folder.`,
    },
  )
  registerReadTools(server, options.roots)
  registerChangeTools(server, options)
  return server
}
