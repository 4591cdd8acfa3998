// Waits for something, but only for so long; it goes on by itself.
import { setTimeout as delay } from 'node:timers/promises'

export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const waited = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: waited.signal }).catch(() => {})])
  waited.abort()
}
