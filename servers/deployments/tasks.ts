// How a deployment is told of: as a task that others look at, approve and cancel.
import { z } from 'zod'
import { Environment } from './backend.ts'
import type { Seen } from './orders.ts'

export const BACKEND = { backend: z.enum(['demo', 'http']).describe('demo: nothing real is deployed') }
const TASK_ID = new RegExp(
  `^dep-[0-9a-f]{28}:(${Environment.options.join('|')}):[a-z0-9-]{3,50}(@[0-9A-Za-z.+-]{1,40})?$`,
)
export const TaskId = z
  .string()
  .regex(TASK_ID, 'is a taskId as start_deployment gives it')
  .describe('As start_deployment gives it, whole: it says where the deployment goes')
export const Task = z.object({
  taskId: z.string(),
  kind: z.enum(['deploy', 'rollback']),
  service: z.string(),
  environment: Environment,
  version: z.string(),
  from: z.string().nullable().describe('What ran there before'),
  state: z.enum(['waiting', 'working', 'completed', 'failed', 'cancelled']).describe('waiting: for approve_deployment'),
  progress: z.number().describe('Percent'),
  message: z.string(),
  by: z.string(),
  startedAt: z.string(),
  approvedBy: z.string().optional(),
})
export type Task = z.output<typeof Task>

export function taskOf({ id, is: _, begunAt: __, isHeard: ___, at, ...seen }: Seen): Task {
  return { taskId: id, startedAt: new Date(at).toISOString(), ...seen }
}

export function inWords({ taskId, kind, service, environment, version, from, state, progress, message }: Task): string {
  const what = `${kind === 'deploy' ? '' : 'back to '}${version}${from === null ? '' : ` (from ${from})`}`
  return `${taskId}: ${service} ${what} in ${environment}: ${state}, ${Math.round(progress)} %. ${message}.`
}
