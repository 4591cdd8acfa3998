// A tool of a modern server as clients of the legacy era can read it: their schemas are objects throughout.
import { memberAt, members, splice } from '../../contract/wire.ts'
import { withMembers } from './json-edit.ts'

/** `text`: as a modern server wrote it. */
export function asLegacyTool(text: string): string {
  let tool = text
  const schema = memberAt(tool, ['outputSchema'])
  if (schema) {
    const own = tool.slice(schema.start, schema.end)
    const { type } = JSON.parse(own) as { type?: unknown }
    if (type !== 'object')
      tool = withMembers(
        tool,
        { start: 0, end: tool.length },
        { outputSchema: `{"type":"object","properties":{"result":${own}},"required":["result"]}` },
      )
  }
  for (const name of ['inputSchema', 'outputSchema']) tool = withoutBooleanSchemas(tool, name)
  return tool
}

function withoutBooleanSchemas(tool: string, name: string): string {
  const properties = memberAt(tool, [name, 'properties'])
  if (!properties) return tool
  const found = members(tool, properties.start)
  const means: Record<string, string> = { true: '{}', false: '{"not":{}}' }
  const edits = found.flatMap(m => {
    const instead = means[tool.slice(m.start, m.end)]
    return instead ? [{ start: m.start, end: m.end, text: instead }] : []
  })
  return splice(tool, edits)
}
