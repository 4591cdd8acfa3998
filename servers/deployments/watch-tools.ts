// How deployments go: one, its lines, or all of them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { fromCursorOf, NEXT, PAGING, pageOfText, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { Environment, ServiceName } from './backend.ts'
import type { Deploying } from './deploying.ts'
import type { Kept, Seen } from './orders.ts'
import { BACKEND, inWords, Task, TaskId, taskOf } from './tasks.ts'

const EVERY_MS = 500
const BATCH = 100
/** In a list the backend is not waited for any longer. */
const SEEN_MS = 3_000
const NOT_YET = new Failure(
  'timeout',
  'The deployment backend does not answer.',
  'Look at one with check_deployment_status.',
)

export function addWatchTools(kit: Kit, server: McpServer, d: Deploying): void {
  const { kind: backend } = d.backend
  const annotations = { ...READS, openWorldHint: backend === 'http' }

  /** A list is also there while the backend is not. */
  const asFarAsKnown = async (order: Kept, signal: AbortSignal): Promise<Seen> => {
    // No timeout by its name: that the list does not wait says nothing of the backend.
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(NOT_YET), SEEN_MS)
    try {
      return await d.orders.see(order, AbortSignal.any([signal, late.signal]))
    } catch (error) {
      if (!(error instanceof Failure) || signal.aborted) throw error
      return { ...order, state: 'working', message: `Last known: ${order.message}. ${error.message}` }
    } finally {
      clearTimeout(timer)
    }
  }

  kit.tool(
    server,
    'check_deployment_status',
    {
      title: 'Look at a deployment',
      description:
        'How far a deployment is: state and progress. With waitSeconds: when it has ended, or after that time.',
      input: z.object({ taskId: TaskId, waitSeconds: z.int().min(0).max(25).default(0) }),
      output: Task.extend(BACKEND),
      annotations,
    },
    async ({ taskId, waitSeconds }, { signal, progress }) => {
      const until = performance.now() + waitSeconds * 1_000
      let told = -1
      for (;;) {
        const task = taskOf(await d.orders.see(await d.orders.get(taskId), signal))
        if (task.progress > told) progress(task.progress, 100, task.message)
        told = Math.max(told, task.progress)
        if (task.state !== 'working' || performance.now() >= until)
          return { text: inWords(task), data: { ...task, backend } }
        await sleep(EVERY_MS, undefined, { signal })
      }
    },
  )

  kit.tool(
    server,
    'get_deployment_logs',
    {
      title: 'Read the log of a deployment',
      description: 'What the backend wrote about a deployment, the oldest line first.',
      input: z.object({ taskId: TaskId, cursor: PAGING.cursor }),
      output: z.object({ taskId: z.string(), log: z.string(), ...BACKEND, ...NEXT }),
      annotations,
    },
    async ({ taskId, cursor }, { signal }) => {
      const lines = await d.orders.lines(await d.orders.get(taskId), signal)
      const list = { taskId }
      const { text, nextCursor } = pageOfText(lines.join('\n'), fromCursorOf(list, cursor, z.string()))
      const next = nextCursor === undefined ? {} : { nextCursor: toCursorOf(list, nextCursor) }
      return { text: withMore(text || 'There are no lines yet.', next), data: { taskId, log: text, backend, ...next } }
    },
  )

  kit.tool(
    server,
    'list_deployments',
    {
      title: 'List deployments',
      description: 'Deployments and rollbacks that were begun with this server, the newest first.',
      input: z.object({
        service: ServiceName.optional(),
        environment: Environment.optional(),
        cursor: PAGING.cursor,
        limit: z.int().min(1).max(100).default(20),
      }),
      output: z.object({ deployments: z.array(Task), ...BACKEND, ...NEXT }),
      annotations,
    },
    async ({ service, environment, cursor, limit }, { signal }) => {
      const fits = (one: Kept) =>
        (service === undefined || one.service === service) &&
        (environment === undefined || one.environment === environment)
      const found: Kept[] = []
      const list = { service, environment }
      let before = fromCursorOf(list, cursor, z.string())
      let isMore = true
      while (found.length <= limit && isMore) {
        signal.throwIfAborted()
        const batch = await d.orders.list(BATCH, before)
        found.push(...batch.filter(fits))
        isMore = batch.length === BATCH
        before = batch.at(-1)?.id
      }
      const shown = found.slice(0, limit)
      const tasks = await Promise.all(shown.map(async one => taskOf(await asFarAsKnown(one, signal))))
      const next = found.length > limit ? { nextCursor: toCursorOf(list, shown.at(-1)!.id) } : {}
      return {
        text: withMore(tasks.map(inWords).join('\n') || 'There are none.', next),
        data: { deployments: tasks, backend, ...next },
      }
    },
  )
}
