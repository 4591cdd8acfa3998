// How every tool answers: a short text and the structured content; failures as words the model can act on.
import { randomBytes } from 'node:crypto'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { failureOf } from './failure.ts'

export function answer(text: string, structuredContent: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent }
}

/** Runs a tool about `path`. What it throws becomes an `isError` result with a correlation id that the log has too. */
export async function attempt(tool: string, path: string, run: () => Promise<CallToolResult>): Promise<CallToolResult> {
  const correlation = randomBytes(6).toString('hex')
  try {
    return await run()
  } catch (error) {
    const { kind, message, suggestion } = failureOf(error, path)
    const cause = kind === 'internal_error' && error instanceof Error ? error.message : undefined
    process.stderr.write(`${JSON.stringify({ level: 'error', tool, correlation, kind, message, cause })}\n`)
    return { isError: true, content: [{ type: 'text', text: `${message} ${suggestion} (${kind}, ${correlation})` }] }
  }
}

/** Opaque to clients: where the next page begins. */
export function toCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export function fromCursor(cursor: string | undefined): unknown {
  if (cursor === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
