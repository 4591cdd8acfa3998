// The cluster's namespaces, listed at most every five minutes.

import { Kept } from '../kit/kept.ts'
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
  readonly #kept: Kept<{ at: number; list: NamespaceLine[] }>

  constructor(cluster: Cluster, now?: () => number) {
    this.#cluster = cluster
    this.#kept = new Kept(KEPT_MS, now)
  }

  list(signal: AbortSignal): Promise<{ at: number; list: NamespaceLine[] }> {
    return this.#kept.get('all', async () => ({ at: Date.now(), list: await this.#ask(signal) }))
  }

  async #ask(signal: AbortSignal): Promise<NamespaceLine[]> {
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
    return list
  }
}
