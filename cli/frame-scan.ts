// A light look at one JSON-RPC line: its id as it stands, and its method. Nothing is re-modelled.
import { members } from '../contract/wire.ts'

/** `id`: the source text (`7`, `"a"`), so that big numbers stay what they are. */
export interface Glimpse {
  id: string | null
  method: string | null
}

const NOTHING: Glimpse = { id: null, method: null }

export function glimpse(line: string): Glimpse {
  try {
    let { id, method } = NOTHING
    for (const member of members(line)) {
      const text = line.slice(member.start, member.end)
      if (member.key === 'id' && text !== 'null') id = text
      if (member.key === 'method') method = String(JSON.parse(text))
    }
    if (id !== null) JSON.parse(id)
    return { id, method }
  } catch {
    return NOTHING
  }
}

export function isRequest(glimpsed: Glimpse): glimpsed is { id: string; method: string } {
  return glimpsed.id !== null && glimpsed.method !== null
}

export function isAnswer(glimpsed: Glimpse): glimpsed is { id: string; method: null } {
  return glimpsed.id !== null && glimpsed.method === null
}

export function errorFrame(id: string, code: number, message: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":${JSON.stringify(message)}}}`
}
