// A real client of a bundled server that was started as its users start it; for tests.
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

export interface Called {
  failed: boolean
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: each tool has its own shape, read by the test that called it
  data: any
  content: { type: string; text?: string; data?: string; mimeType?: string }[]
}

export interface Started {
  client: Client
  /** What it wrote to stderr so far. */
  log: () => string
  call(name: string, args?: Record<string, unknown>, options?: { signal?: AbortSignal }): Promise<Called>
}

/** `env`: all it gets besides PATH. To be closed by whoever started it: `client.close()`. */
export async function startServer(
  name: string,
  env: Record<string, string> = {},
  args: string[] = [],
): Promise<Started> {
  const client = new Client({ name: 'test', version: '1' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(import.meta.dirname, '..', name, 'main.ts'), ...args],
    env: { PATH: process.env.PATH ?? '', ...env },
    stderr: 'pipe',
  })
  let log = ''
  transport.stderr?.on('data', chunk => (log += chunk))
  await client.connect(transport)
  return {
    client,
    log: () => log,
    async call(name, args = {}, options) {
      // The server's own limits are what is tested, not the client's.
      const result = await client.callTool({ name, arguments: args }, { timeout: 170_000, ...options })
      const content = result.content as Called['content']
      return { failed: result.isError === true, text: content[0]?.text ?? '', data: result.structuredContent, content }
    },
  }
}
