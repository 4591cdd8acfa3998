// Events: what happened to objects of a namespace, newest first. The cluster gives them by name, so that all are looked at.
import type { CoreV1Event } from '@kubernetes/client-node'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import type { Cluster } from './cluster.ts'

const AT_ONCE = 500
const MOST = 5_000

export const EventLine = z.object({
  type: z.string(),
  reason: z.string(),
  object: z.string(),
  message: z.string(),
  count: z.number(),
  lastSeen: z.string().nullable(),
})
export type EventLine = z.infer<typeof EventLine>

/** `object`: `Pod/web-1`, or the name alone. */
export async function eventsIn(
  cluster: Cluster,
  namespace: string,
  object: string | undefined,
  signal: AbortSignal,
): Promise<{ events: EventLine[]; notAll: boolean }> {
  const list = { namespace, limit: AT_ONCE, ...(object ? { fieldSelector: aboutObject(object) } : {}) }
  const found: CoreV1Event[] = []
  let next: string | undefined
  do {
    const asked = { ...list, ...(next ? { _continue: next } : {}) }
    try {
      const { items, metadata } = await cluster.ask({ signal }, api => api.core.listNamespacedEvent(asked))
      found.push(...items)
      next = metadata?._continue || undefined
    } catch (error) {
      // Too much has changed meanwhile to go on.
      if (!next || !(error instanceof Failure) || error.details.status !== 410) throw error
      return { events: eventLines(found), notAll: true }
    }
  } while (next && found.length < MOST)
  return { events: eventLines(found), notAll: next !== undefined }
}

export function eventWords({ type, reason, count, message }: EventLine): string {
  return `${type} ${reason}${count > 1 ? ` (${count}×)` : ''}: ${message}`
}

function aboutObject(object: string): string {
  const [name, kind] = object.split('/').toReversed()
  return [`involvedObject.name=${name}`, ...(kind ? [`involvedObject.kind=${kind}`] : [])].join()
}

function eventLines(items: readonly CoreV1Event[]): EventLine[] {
  const lines = items.map(one => {
    const last = one.series?.lastObservedTime ?? one.lastTimestamp ?? one.eventTime ?? one.firstTimestamp
    return {
      type: one.type ?? 'Normal',
      reason: one.reason ?? '',
      object: `${one.involvedObject.kind}/${one.involvedObject.name}`,
      message: (one.message ?? '').slice(0, 2000),
      count: one.series?.count ?? one.count ?? 1,
      lastSeen: last ? new Date(last).toISOString() : null,
    }
  })
  return lines.toSorted((a, b) => (b.lastSeen ?? '').localeCompare(a.lastSeen ?? ''))
}
