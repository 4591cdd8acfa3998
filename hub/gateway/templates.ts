// Which server a URI belongs to: the one that lists it, else the one whose template it fits. Patterns run on RE2, since
// templates are a server's own text and must not be able to make a match slow.
import { RE2JS } from 're2js'
import type { KnownServer } from './parts.ts'
import type { View } from './view.ts'

const MAX_URI = 8_000
const compiled = new Map<string, RE2JS | null>()

/** The servers that offer this URI; more than one when it cannot be told which is meant. */
export function serversOffering(view: View, uri: string): KnownServer[] {
  const listed = distinct(
    view
      .list('resources')
      .filter(e => e.own === uri)
      .map(e => e.server),
  )
  if (listed.length > 0 || uri.length > MAX_URI) return listed
  return distinct(
    view
      .list('resourceTemplates')
      .filter(e => e.own === uri || fits(e.own, uri))
      .map(e => e.server),
  )
}

function distinct(servers: KnownServer[]): KnownServer[] {
  return [...new Map(servers.map(s => [s.id, s])).values()]
}

/** True when the URI is one that this template (RFC 6570) can make. */
export function fits(template: string, uri: string): boolean {
  let pattern = compiled.get(template)
  if (pattern === undefined) {
    pattern = compile(template)
    if (compiled.size > 5_000) compiled.clear()
    compiled.set(template, pattern)
  }
  return pattern?.matches(uri) ?? false
}

function compile(template: string): RE2JS | null {
  const source = template
    .split(/(\{[^{}]*\})/)
    .map(part => (part.startsWith('{') && part.endsWith('}') ? expression(part) : RE2JS.quote(part)))
    .join('')
  try {
    return RE2JS.compile(source)
  } catch {
    return null
  }
}

function expression(part: string): string {
  const operator = part[1] ?? ''
  if ('+#/'.includes(operator) || part.includes('*')) return '.*'
  if (operator === '?' || operator === '&') return '[^#]*'
  return '[^/?#]*'
}
