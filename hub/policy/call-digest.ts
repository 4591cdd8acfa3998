// What an answer is bound to: one client, server, tool, arguments and definition, as one hash.
import { createHash } from 'node:crypto'
import { canonical, type Json } from './json-value.ts'

/** All that makes two calls the same call. */
export interface CallIdentity {
  client: string
  server: string
  tool: string
  arguments: Json
  definitionHash: string
}

/** Hex SHA-256. The order of names and white space do not count; how a number was written does. */
export function callDigest(call: CallIdentity): string {
  const parts = [call.client, call.server, call.tool, canonical(call.arguments), call.definitionHash]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
