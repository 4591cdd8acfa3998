// A server's last verified listing, asked for again whenever its count of tools or its start changes.
import { useEffect, useState } from 'react'
import type { Problem } from '../../../contract/procedure.ts'
import type { Listing, Server } from '../../../contract/servers.ts'
import { hub, problemFrom, useHub } from '../../hub.ts'

export type LiveListing =
  | { kind: 'loading' }
  | { kind: 'unknown' }
  | { kind: 'failed'; error: Problem }
  | { kind: 'ready'; listing: Listing }

export function useListing({ id, tools, toolTokens, state }: Server): LiveListing {
  const [live, setLive] = useState<LiveListing>({ kind: 'loading' })
  const connected = useHub().kind === 'live'
  const startedAt = state.kind === 'running' ? state.since : 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another count or start means another listing
  useEffect(() => {
    if (!connected) return
    if (tools === null) return setLive({ kind: 'unknown' })
    let current = true
    hub.servers.listing({ id }).then(
      listing => current && setLive({ kind: 'ready', listing }),
      error => current && setLive({ kind: 'failed', error: problemFrom(error) }),
    )
    return () => {
      current = false
    }
  }, [id, tools, toolTokens, startedAt, connected])
  return live
}
