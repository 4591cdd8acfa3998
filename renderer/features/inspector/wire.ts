// The frames of all traffic as this window has heard them; kept over visits, followed while somebody looks.
import { useEffect, useSyncExternalStore } from 'react'
import type { WireFrame } from '../../../contract/calls.ts'
import { Watched } from '../../connection/store.ts'
import { hub, useHub } from '../../hub.ts'
import { mergeFrames } from './frames.ts'

const frames = new Watched<readonly WireFrame[]>([])

/** All frames known. A hub that started again counts from one, so its first batch replaces the old ones. */
export function useWire(): readonly WireFrame[] {
  const state = useHub()
  const since = state.kind === 'live' ? state.since : null
  useEffect(() => {
    if (since === null) return
    const ended = new AbortController()
    void follow(ended.signal)
    return () => ended.abort()
  }, [since])
  return useSyncExternalStore(frames.subscribe, frames.get)
}

/** True once the frames show that a call was answered by the gate alone: nothing went on to a server. */
export function useStoppedAtGate(correlation: string): boolean {
  const known = useSyncExternalStore(frames.subscribe, frames.get)
  const own = known.filter(f => f.correlation === correlation)
  const answered = own.some(f => f.kind === 'result' || f.kind === 'error')
  return answered && own.filter(f => f.kind === 'request').length === 1
}

async function follow(signal: AbortSignal): Promise<void> {
  let first = true
  try {
    for await (const batch of await hub.calls.wire(undefined, { signal })) {
      frames.set(mergeFrames(first ? [] : frames.get(), batch))
      first = false
    }
  } catch {
    // The connection ended; it is opened again when the hub is back.
  }
}
