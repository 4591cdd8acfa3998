// Who may come in: the loopback names alone, no page of another origin, and a client's own token. Nothing turns this off.
import type { IncomingMessage } from 'node:http'
import { isLoopbackHost } from '../loopback.ts'
import { HttpRefusal } from './refusal.ts'

export interface Entrant {
  client: string
  token: string
}

/** Throws HttpRefusal. `clientOf`: whose token it is. */
export function enter(request: IncomingMessage, clientOf: (token: string) => string | null): Entrant {
  const { host, origin, authorization } = request.headers
  if (!isLoopbackHost(host)) throw new HttpRefusal(403, 'Gatehouse answers to 127.0.0.1, localhost and [::1] alone.')
  if (origin !== undefined && origin !== `http://${host}`)
    throw new HttpRefusal(403, 'Gatehouse takes no requests of web pages.')
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  const client = token === undefined ? null : clientOf(token)
  if (token === undefined || client === null) {
    const what = token === undefined ? 'A token is missing' : 'This token is not good'
    const words = `${what}. Send the one that Gatehouse gave this client: "Authorization: Bearer gh_…".`
    throw new HttpRefusal(401, words, -32000, { 'www-authenticate': 'Bearer realm="Gatehouse"' })
  }
  return { client, token }
}
