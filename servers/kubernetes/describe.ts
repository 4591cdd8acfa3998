// One pod in full, without the values of its secrets.
import type { V1Container, V1ContainerState, V1Pod } from '@kubernetes/client-node'
import { z } from 'zod'
import { isSecretName } from './masking.ts'
import { allStatuses, podLine, statusOf } from './pod-status.ts'

const LONGEST = 500

export const PodDetails = {
  name: z.string(),
  namespace: z.string(),
  status: z.string(),
  message: z.string().nullable(),
  ready: z.string(),
  restarts: z.number(),
  age: z.string(),
  node: z.string().nullable(),
  ip: z.string().nullable(),
  owner: z.string().nullable(),
  serviceAccount: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  conditions: z.array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().nullable(),
      message: z.string().nullable(),
    }),
  ),
  containers: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['init', 'main']),
      image: z.string(),
      state: z.string(),
      lastState: z.string().nullable(),
      ready: z.boolean(),
      restarts: z.number(),
      requests: z.record(z.string(), z.string()),
      limits: z.record(z.string(), z.string()),
      env: z.array(z.object({ name: z.string(), value: z.string() })),
      probes: z.array(z.string()),
    }),
  ),
  volumes: z.array(z.object({ name: z.string(), source: z.string() })),
}
type Details = z.infer<z.ZodObject<typeof PodDetails>>

export function describePod(pod: V1Pod): Details {
  const { metadata, spec, status } = pod
  const owner = metadata?.ownerReferences?.find(one => one.controller) ?? metadata?.ownerReferences?.[0]
  const inits = (spec?.initContainers ?? []).map(one => ({ one, kind: 'init' as const }))
  const mains = (spec?.containers ?? []).map(one => ({ one, kind: 'main' as const }))
  return {
    ...podLine(pod),
    namespace: metadata?.namespace ?? '',
    status: statusOf(pod),
    message: status?.message?.slice(0, LONGEST) ?? null,
    ip: status?.podIP ?? null,
    owner: owner ? `${owner.kind}/${owner.name}` : null,
    serviceAccount: spec?.serviceAccountName ?? null,
    labels: metadata?.labels ?? {},
    conditions: (status?.conditions ?? []).map(({ type, status, reason, message }) => ({
      type,
      status,
      reason: reason ?? null,
      message: message?.slice(0, LONGEST) ?? null,
    })),
    containers: [...inits, ...mains].map(({ one, kind }) => ({ ...describeContainer(pod, one), kind })),
    volumes: (spec?.volumes ?? []).map(({ name, ...source }) => ({ name, source: sourceOfVolume(source) })),
  }
}

function describeContainer(pod: V1Pod, container: V1Container) {
  const now = allStatuses(pod).find(one => one.name === container.name)
  const last = now?.lastState && stateWords(now.lastState)
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const
  return {
    name: container.name,
    image: container.image ?? '',
    state: stateWords(now?.state) ?? 'not started',
    lastState: last ?? null,
    ready: now?.ready ?? false,
    restarts: now?.restartCount ?? 0,
    requests: container.resources?.requests ?? {},
    limits: container.resources?.limits ?? {},
    env: [
      ...(container.envFrom ?? []).map(({ secretRef, configMapRef, prefix }) => ({
        name: `${prefix ?? ''}*`,
        value: secretRef ? `‹all of secret ${secretRef.name}›` : `‹all of config map ${configMapRef?.name}›`,
      })),
      ...(container.env ?? []).map(({ name, value, valueFrom }) => ({ name, value: envValue(name, value, valueFrom) })),
    ],
    probes: probes.flatMap(probe => (container[probe] ? [probe] : [])),
  }
}

function envValue(name: string, value = '', from?: NonNullable<V1Container['env']>[number]['valueFrom']): string {
  if (from?.secretKeyRef) return `‹${from.secretKeyRef.key} of secret ${from.secretKeyRef.name}›`
  if (from?.configMapKeyRef) return `‹${from.configMapKeyRef.key} of config map ${from.configMapKeyRef.name}›`
  if (from) return `‹${from.fieldRef?.fieldPath ?? from.resourceFieldRef?.resource ?? 'from elsewhere'}›`
  return isSecretName(name) && value !== '' ? '‹secret›' : value.slice(0, LONGEST)
}

/** As in "waiting: CrashLoopBackOff (back-off 5m0s …)". */
export function stateWords(state: V1ContainerState | undefined): string | undefined {
  const { waiting, terminated, running } = state ?? {}
  const more = (text: string | undefined) => (text ? ` (${text.slice(0, LONGEST)})` : '')
  if (waiting) return `waiting: ${waiting.reason ?? 'unknown'}${more(waiting.message)}`
  if (terminated)
    return `ended: ${terminated.reason ?? 'unknown'}, exit code ${terminated.exitCode}${more(terminated.message)}`
  return running ? `running since ${running.startedAt?.toISOString() ?? 'unknown'}` : undefined
}

function sourceOfVolume(source: object): string {
  const [kind, about] = Object.entries(source).find(([, value]) => value !== undefined) ?? ['unknown', {}]
  const { name, secretName, claimName, path } = (about ?? {}) as Record<string, string | undefined>
  const which = name ?? secretName ?? claimName ?? path
  return which ? `${kind} ${which}` : kind
}
