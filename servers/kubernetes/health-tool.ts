// check_pod_health: what is wrong with a pod, what its log says about it, and what to do.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import { groupErrors } from './error-groups.ts'
import { readLog } from './logs.ts'
import { cleanAnswer } from './masking.ts'
import { namespace, objectName } from './names.ts'
import { type Issue, issuesOf, recommendationsFor, verdict } from './pod-health.ts'
import { allStatuses, statusOf } from './pod-status.ts'

const MOST_CONTAINERS = 5
const LINES = 200
/** Of one kind, in so many lines. */
const MANY_ERRORS = 10

export function registerHealth(kit: Kit, server: McpServer, cluster: Cluster): void {
  kit.tool(
    server,
    'check_pod_health',
    {
      title: 'Check a pod’s health',
      description:
        'What is wrong with a pod and what to do: containers that wait, ended, were killed or restarted more than 3 times, no node, and errors in their logs. Single errors in a log alone do not make a pod degraded.',
      input: z.object({
        namespace: namespace.default('default'),
        pod_name: objectName,
        check_logs: z.boolean().default(true),
      }),
      output: z.object({
        status: z.enum(['healthy', 'degraded', 'unhealthy']),
        pod_status: z.string(),
        issues: z.array(
          z.object({
            severity: z.enum(['critical', 'warning', 'info']),
            type: z.string(),
            container: z.string().nullable(),
            message: z.string(),
            restart_count: z.number(),
          }),
        ),
        recommendations: z.array(z.string()),
        logs_not_read: z.array(z.string()),
      }),
      annotations: READS,
      ifLate: 'Call with check_logs: false.',
    },
    async ({ namespace, pod_name: name, check_logs }, { signal }) => {
      const missing = { what: `pod ${name} in ${namespace}`, lister: 'get_pods' }
      const pod = await cluster.ask({ signal, missing }, api => api.core.readNamespacedPod({ name, namespace }))
      const seen = issuesOf(pod)
      const { issues: said, notRead } = check_logs
        ? await logIssues(cluster, pod, seen, signal)
        : { issues: [], notRead: new Map<string, string>() }
      const issues = [...seen, ...said]
      const status = verdict(pod, issues)
      const recommendations = recommendationsFor(issues)
      const lines = issues.map(
        one => `${one.severity}: ${one.type}${one.container ? ` (${one.container})` : ''}: ${one.message}`,
      )
      const text = [
        `${name} is ${status} (${statusOf(pod)}).`,
        ...lines,
        ...recommendations.map(one => `→ ${one}`),
        ...[...notRead].map(([container, why]) => `The log of ${container} was not read: ${why}`),
      ].join('\n')
      const logs_not_read = [...notRead.keys()]
      return cleanAnswer(text, { status, pod_status: statusOf(pod), issues, recommendations, logs_not_read })
    },
  )
}

/** Errors in the logs: of containers that are in trouble, else of all. A log that cannot be read is named, with why. */
async function logIssues(cluster: Cluster, pod: V1Pod, seen: readonly Issue[], signal: AbortSignal) {
  const troubled = new Set(seen.map(one => one.container))
  const started = allStatuses(pod).filter(
    one => one.state?.running || one.state?.terminated || one.lastState?.terminated,
  )
  const some = started.some(one => troubled.has(one.name)) ? started.filter(one => troubled.has(one.name)) : started
  const notRead = new Map<string, string>()
  // What else is known of the pod is not to be lost over a log that does not come.
  const soon = AbortSignal.any([signal, AbortSignal.timeout(cluster.logMs)])
  const issues = await Promise.all(
    some.slice(0, MOST_CONTAINERS).map(async status => {
      try {
        return await errorsOf(cluster, pod, status, soon)
      } catch (error) {
        if (!(error instanceof Failure) || signal.aborted) throw error
        notRead.set(status.name, soon.aborted ? 'it took too long.' : error.message)
        return []
      }
    }),
  )
  for (const { name } of some.slice(MOST_CONTAINERS)) notRead.set(name, 'there are too many. Call analyze_logs for it.')
  return { issues: issues.flat(), notRead }
}

async function errorsOf(
  cluster: Cluster,
  pod: V1Pod,
  status: V1ContainerStatus,
  signal: AbortSignal,
): Promise<Issue[]> {
  const { name = '', namespace = '' } = pod.metadata ?? {}
  const { name: container, restartCount, state, lastState } = status
  // What waits to be started again has said its last words in the run before.
  const previous = state?.waiting !== undefined && lastState?.terminated !== undefined
  const { lines } = await readLog(cluster, { name, namespace, container, previous, tailLines: LINES }, signal)
  return groupErrors(lines)
    .slice(0, 3)
    .map(({ count, example }) => ({
      severity: count >= MANY_ERRORS ? 'warning' : 'info',
      type: 'LogErrors',
      container,
      message: `${count}× in its last ${lines.length} line${lines.length === 1 ? '' : 's'}: ${example.slice(0, 300)}`,
      restart_count: restartCount,
    }))
}
