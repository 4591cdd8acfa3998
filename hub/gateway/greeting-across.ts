// A server's greeting in the other era's terms: what has no place there is taken out, every other member stays as written.
import { memberAt } from '../../contract/wire.ts'
import { MODERN_VERSIONS } from '../supervisor/era.ts'
import { withMembers, withoutMembers } from './json-edit.ts'
import { SERVER_INFO_KEY, TASKS_EXTENSION } from './modern.ts'

/** `initialize`: a legacy server's result. Tasks of that era are another protocol. */
export function discoveryFrom(initialize: string): string {
  const serverInfo = textAt(initialize, ['serverInfo'])
  return withAll(withoutMembers(initialize, ['protocolVersion', 'serverInfo']), {
    resultType: '"complete"',
    supportedVersions: JSON.stringify(MODERN_VERSIONS),
    capabilities: withoutMembers(textAt(initialize, ['capabilities']) ?? '{}', ['tasks']),
    ttlMs: '0',
    cacheScope: '"private"',
    ...(serverInfo ? { _meta: withAll(textAt(initialize, ['_meta']) ?? '{}', { [SERVER_INFO_KEY]: serverInfo }) } : {}),
  })
}

/** `discovered`: a modern server's result of `server/discover`. */
export function initializeFrom(protocolVersion: string, discovered: string): string {
  const serverInfo = textAt(discovered, ['_meta', SERVER_INFO_KEY]) ?? '{"name":"unknown","version":"0"}'
  const meta = withoutMembers(textAt(discovered, ['_meta']) ?? '{}', [SERVER_INFO_KEY])
  const capabilities = textAt(discovered, ['capabilities']) ?? '{}'
  const extensions = textAt(capabilities, ['extensions'])
  const own = withoutMembers(discovered, ['resultType', 'supportedVersions', 'ttlMs', 'cacheScope', '_meta'])
  return withAll(own, {
    protocolVersion: JSON.stringify(protocolVersion),
    serverInfo,
    capabilities: extensions
      ? withAll(capabilities, { extensions: withoutMembers(extensions, [TASKS_EXTENSION]) })
      : capabilities,
    ...(meta === '{}' ? {} : { _meta: meta }),
  })
}

function withAll(object: string, added: Record<string, string>): string {
  return withMembers(object, { start: object.indexOf('{'), end: object.length }, added)
}

function textAt(text: string, path: string[]): string | undefined {
  const at = memberAt(text, path)
  return at && text.slice(at.start, at.end)
}
