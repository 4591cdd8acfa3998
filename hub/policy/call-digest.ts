// What an answer is bound to: one client, server, tool, arguments and definition, as one hash.
import { createHash } from 'node:crypto'
import { HubError } from '../error.ts'
import { canonical, readJson } from './json-value.ts'

/** All that makes two calls the same call. */
export interface CallIdentity {
  client: string
  server: string
  tool: string
  argumentsText: string
  definitionHash: string
}

/** Hex SHA-256. The order of names and white space do not count; how a number was written does. */
export function callDigest(call: CallIdentity): string {
  const value = readJson(call.argumentsText)
  if (value === undefined)
    throw new HubError('policy/unreadable-arguments', `The arguments of ${call.tool} cannot be read.`, {
      hint: 'They are no JSON, repeat a name in one object, or are nested deeper than 200.',
    })
  const parts = [call.client, call.server, call.tool, canonical(value), call.definitionHash]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
