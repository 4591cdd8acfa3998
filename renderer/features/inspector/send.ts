// One call of the inspector, by what it calls.
import type { CallOutcome } from '../../../contract/calls.ts'
import type { Hub } from '../../connection/connection.ts'
import { expand, readArguments } from './arguments.ts'
import type { AnyOffer } from './offers.ts'

export function send(offer: AnyOffer, text: string, hub: Hub, signal: AbortSignal): Promise<CallOutcome> {
  const { server } = offer
  switch (offer.kind) {
    case 'tools':
      return hub.calls.call({ server, tool: offer.name, arguments: text.trim() || '{}' }, { signal })
    case 'resources':
      return hub.calls.readResource(
        { server, uri: offer.template ? expand(offer.uri, words(text)) : offer.uri },
        { signal },
      )
    case 'prompts':
      return hub.calls.getPrompt({ server, name: offer.name, arguments: words(text) }, { signal })
  }
}

/** Variables and prompt arguments are words; empty ones are left out. */
function words(text: string): Record<string, string> {
  const value = readArguments(text)
  if (value.kind === 'unreadable') return {}
  return Object.fromEntries(
    Object.entries(value.value).flatMap(([name, one]) => (one === '' || one == null ? [] : [[name, String(one)]])),
  )
}
