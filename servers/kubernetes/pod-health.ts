// What is wrong with a pod, from what the cluster knows of it, and what to do about each.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { allStatuses } from './pod-status.ts'

export interface Issue {
  severity: 'critical' | 'warning' | 'info'
  type: string
  container: string | null
  message: string
  restart_count: number
}

const MANY_RESTARTS = 3
const LONG_MS = 5 * 60_000

/** By the names Kubernetes gives them. */
const ADVICE: Record<string, string> = {
  CrashLoopBackOff: 'Read the log of the container before its last restart (get_pod_logs with previous: true).',
  ImagePullBackOff: 'Check the image’s name and tag, that its registry can be reached, and the imagePullSecrets.',
  ErrImagePull: 'Check the image’s name and tag, that its registry can be reached, and the imagePullSecrets.',
  ErrImageNeverPull: 'The image is not on the node and imagePullPolicy is Never: load it there, or change the policy.',
  InvalidImageName: 'Correct the image’s name: it is not one.',
  CreateContainerConfigError:
    'A ConfigMap or Secret that the container names, or a key of it, is missing: the message says which. Create it, or correct the name.',
  CreateContainerError: 'The node cannot create the container: see the message and the events (describe_pod).',
  RunContainerError: 'The command cannot be started: check command, args and file permissions in the image.',
  OOMKilled: 'It used more memory than its limit: raise resources.limits.memory, or find the leak.',
  ContainerCannotRun: 'The command cannot be started: check command, args and file permissions in the image.',
  Error: 'Read its log (get_pod_logs; with previous: true of the one before its last restart).',
  Restarts:
    'Find out why it ends: the log before its last restart (get_pod_logs with previous: true) and its liveness probe.',
  Unschedulable:
    'No node fits: compare its requests, node selector, affinity and tolerations with the nodes (k8s://nodes), or add a node.',
  SchedulingGated: 'It waits for its scheduling gates to be taken away by whoever set them.',
  NotReady:
    'Its readiness probe fails, or a readiness gate is not passed: see the events and conditions (describe_pod), and whether the app listens on the probe’s port and path.',
  Creating: 'See the events (describe_pod): a volume, the network or a missing Secret may hold it back.',
  Terminating: 'It should be gone by now: see its finalizers, and whether its node is still there.',
  Evicted: 'Its node ran out of something: see the message; give it requests that fit, and look at the node.',
  NodeLost: 'Its node does not answer: look at k8s://nodes.',
  Failed: 'See its containers’ exit codes (describe_pod) and logs.',
  LogErrors: 'Look at them with analyze_logs.',
}
const OTHER = 'See the events (describe_pod).'

/** Waiting reasons of a start that goes as it should. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing'])

export function issuesOf(pod: V1Pod, now = Date.now()): Issue[] {
  return [...ofPod(pod, now), ...allStatuses(pod).flatMap(one => ofContainer(one, pod, now))]
}

export function recommendationsFor(issues: readonly Issue[]): string[] {
  return [...new Set(issues.map(({ type }) => `${type}: ${ADVICE[type] ?? OTHER}`))]
}

export function verdict(pod: V1Pod, issues: readonly Issue[]): 'healthy' | 'degraded' | 'unhealthy' {
  if (issues.some(one => one.severity === 'critical') || pod.status?.phase === 'Failed') return 'unhealthy'
  return issues.some(one => one.severity === 'warning') ? 'degraded' : 'healthy'
}

function ofPod(pod: V1Pod, now: number): Issue[] {
  const { metadata, status } = pod
  const issue = (severity: Issue['severity'], type: string, message: string): Issue[] => [
    { severity, type, container: null, message, restart_count: 0 },
  ]
  const going = metadata?.deletionTimestamp
  if (going) {
    // The time at which its grace is over.
    const lateMs = now - going.getTime()
    return lateMs > LONG_MS ? issue('warning', 'Terminating', `It was to be gone ${minutes(lateMs)} ago.`) : []
  }
  if (status?.phase === 'Succeeded') return []
  const found: Issue[] = []
  const scheduled = status?.conditions?.find(one => one.type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    const type = scheduled.reason === 'SchedulingGated' ? 'SchedulingGated' : 'Unschedulable'
    found.push(...issue('critical', type, scheduled.message ?? 'No node was found for it.'))
  }
  if (status?.phase === 'Failed')
    found.push(...issue('critical', status.reason ?? 'Failed', status.message ?? 'The pod has failed.'))
  if (status?.phase === 'Unknown' || status?.reason === 'NodeLost')
    found.push(...issue('critical', 'NodeLost', status.message ?? 'Its node does not answer.'))
  const mains = status?.containerStatuses ?? []
  const age = ageMs(pod, now)
  if (status?.phase === 'Pending' && scheduled?.status === 'True' && mains.length === 0 && age > LONG_MS)
    found.push(...issue('warning', 'Creating', `Its node has begun nothing in ${minutes(age)}.`))
  const ready = status?.conditions?.find(one => one.type === 'Ready')
  if (status?.phase === 'Running' && ready?.status === 'False' && mains.every(one => one.ready))
    found.push(...issue('warning', 'NotReady', ready.message ?? 'Its containers are ready, the pod is not.'))
  return found
}

function ofContainer(status: V1ContainerStatus, pod: V1Pod, now: number): Issue[] {
  const { name, restartCount, state, lastState } = status
  const found: Issue[] = []
  const add = (severity: Issue['severity'], type: string, message: string) =>
    found.push({ severity, type, container: name, message: message.slice(0, 1000), restart_count: restartCount })
  const { waiting, terminated } = state ?? {}
  if (waiting?.reason && !STARTING.has(waiting.reason))
    add('critical', waiting.reason, waiting.message ?? `It waits: ${waiting.reason}.`)
  else if (waiting && ageMs(pod, now) > LONG_MS && pod.status?.phase === 'Pending' && !isBehindInit(pod, name))
    add(
      'warning',
      'Creating',
      `It has been waiting for ${minutes(ageMs(pod, now))} (${waiting.reason ?? 'no reason'}).`,
    )
  const killed = terminated ?? lastState?.terminated
  if (killed?.reason === 'OOMKilled')
    add(
      terminated || waiting ? 'critical' : 'warning',
      'OOMKilled',
      `It was killed for its memory (${at(killed.finishedAt)}).`,
    )
  else if (terminated && terminated.exitCode !== 0)
    add(
      'critical',
      terminated.reason ?? 'Error',
      `It ended with exit code ${terminated.exitCode}.${also(terminated.message)}`,
    )
  if (restartCount > MANY_RESTARTS) {
    const last = lastState?.terminated
    const how = last
      ? ` The last one ended with exit code ${last.exitCode} (${last.reason ?? 'no reason'}, ${at(last.finishedAt)}).`
      : ''
    add('warning', 'Restarts', `It was restarted ${restartCount} times.${how}`)
  }
  const isRunning = state?.running !== undefined && !pod.metadata?.deletionTimestamp
  const isMain = pod.status?.containerStatuses?.includes(status)
  if (isRunning && isMain && !status.ready) add('warning', 'NotReady', 'It runs, but is not ready.')
  return found
}

/** An init container that has not ended holds the others back; it is told about itself. */
function isBehindInit({ status }: V1Pod, name: string): boolean {
  const inits = status?.initContainerStatuses ?? []
  return (
    !inits.some(one => one.name === name) && inits.some(one => one.state?.terminated?.exitCode !== 0 && !one.started)
  )
}

function ageMs({ metadata }: V1Pod, now: number): number {
  return metadata?.creationTimestamp ? now - metadata.creationTimestamp.getTime() : 0
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} minutes`
}

function at(time: Date | undefined): string {
  return time?.toISOString() ?? 'at an unknown time'
}

function also(message: string | undefined): string {
  return message ? ` ${message.trim().slice(-500)}` : ''
}
