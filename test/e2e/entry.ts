// Starts what a client's config says, exactly: its command, its args, its env over the SDK's default one. No more.
import { readFileSync } from 'node:fs'
import { Client as Client2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js'

interface Entry {
  command: string
  args: string[]
  env: Record<string, string>
}

export interface Called {
  isError: boolean
  text: string
}

/** What both SDK generations can do, alike. */
export interface AiClient {
  generation: '1.x' | '2.x'
  tools(): Promise<string[]>
  call(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<Called>
  close(): Promise<void>
}

export function entryIn(path: string, key = 'mcpServers'): Entry {
  return JSON.parse(readFileSync(path, 'utf8'))[key].gatehouse
}

/** `home`: the machine's HOME, which a real client's own environment would have. */
export async function startClient(generation: '1.x' | '2.x', entry: Entry, home: string): Promise<AiClient> {
  const env = { ...entry.env, HOME: home }
  const info = { name: `test-${generation}`, version: '1' }
  const options = { command: entry.command, args: entry.args, env, stderr: 'ignore' as const }
  if (generation === '1.x') {
    const client = new Client1(info)
    await client.connect(new Stdio1(options))
    return {
      generation,
      tools: async () => (await client.listTools()).tools.map(tool => tool.name),
      call: async (name, args, signal) =>
        called(await client.callTool({ name, arguments: args }, undefined, signal ? { signal } : {})),
      close: () => client.close(),
    }
  }
  const client = new Client2(info)
  await client.connect(new Stdio2(options))
  return {
    generation,
    tools: async () => (await client.listTools()).tools.map(tool => tool.name),
    call: async (name, args, signal) =>
      called(await client.callTool({ name, arguments: args }, signal ? { signal } : {})),
    close: () => client.close(),
  }
}

function called(result: object): Called {
  const { isError, content: blocks } = result as { isError?: unknown; content?: unknown }
  const content = Array.isArray(blocks) ? blocks : []
  return { isError: isError === true, text: content.map(block => block.text ?? '').join('\n') }
}
