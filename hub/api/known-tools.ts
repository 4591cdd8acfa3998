// What is known now of a tool that the log names, for asking the policy about it.
import type { Known } from '../policy/past-calls.ts'
import type { Parts } from './router.ts'

/** Each server's tools are listed at most once for each question. */
export function knownNow({ gateway, registry }: Pick<Parts, 'gateway' | 'registry'>): Known {
  const servers = new Map<string, ((tool: string) => ReturnType<Known>) | null>()
  const read = (id: string) => {
    const server = registry.list().find(one => one.id === id)
    if (!server) return null
    const { name } = server
    const tools = new Map(gateway.tools(id).map(tool => [tool.name, tool]))
    const facts = { id, name, trusted: registry.isTrusted(id) }
    return (tool: string) => {
      const listed = tools.get(tool)
      return { server: facts, definition: listed?.definition ?? null, held: listed?.held ?? false }
    }
  }
  return (id, tool) => {
    if (!servers.has(id)) servers.set(id, read(id))
    return servers.get(id)?.(tool)
  }
}
