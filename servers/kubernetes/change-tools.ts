// scale_deployment, restart_deployment and delete_pod: changes to what runs, never in protected namespaces.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { confirmed, dryRun } from '../kit/meant.ts'
import type { Protected } from '../kit/protected.ts'
import type { Kit } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import { namespace, objectName } from './names.ts'

const CHANGES = { readOnlyHint: false, destructiveHint: true, openWorldHint: false }
const MERGE = 'application/merge-patch+json'
const MANAGER = 'kubernetes-server'
const target = { name: objectName, namespace: namespace.default('default') }

export function registerChangeTools(kit: Kit, server: McpServer, cluster: Cluster, kept: Protected): void {
  kit.tool(
    server,
    'scale_deployment',
    {
      title: 'Scale a deployment',
      description: 'Sets how many pods a deployment has. With dryRun: true the cluster only says whether it would.',
      input: z.object({
        ...target,
        replicas: z.int().min(0).max(100),
        dryRun: dryRun('the cluster says whether it would'),
      }),
      output: z.object({
        name: z.string(),
        namespace: z.string(),
        before: z.number(),
        replicas: z.number(),
        dryRun: z.boolean(),
      }),
      annotations: { ...CHANGES, idempotentHint: true },
    },
    async ({ name, namespace, replicas, dryRun }, { signal }) => {
      const missing = missingDeployment(name, namespace)
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/scale`
      const before = await cluster.ask({ signal, missing }, api =>
        api.apps.readNamespacedDeploymentScale({ name, namespace }),
      )
      const was = before.spec?.replicas ?? 0
      if (!dryRun && replicas < was) kept.refuse(namespace)
      // There it must still be what was looked at: more than it had then may be less than it has now.
      const { resourceVersion } = before.metadata ?? {}
      const asSeen = kept.has(namespace) && resourceVersion ? { metadata: { resourceVersion } } : {}
      // A number of pods is the same however often it is said: it may be said again.
      const after = await cluster.ask({ signal, missing }, api =>
        api.raw({
          method: 'PATCH',
          path,
          query: { fieldManager: MANAGER, ...(dryRun ? { dryRun: 'All' } : {}) },
          contentType: MERGE,
          body: { ...asSeen, spec: { replicas } },
        }),
      )
      const now = (after as { spec?: { replicas?: number } }).spec?.replicas ?? 0
      const text = dryRun
        ? `The cluster would scale ${name} in ${namespace} from ${was} to ${now}. Nothing has changed.`
        : `${name} in ${namespace} is scaled from ${was} to ${now}.`
      return { text, data: { name, namespace, before: was, replicas: now, dryRun } }
    },
  )

  kit.tool(
    server,
    'restart_deployment',
    {
      title: 'Restart a deployment',
      description: 'Replaces the pods of a deployment one after the other, as kubectl rollout restart does.',
      input: z.object(target),
      output: z.object({
        name: z.string(),
        namespace: z.string(),
        restartedAt: z.string(),
        revision: z.string().nullable().describe('The one before: the restart makes another'),
      }),
      annotations: { ...CHANGES, idempotentHint: false },
    },
    async ({ name, namespace }, { signal }) => {
      kept.refuse(namespace)
      const missing = missingDeployment(name, namespace)
      const { spec } = await cluster.ask({ signal, missing }, api =>
        api.apps.readNamespacedDeployment({ name, namespace }),
      )
      if (spec?.paused) throw isPaused(name, namespace)
      const restartedAt = new Date().toISOString()
      const annotations = { 'kubectl.kubernetes.io/restartedAt': restartedAt }
      const after = await cluster.ask({ signal, missing }, api =>
        api.raw({
          method: 'PATCH',
          path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
          query: { fieldManager: MANAGER },
          contentType: MERGE,
          body: { spec: { template: { metadata: { annotations } } } },
        }),
      )
      const { metadata } = after as { metadata?: { annotations?: Record<string, string> } }
      const revision = metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? null
      const text = `${name} in ${namespace} is being restarted. Watch it with get_pods.`
      return { text, data: { name, namespace, restartedAt, revision } }
    },
  )

  kit.tool(
    server,
    'delete_pod',
    {
      title: 'Delete a pod',
      description:
        'Deletes one pod, which ends gracefully. What manages it (a deployment …) makes another; a pod of its own is gone.',
      input: z.object({
        ...target,
        confirm: confirmed('this pod deleted'),
        gracePeriodSeconds: z.int().min(1).max(3600).optional(),
      }),
      output: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string().nullable(),
        owner: z.string().nullable(),
      }),
      annotations: { ...CHANGES, idempotentHint: false },
    },
    async ({ name, namespace, gracePeriodSeconds }, { signal }) => {
      kept.refuse(namespace)
      const missing = { what: `pod ${name} in ${namespace}`, lister: 'get_pods' }
      const pod = await cluster.ask({ signal, missing }, api => api.core.readNamespacedPod({ name, namespace }))
      const { uid, ownerReferences } = pod.metadata ?? {}
      const body = {
        propagationPolicy: 'Background',
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        // Only this one: another of the same name may have taken its place.
        ...(uid ? { preconditions: { uid } } : {}),
      }
      await cluster.ask({ signal, missing, mayRepeat: false }, async api => {
        await api.core.deleteNamespacedPod({ name, namespace, body })
      })
      const owner = ownerReferences?.find(one => one.controller)
      const told = owner
        ? `Its ${owner.kind} ${owner.name} makes another.`
        : 'Nothing manages it: it does not come back.'
      return {
        text: `${name} in ${namespace} is being deleted. ${told}`,
        data: { name, namespace, uid: uid ?? null, owner: owner ? `${owner.kind}/${owner.name}` : null },
      }
    },
  )
}

function missingDeployment(name: string, namespace: string) {
  return { what: `deployment ${name} in ${namespace}`, lister: 'get_deployments' }
}

function isPaused(name: string, namespace: string): Failure {
  return new Failure(
    'conflict',
    `The deployment ${name} in ${namespace} is paused: nothing would be restarted.`,
    'Ask the person whether it is to be resumed first (spec.paused: false, as by apply_manifest).',
  )
}
