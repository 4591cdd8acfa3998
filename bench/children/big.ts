// A raw MCP server with 300 tools, each with a schema of some size, and one that answers with 1 MB of text.
interface Request {
  id?: number
  method: string
  params?: { protocolVersion?: string }
}

/** How many; the bench takes 300 at once, or 15 from each of twenty. */
const TOOLS = Number(process.argv[2] ?? 300)
const READ = { readOnlyHint: true, destructiveHint: false, openWorldHint: false }
const properties = Object.fromEntries(
  ['path', 'encoding', 'limit', 'offset', 'format'].map(name => [
    name,
    { type: 'string', description: `The ${name} to use, as the person wrote it; empty for the usual one.` },
  ]),
)

const inputSchema = { type: 'object', properties, required: ['path'] }
const description = 'Looks at something of some length and says what it is, as tools of real servers do.'
const tools = Array.from({ length: TOOLS }, (_, n) => ({
  name: `look_${n}`,
  description,
  inputSchema,
  annotations: READ,
}))
const list = JSON.stringify({ tools })
const text = 'Lines "quoted", tabs\tand plain words make up a megabyte. '.repeat(20_000).slice(0, 1024 * 1024)
const megabyte = JSON.stringify({ content: [{ type: 'text', text }] })

function resultOf({ method, params }: Request): string {
  switch (method) {
    case 'initialize':
      return JSON.stringify({
        protocolVersion: params?.protocolVersion ?? '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'big', version: '1.0.0' },
      })
    case 'tools/list':
      return list
    case 'tools/call':
      return megabyte
    default:
      return '{}'
  }
}

let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) {
    const request = JSON.parse(line) as Request
    if (request.id !== undefined)
      process.stdout.write(`{"jsonrpc":"2.0","id":${request.id},"result":${resultOf(request)}}\n`)
  }
})
process.stdin.on('end', () => process.exit(0))
