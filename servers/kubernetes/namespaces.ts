// The cluster's namespaces, listed at most every five minutes.
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
  #kept: { at: number; list: NamespaceLine[] } | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async list(signal: AbortSignal): Promise<{ at: number; list: NamespaceLine[] }> {
    // Below nothing: the clock was set back meanwhile.
    const age = Date.now() - (this.#kept?.at ?? 0)
    if (this.#kept && age >= 0 && age < KEPT_MS) return this.#kept
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
    this.#kept = { at: Date.now(), list }
    return this.#kept
  }
}
