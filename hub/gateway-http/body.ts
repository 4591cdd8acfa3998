// Reads a request's body, up to a limit.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { HttpRefusal } from './refusal.ts'

export const BODY_BYTES = 4 * 1024 * 1024

/** Throws HttpRefusal for what is no JSON by its type, too long, or no UTF-8. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new HttpRefusal(415, 'The body must be application/json.')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES) throw new HttpRefusal(413, `A message may have ${BODY_BYTES / 1024 / 1024} MB and no more.`)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  if (!isUtf8(body)) throw new HttpRefusal(400, 'The body is not UTF-8.', -32700)
  return body.toString('utf8')
}
