// The postgres server: looks into one database, and changes it when it is told to twice.
import { McpServer } from '@modelcontextprotocol/server'
import type { Kit } from '../kit/tools.ts'
import type { Database } from './database.ts'
import { registerQueryTools } from './query-tools.ts'
import { registerSchemaTools } from './schema-tools.ts'

export const NAME = 'postgres'
export const VERSION = '0.1.0'

export function postgresServer(kit: Kit, database: Database): McpServer {
  const server = new McpServer(
    { name: NAME, title: 'PostgreSQL', version: VERSION },
    { instructions: `Works on ${database.title}.` },
  )
  registerSchemaTools(kit, server, database)
  registerQueryTools(kit, server, database)
  return server
}
