// What views know of the hub: the typed client, how it is, its live snapshot, and calls whose failure is shown.
import { useCallback, useRef, useSyncExternalStore } from 'react'
import type { Client } from '../contract/clients.ts'
import type { HubStatus, PairedWindow } from '../contract/hub.ts'
import type { Approval, Policy, Proposal } from '../contract/policy.ts'
import type { ProfileSummary } from '../contract/profiles.ts'
import type { PersonQuestion } from '../contract/questions.ts'
import type { Secret } from '../contract/secrets.ts'
import type { Server } from '../contract/servers.ts'
import { type HubState, hubState, problemFrom } from './connection/connection.ts'
import { type Live, snapshot, type Watched } from './connection/store.ts'
import { showProblem } from './ui/notify.tsx'

export { answerLink, answerPin, connect, type HubState, hub, problemFrom, tryNow } from './connection/connection.ts'
export type { Live } from './connection/store.ts'

/** A list of the snapshot: `loading` until first heard, then `ready` for good; the frame says when it is old. */
export type LiveList<T> =
  | { kind: 'loading' }
  | { kind: 'failed'; error: import('../contract/procedure.ts').Problem }
  | { kind: 'ready'; list: T[] }

const useWatched = <T>(watched: Watched<T>): T => useSyncExternalStore(watched.subscribe, watched.get)

const lists = new WeakMap<object, unknown>()

/** The same value as a list, with one identity per value. */
function useList<T>(watched: Watched<Live<T[]>>): LiveList<T> {
  const live = useWatched(watched)
  if (live.kind !== 'ready') return live
  let list = lists.get(live) as LiveList<T> | undefined
  if (!list) {
    list = { kind: 'ready', list: live.value }
    lists.set(live, list)
  }
  return list
}

export const useHub = (): HubState => useWatched(hubState)
export const useServers = (): LiveList<Server> => useList(snapshot.servers)
export const useApprovals = (): LiveList<Approval> => useList(snapshot.approvals)
export const useQuestions = (): LiveList<PersonQuestion> => useList(snapshot.questions)
export const useProposals = (): LiveList<Proposal> => useList(snapshot.proposals)
export const useClients = (): LiveList<Client> => useList(snapshot.clients)
export const useProfiles = (): LiveList<ProfileSummary> => useList(snapshot.profiles)
export const useSecrets = (): LiveList<Secret> => useList(snapshot.secrets)
export const useWindows = (): LiveList<PairedWindow> => useList(snapshot.windows)
export const usePolicy = (): Live<Policy> => useWatched(snapshot.policy)
export const useStatus = (): Live<HubStatus> => useWatched(snapshot.status)

/** The list, or nothing while it is not there: for counts and names beside the main matter. */
export const listOf = <T>(live: LiveList<T>): T[] => (live.kind === 'ready' ? live.list : [])

/**
 * A call to the hub for an event handler: its failure is shown, never swallowed. Resolves with the answer, or with
 * undefined once the failure was shown. Keeps its identity.
 */
export function useCall<A extends unknown[], R>(
  call: (...args: A) => Promise<R>,
): (...args: A) => Promise<R | undefined> {
  const latest = useRef(call)
  latest.current = call
  return useCallback(async (...args: A) => {
    try {
      return await latest.current(...args)
    } catch (error) {
      showProblem(problemFrom(error))
      return undefined
    }
  }, [])
}
