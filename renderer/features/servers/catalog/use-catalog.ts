// The catalog, asked for once a window, as soon as the hub answers: it changes with Gatehouse itself.
import { useEffect, useState } from 'react'
import { type BundledServer, bundledOf } from '../../../../contract/catalog.ts'
import type { Server } from '../../../../contract/servers.ts'
import { hub, type LiveList, problemFrom, useHub } from '../../../hub.ts'

let known: BundledServer[] | undefined

export function useCatalog(): LiveList<BundledServer> {
  const [live, setLive] = useState<LiveList<BundledServer>>(
    known ? { kind: 'ready', list: known } : { kind: 'loading' },
  )
  const isLive = useHub().kind === 'live'
  useEffect(() => {
    if (known || !isLive) return
    let left = false
    hub.catalog.list().then(
      list => {
        known = list
        if (!left) setLive({ kind: 'ready', list })
      },
      error => left || setLive({ kind: 'failed', error: problemFrom(error) }),
    )
    return () => {
      left = true
    }
  }, [isLive])
  return live
}

/** What the catalog says of a server; undefined for those that do not come with Gatehouse. */
export function useBundled(server: Server): BundledServer | undefined {
  const catalog = useCatalog()
  const name = bundledOf(server.launch.command)
  return catalog.kind === 'ready' ? catalog.list.find(one => one.name === name) : undefined
}
