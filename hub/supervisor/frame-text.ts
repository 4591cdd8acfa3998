// Frames between Gatehouse and a server as text: where their members stand, and the few that are made here.
import { type Member, memberAt, members } from '../../contract/wire.ts'

/** The uri of a (un)subscribe; undefined for all else. */
export function watchedBy(text: string, method: string, params: Member): string | undefined {
  if (method !== '"resources/subscribe"' && method !== '"resources/unsubscribe"') return undefined
  const uri = memberAt(text, ['uri'], params.start)
  return uri && textOf(text, uri)
}

/** As JSON.parse sees it: of repeated names the last one counts. */
export function lastMember(text: string, key: string): Member | undefined {
  return members(text).findLast(m => m.key === key)
}

/** Where the id of a parsed frame stands. Most servers write it last or before the result: those are not gone over. */
export function idAt(text: string, id: number): { start: number; end: number } {
  // The quote before `id` follows a comma, so it opens a name; what is behind the number closes the frame itself.
  if (text.endsWith(`,"id":${id}}`)) return { start: text.length - 1 - String(id).length, end: text.length - 1 }
  const lead = `{"jsonrpc":"2.0","id":`
  const end = lead.length + String(id).length
  const isFirst = text.startsWith(lead) && text.startsWith(`${id},`, lead.length)
  if (isFirst && !text.includes('"id"', end) && !text.includes('\\u', end)) return { start: lead.length, end }
  return lastMember(text, 'id')!
}

export function textOf(text: string, { start, end }: { start: number; end: number }): string {
  return text.slice(start, end)
}

export function cancelledFrame(requestId: number, why: unknown): string {
  const reason = typeof why === 'string' ? { reason: why } : {}
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, ...reason } })
}

export function errorFrame(id: string, code: number, message: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}`
}
