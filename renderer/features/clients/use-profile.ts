// A client's profile as the hub works it out, read anew when it is another, and changed with a way back.
import { useCallback, useEffect, useState } from 'react'
import type { Problem } from '../../../contract/procedure.ts'
import type { Profile, ProfileChanged, ProfileRef } from '../../../contract/profiles.ts'
import { hub, listOf, problemFrom, useCall, useProfiles } from '../../hub.ts'

type Loaded = { kind: 'loading' } | { kind: 'failed'; error: Problem } | { kind: 'ready'; profile: Profile }

interface Change {
  hide?: ProfileRef[]
  show?: ProfileRef[]
}

export function useProfile(client: string, days: number) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' })
  const [changes, setChanges] = useState(0)
  const summary = listOf(useProfiles()).find(one => one.client === client)
  const mark = JSON.stringify([client, days, changes, summary])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever may make it another is in the mark
  useEffect(() => {
    let current = true
    hub.profiles.get({ client, days }).then(
      profile => current && setLoaded({ kind: 'ready', profile }),
      error => current && setLoaded({ kind: 'failed', error: problemFrom(error) }),
    )
    return () => {
      current = false
    }
  }, [mark])
  const call = useCall(hub.profiles.change)
  const change = useCallback(
    async ({ hide = [], show = [] }: Change): Promise<ProfileChanged | undefined> => {
      const done = await call({ client, hide, show })
      setChanges(n => n + 1)
      return done
    },
    [call, client],
  )
  return { loaded, change }
}
