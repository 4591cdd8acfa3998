// The least an MCP server can be: one tool, and an error for whatever it does not know.
import { createInterface } from 'node:readline'

const RESULTS: Record<string, object> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'small', version: '1' },
  },
  'tools/list': { tools: [{ name: 'look', inputSchema: { type: 'object' } }] },
  ping: {},
}

createInterface({ input: process.stdin }).on('line', line => {
  const { id, method = '' } = JSON.parse(line) as { id?: number; method?: string }
  if (id === undefined) return
  const result = RESULTS[method]
  const answer = result ? { result } : { error: { code: -32601, message: 'unknown' } }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`)
})
