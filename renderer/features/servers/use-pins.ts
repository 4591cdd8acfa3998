// What differs of a server from what was pinned; asked anew whenever the server says that it changed.
import { useEffect, useState } from 'react'
import type { Pins } from '../../../contract/pins.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useHub } from '../../hub.ts'

export type AskedPins = [Pins | null, (pins: Pins) => void]

/** Null while it is asked for, and where it cannot be known. */
export function usePins({ id, held, tools, toolTokens, restarts, state }: Server): AskedPins {
  const [pins, setPins] = useState<Pins | null>(null)
  const connected = useHub().kind === 'live'
  const startedAt = state.kind === 'running' ? state.since : 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another count or start means another comparison
  useEffect(() => {
    if (!connected) return
    let current = true
    hub.servers.pins({ id }).then(
      found => current && setPins(found),
      () => current && setPins(null),
    )
    return () => {
      current = false
    }
  }, [id, held, tools, toolTokens, restarts, startedAt, connected])
  return [pins, setPins]
}
