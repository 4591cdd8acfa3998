// The files server: its tools, resources and prompt over the folders that were named at start.
import { McpServer } from '@modelcontextprotocol/server'
import type { Kit } from '../kit/tools.ts'
import { registerAnalyzePrompt } from './analyze-prompt.ts'
import { registerChangeTools } from './change-tools.ts'
import { type Changing, changesInTurn } from './changing.ts'
import { registerFileResource, watchesFiles } from './file-resource.ts'
import { registerOwnResources, watchesItself } from './own-resources.ts'
import { registerReadTools } from './read-tools.ts'
import { registerSearchTool } from './search-tool.ts'
import { registerTrashTools } from './trash-tools.ts'

export const NAME = 'files'
export const VERSION = '0.3.0'

export interface Serving extends Changing {
  /** As they are shown to clients. */
  settings: Record<string, unknown>
}

/** Makes a server for each connection. */
export function filesServer(kit: Kit, options: Serving): () => McpServer {
  const { roots, mayWrite, settings } = options
  const file = watchesFiles(roots)
  const itself = watchesItself(kit)
  kit.watches.by(async (uri, changed) => (await itself(uri, changed)) ?? (await file(uri, changed)))
  const change = changesInTurn(mayWrite)
  const folders = roots.folders.join(', ') || 'none yet'
  const instructions = `Reads${mayWrite ? ' and changes' : ''} files in: ${folders}. Paths are absolute, or relative to the first folder.`
  return () => {
    const server = new McpServer(
      { name: NAME, title: 'Files', version: VERSION },
      { instructions, capabilities: { resources: { subscribe: true } } },
    )
    registerReadTools(kit, server, roots)
    registerSearchTool(kit, server, roots)
    registerChangeTools(kit, server, options, change)
    registerTrashTools(kit, server, options, change)
    registerFileResource(kit, server, roots)
    registerOwnResources(kit, server, { folders: roots.folders, mayWrite, ...settings })
    registerAnalyzePrompt(kit, server, roots)
    return server
  }
}
