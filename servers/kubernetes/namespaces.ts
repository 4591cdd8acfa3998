// The cluster's namespaces, listed at most every five minutes.
import { LRUCache } from 'lru-cache'
import type { Cluster } from './cluster.ts'
import { ageOf } from './pod-status.ts'

const KEPT_MS = 5 * 60_000

interface NamespaceLine {
  name: string
  status: string
  age: string
}
export class Namespaces {
  readonly #cluster: Cluster
  readonly #kept = new LRUCache<'all', { at: number; list: NamespaceLine[] }>({ max: 1, ttl: KEPT_MS })

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async list(signal: AbortSignal): Promise<{ at: number; list: NamespaceLine[] }> {
    const kept = this.#kept.get('all')
    if (kept) return kept
    const list: NamespaceLine[] = []
    let _continue: string | undefined
    do {
      const asked = { limit: 500, ...(_continue ? { _continue } : {}) }
      const { items, metadata } = await this.#cluster.ask({ signal }, api => api.core.listNamespace(asked))
      for (const { metadata: about, status } of items)
        list.push({
          name: about?.name ?? '',
          status: status?.phase ?? 'Unknown',
          age: ageOf(about?.creationTimestamp),
        })
      _continue = metadata?._continue
    } while (_continue)
    const now = { at: Date.now(), list }
    this.#kept.set('all', now)
    return now
  }
}
