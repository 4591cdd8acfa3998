// A client of the modern era before a server of the legacy one: the envelope comes off, and answers are completed.
import { memberAt, members, splice } from '../../contract/wire.ts'
import { ENVELOPE } from '../supervisor/era.ts'
import { BAD_PARAMS, textWithout } from './frame.ts'
import { withMembers } from './json-edit.ts'
import { LOG_LEVEL_KEY, SERVER_INFO_KEY } from './modern.ts'

const OFF = [ENVELOPE.version, ENVELOPE.clientInfo, ENVELOPE.capabilities, LOG_LEVEL_KEY]
/** Results that say how long they are good for. */
const CACHEABLE = new Set(['resources/read'])
const OLD_NOT_FOUND = -32002

/** The request as a legacy server knows it. */
export function asLegacyRequest(text: string): string {
  const meta = memberAt(text, ['params', '_meta'])
  if (!meta) return text
  const kept = members(text, meta.start).filter(m => !OFF.includes(m.key))
  return splice(text, [{ ...meta, text: textWithout(text, kept, []) }])
}

/** The answer as a modern client expects it. `serverInfo`: JSON text. */
export function asModernAnswer(text: string, method: string, serverInfo: string | undefined): string {
  const top = members(text)
  const error = top.findLast(m => m.key === 'error')
  if (error) {
    const code = memberAt(text, ['code'], error.start)
    const isOld = code && Number(text.slice(code.start, code.end)) === OLD_NOT_FOUND
    return isOld ? splice(text, [{ ...code, text: String(BAD_PARAMS) }]) : text
  }
  const result = top.findLast(m => m.key === 'result')
  if (!result || text[result.start] !== '{') return text
  const there = members(text, result.start)
  const lacks = (key: string) => !there.some(m => m.key === key)
  const meta = there.findLast(m => m.key === '_meta')
  const named = meta && text[meta.start] === '{' ? memberAt(text, [SERVER_INFO_KEY], meta.start) : undefined
  const withInfo = (object: string) =>
    withMembers(object, { start: 0, end: object.length }, { [SERVER_INFO_KEY]: serverInfo! })
  return withMembers(text, result, {
    ...(lacks('resultType') ? { resultType: '"complete"' } : {}),
    ...(CACHEABLE.has(method) && lacks('ttlMs') ? { ttlMs: '0' } : {}),
    ...(CACHEABLE.has(method) && lacks('cacheScope') ? { cacheScope: '"private"' } : {}),
    ...(serverInfo && !named ? { _meta: withInfo(meta ? text.slice(meta.start, meta.end) : '{}') } : {}),
  })
}
