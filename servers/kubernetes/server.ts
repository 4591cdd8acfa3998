// The kubernetes server: looks into one cluster, says what is wrong with its pods, and changes it with care.
import { McpServer } from '@modelcontextprotocol/server'
import { Protected } from '../kit/protected.ts'
import type { Kit } from '../kit/tools.ts'
import { registerApply } from './apply-tool.ts'
import { registerChangeTools } from './change-tools.ts'
import type { Cluster } from './cluster.ts'
import { registerHealth } from './health-tool.ts'
import { registerLogTools } from './log-tools.ts'
import type { Namespaces } from './namespaces.ts'
import { registerReadTools } from './read-tools.ts'
import { registerPlaces } from './resources.ts'

export const NAME = 'kubernetes'
export const VERSION = '0.1.0'

export interface Parts {
  cluster: Cluster
  namespaces: Namespaces
  limits: { PROTECTED_NAMESPACES: readonly string[]; APPLY_CLUSTER_WIDE: boolean }
}

export function kubernetesServer(kit: Kit, { cluster, namespaces, limits }: Parts): McpServer {
  const server = new McpServer({ name: NAME, title: 'Kubernetes', version: VERSION })
  const kept = new Protected('namespace', 'PROTECTED_NAMESPACES', limits.PROTECTED_NAMESPACES)
  registerReadTools(kit, server, cluster, namespaces)
  registerLogTools(kit, server, cluster)
  registerHealth(kit, server, cluster)
  registerChangeTools(kit, server, cluster, kept)
  registerApply(kit, server, cluster, kept, limits.APPLY_CLUSTER_WIDE)
  registerPlaces(kit, server, cluster, namespaces)
  return server
}
