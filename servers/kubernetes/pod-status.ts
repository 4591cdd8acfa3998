// A pod in one line, as kubectl prints it: status, containers ready, restarts, age.
import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

export interface PodLine {
  name: string
  status: string
  ready: string
  restarts: number
  age: string
  node: string | null
}

export function podLine(pod: V1Pod, now = Date.now()): PodLine {
  const statuses = running(pod)
  return {
    name: pod.metadata?.name ?? '',
    status: statusOf(pod),
    ready: `${statuses.filter(one => one.ready).length}/${running(pod, pod.spec).length}`,
    restarts: allStatuses(pod).reduce((sum, one) => sum + one.restartCount, 0),
    age: ageOf(pod.metadata?.creationTimestamp, now),
    node: pod.spec?.nodeName ?? null,
  }
}

/** Init containers too. */
export function allStatuses({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

/** Containers that stay: init containers that restart always (sidecars) count among them. */
function running(pod: V1Pod): V1ContainerStatus[]
function running(pod: V1Pod, spec: V1Pod['spec']): V1Container[]
function running(pod: V1Pod, spec?: V1Pod['spec']): { name: string }[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(one => one.name)
  if (spec) return [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers]
  const early = (pod.status?.initContainerStatuses ?? []).filter(one => sidecars.includes(one.name))
  return [...early, ...(pod.status?.containerStatuses ?? [])]
}

function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always'
}

/** The STATUS column. */
export function statusOf(pod: V1Pod): string {
  const { status, metadata } = pod
  if (metadata?.deletionTimestamp) return status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating'
  const init = initStatus(pod)
  if (init !== undefined) return init
  const reasons = (status?.containerStatuses ?? []).map(({ state }) => {
    if (state?.waiting?.reason) return state.waiting.reason
    const ended = state?.terminated
    return ended && (ended.reason || (ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`))
  })
  const worst = reasons.find(reason => reason !== undefined && reason !== 'Completed') ?? reasons.find(Boolean)
  if (worst === 'Completed' && status?.phase === 'Running') return 'Running'
  return worst ?? status?.reason ?? status?.phase ?? 'Unknown'
}

function initStatus({ spec, status }: V1Pod): string | undefined {
  const containers = spec?.initContainers ?? []
  for (const [at, one] of containers.entries()) {
    const now = status?.initContainerStatuses?.find(({ name }) => name === one.name)
    if (now?.state?.terminated?.exitCode === 0 || (isSidecar(one) && now?.started)) continue
    if (now === undefined) continue
    const { terminated, waiting } = now.state ?? {}
    if (terminated) return `Init:${terminated.reason || `ExitCode:${terminated.exitCode}`}`
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
    return `Init:${at}/${containers.length}`
  }
  return undefined
}

/** As in 5d3h, 12m or 40s. */
export function ageOf(since: Date | undefined, now = Date.now()): string {
  if (since === undefined) return 'unknown'
  const seconds = Math.max(0, Math.floor((now - since.getTime()) / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .flatMap(([n, unit]) => (n > 0 ? [`${n}${unit}`] : []))
    .join('')
}
