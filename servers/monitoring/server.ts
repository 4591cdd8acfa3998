// The monitoring server: are services up, what do Prometheus' numbers say, and what is it alarmed about.
import { McpServer } from '@modelcontextprotocol/server'
import type { Kit } from '../kit/tools.ts'
import type { AllowedAddresses } from './addresses.ts'
import { addHealthTools } from './health-tools.ts'

export const NAME = 'monitoring'
export const VERSION = '0.1.0'

export function monitoringServer(kit: Kit, { allowed }: { allowed: AllowedAddresses }): McpServer {
  const server = new McpServer({ name: NAME, title: 'Monitoring', version: VERSION })
  addHealthTools(kit, server, { allowed })
  return server
}
