// What trusting a server would change: which of its tools would count as only reading, by its own word.
import type { Server, Tool } from '../../../contract/servers.ts'
import { Mono, plural } from '../../ui/index.ts'
import { useListing } from './use-listing.ts'

const NAMED = 12

/** The server's own mark says that it only reads. */
const saysItReads = (tool: Tool): boolean =>
  (tool.definition.annotations as { readOnlyHint?: unknown } | undefined)?.readOnlyHint === true

export function TrustEffect({ server }: { server: Server }) {
  const live = useListing(server)
  if (live.kind !== 'ready')
    return 'Tools it marks as read-only would then run without asking. Its tools are known after the first start; you can decide then, on its page.'
  const affected = live.listing.tools.filter(saysItReads)
  if (affected.length === 0) return 'It marks none of its tools as read-only now, so nothing would change yet.'
  return (
    <>
      {plural(affected.length, 'tool')} it marks as read-only would run without asking:{' '}
      {affected.slice(0, NAMED).map((tool, at) => (
        <span key={tool.name}>
          {at > 0 && ', '}
          <Mono>{tool.name}</Mono>
        </span>
      ))}
      {affected.length > NAMED && ` and ${affected.length - NAMED} more`}. Names that destroy still ask.
    </>
  )
}
