// What there is: namespaces, pods, deployments, events, and one pod with all that is known of it.
import type { V1ListMeta } from '@kubernetes/client-node'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { fromCursorOf, NEXT, PAGING, page, pageOf, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import { describePod, PodDetails } from './describe.ts'
import { EventLine, eventsIn, eventWords } from './events.ts'
import { cleanAnswer } from './masking.ts'
import { eventObject, labelSelector, namespace, objectName } from './names.ts'
import type { Namespaces } from './namespaces.ts'
import { ageOf, podLine } from './pod-status.ts'

const MOST_EVENTS = 100
const inNamespace = { namespace: namespace.default('default') }
const Token = z.string().max(5000)

export const PodLines = z.object({
  name: z.string(),
  status: z.string(),
  ready: z.string(),
  restarts: z.number(),
  age: z.string(),
  node: z.string().nullable(),
})

export function registerReadTools(kit: Kit, server: McpServer, cluster: Cluster, namespaces: Namespaces): void {
  kit.tool(
    server,
    'list_namespaces',
    {
      title: 'List namespaces',
      description: 'The namespaces of the cluster. Kept for five minutes.',
      input: z.object(PAGING),
      output: z.object({
        namespaces: z.array(z.object({ name: z.string(), status: z.string(), age: z.string() })),
        total: z.number(),
        asOf: z.string(),
        ...NEXT,
      }),
      annotations: READS,
    },
    async (paging, { signal }) => {
      const { at, list } = await namespaces.list(signal)
      const { items, ...rest } = page(list, paging)
      const text = items.map(one => `${one.name} ${one.status} ${one.age}`).join('\n')
      return cleanAnswer(withMore(text || 'None.', rest), {
        namespaces: items,
        asOf: new Date(at).toISOString(),
        ...rest,
      })
    },
  )

  kit.tool(
    server,
    'get_pods',
    {
      title: 'List pods',
      description: 'The pods of a namespace: status as kubectl shows it, containers ready, restarts, age, node.',
      input: z.object({ ...inNamespace, labelSelector: labelSelector.optional(), ...PAGING }),
      output: z.object({ pods: z.array(PodLines), ...NEXT }),
      annotations: READS,
    },
    async ({ namespace, labelSelector, cursor, limit }, { signal }) => {
      const list = { namespace, ...(labelSelector ? { labelSelector } : {}) }
      const asked = { ...list, ...pageAsked(['pods', list], cursor, limit) }
      const { items, metadata } = await cluster.ask({ signal }, api => api.core.listNamespacedPod(asked))
      const pods = items.map(pod => podLine(pod))
      const lines = pods.map(one => `${one.name} ${one.ready} ${one.status} ${one.restarts} restarts ${one.age}`)
      const next = nextOf(['pods', list], metadata)
      return cleanAnswer(textOf(lines, 'pods', namespace, next), { pods, ...next })
    },
  )

  kit.tool(
    server,
    'get_deployments',
    {
      title: 'List deployments',
      description: 'The deployments of a namespace: replicas wanted, ready, up to date, and their images.',
      input: z.object({ ...inNamespace, labelSelector: labelSelector.optional(), ...PAGING }),
      output: z.object({
        deployments: z.array(
          z.object({
            name: z.string(),
            replicas: z.number(),
            ready: z.number(),
            updated: z.number(),
            available: z.number(),
            images: z.array(z.string()),
            age: z.string(),
          }),
        ),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ namespace, labelSelector, cursor, limit }, { signal }) => {
      const list = { namespace, ...(labelSelector ? { labelSelector } : {}) }
      const asked = { ...list, ...pageAsked(['deployments', list], cursor, limit) }
      const { items, metadata } = await cluster.ask({ signal }, api => api.apps.listNamespacedDeployment(asked))
      const deployments = items.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? '',
        replicas: spec?.replicas ?? 1,
        ready: status?.readyReplicas ?? 0,
        updated: status?.updatedReplicas ?? 0,
        available: status?.availableReplicas ?? 0,
        images: (spec?.template.spec?.containers ?? []).map(one => one.image ?? ''),
        age: ageOf(metadata?.creationTimestamp),
      }))
      const lines = deployments.map(one => `${one.name} ${one.ready}/${one.replicas} ready ${one.images.join(' ')}`)
      const next = nextOf(['deployments', list], metadata)
      return cleanAnswer(textOf(lines, 'deployments', namespace, next), { deployments, ...next })
    },
  )

  kit.tool(
    server,
    'get_events',
    {
      title: 'List events',
      description:
        'What happened in a namespace lately, or to one object of it (as in Pod/web-1). Newest first. Kept for about an hour.',
      input: z.object({ ...inNamespace, object: eventObject.optional(), ...PAGING }),
      output: z.object({
        events: z.array(EventLine),
        total: z.number(),
        notAll: z.boolean().describe('There are too many to look at: name an object'),
        ...NEXT,
      }),
      annotations: READS,
    },
    async ({ namespace, object, cursor, limit }, { signal }) => {
      const { events, notAll } = await eventsIn(cluster, namespace, object, signal)
      const { items, ...rest } = pageOf(['events', namespace, object], events, { cursor, limit })
      const lines = items.map(one => `${one.lastSeen ?? '?'} ${one.object} ${eventWords(one)}`)
      if (notAll) lines.push('There are too many events to look at all of them: name an object.')
      return cleanAnswer(textOf(lines, 'events', namespace, rest), { events: items, notAll, ...rest })
    },
  )

  kit.tool(
    server,
    'describe_pod',
    {
      title: 'Describe a pod',
      description:
        'One pod: its containers and what they are doing, conditions, volumes, and its events. Secrets’ values are left out.',
      input: z.object({ name: objectName, ...inNamespace }),
      output: z.object({
        ...PodDetails,
        events: z.array(EventLine).describe('The newest 100'),
        moreEvents: z.boolean(),
        eventsNotRead: z.string().nullable().describe('Why its events are missing here'),
      }),
      annotations: READS,
    },
    async ({ name, namespace }, { signal }) => {
      const missing = { what: `pod ${name} in ${namespace}`, lister: 'get_pods' }
      const [pod, { events: all, notAll, notRead }] = await Promise.all([
        cluster.ask({ signal, missing }, api => api.core.readNamespacedPod({ name, namespace })),
        eventsOf(cluster, name, namespace, signal),
      ])
      const details = describePod(pod)
      const events = all.slice(0, MOST_EVENTS)
      const more = notAll || all.length > events.length
      const lines = [
        `${name}: ${details.status} on ${details.node ?? 'no node'}`,
        ...details.containers.map(
          one =>
            `${one.name}: ${one.state}, ${one.restarts} restarts, ${one.image}${one.lastState ? `; before: ${one.lastState}` : ''}`,
        ),
        ...events.slice(0, 10).map(eventWords),
        ...(notRead === null ? [] : [`Its events were not read: ${notRead}`]),
        ...(more ? ['It has more events: see get_events.'] : []),
      ]
      return cleanAnswer(lines.join('\n'), { ...details, events, moreEvents: more, eventsNotRead: notRead })
    },
  )
}

/** Whoever may not see events, or waits for them in vain, is still told of the pod. */
async function eventsOf(cluster: Cluster, name: string, namespace: string, signal: AbortSignal) {
  try {
    return { ...(await eventsIn(cluster, namespace, `Pod/${name}`, signal)), notRead: null }
  } catch (error) {
    if (!(error instanceof Failure) || signal.aborted) throw error
    return { events: [], notAll: false, notRead: `${error.message} ${error.suggestion}` }
  }
}

function pageAsked(list: object, cursor: string | undefined, limit: number) {
  const from = fromCursorOf(list, cursor, Token)
  return { limit, ...(from === undefined ? {} : { _continue: from }) }
}

function nextOf(list: object, metadata: V1ListMeta | undefined): { nextCursor?: string } {
  return metadata?._continue ? { nextCursor: toCursorOf(list, metadata._continue) } : {}
}

function textOf(lines: readonly string[], what: string, namespace: string, next: { nextCursor?: string }): string {
  const none = `No ${what} in ${namespace}. (A namespace that does not exist looks the same: see list_namespaces.)`
  return withMore(lines.join('\n') || (next.nextCursor ? 'None on this page.' : none), next)
}
