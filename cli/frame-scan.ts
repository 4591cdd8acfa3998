// A light look at one JSON-RPC line: its id as it stands, and its method. Nothing is re-modelled.
import { members } from '../contract/wire.ts'

/** `id`: the source text (`7`, `"a"`), so that big numbers stay what they are. */
export interface Glimpse {
  id: string | null
  method: string | null
}

const NOTHING: Glimpse = { id: null, method: null }

export function glimpse(line: Buffer): Glimpse {
  // One character a byte: a long line is not decoded for its id, and what is looked at is ASCII.
  const bytes = line.toString('latin1')
  try {
    let { id, method } = NOTHING
    for (const { key, start, end } of members(bytes)) {
      const text = key === 'id' || key === 'method' ? line.toString('utf8', start, end) : ''
      if (key === 'id' && text !== 'null') id = text
      if (key === 'method') method = String(JSON.parse(text))
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
