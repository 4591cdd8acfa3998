// The github server: repositories, issues and pull requests, as one token may see and change them.
import { McpServer } from '@modelcontextprotocol/server'
import { Protected } from '../kit/protected.ts'
import type { Kit } from '../kit/tools.ts'
import type { GitHub } from './github.ts'
import { registerIssueTools } from './issue-tools.ts'
import { registerPullTools } from './pull-tools.ts'
import { registerRepositoryTools } from './repository-tools.ts'

export const NAME = 'github'
export const VERSION = '0.1.0'

export function githubServer(kit: Kit, github: GitHub, protectedBranches: readonly string[]): McpServer {
  const server = new McpServer({ name: NAME, title: 'GitHub', version: VERSION })
  const branches = new Protected('branch', 'PROTECTED_BRANCHES', protectedBranches)
  registerRepositoryTools(kit, server, github, branches)
  registerIssueTools(kit, server, github)
  registerPullTools(kit, server, github, branches)
  return server
}
