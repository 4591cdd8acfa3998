// What deploys: begin, approve, look at, cancel, roll back, and take a service away for good.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Answer, Kit } from '../kit/tools.ts'
import { Environment, ServiceName, Version } from './backend.ts'
import { approve, cancel, type Deploying, remove, rollBack, start } from './deploying.ts'
import type { Seen } from './orders.ts'
import { BACKEND, inWords, Task, TaskId, taskOf } from './tasks.ts'

/** The backend may be asked four times, for 30 s each. */
const LONG = {
  timeoutMs: 150_000,
  ifLate: 'It may have been done: look with list_deployments before it is asked again.',
}
const Key = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Yours alone for this deployment: asked again with it, also after a crash, it is the same deployment')
const output = Task.extend(BACKEND)

export function addDeployTools(kit: Kit, server: McpServer, d: Deploying): void {
  const { kind: backend } = d.backend
  const demo = backend === 'demo' ? ' This is a demo: nothing real is deployed.' : ''
  const writes = {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: backend === 'http',
  }
  const told = (seen: Seen): Answer<z.input<typeof output>> => {
    const task = taskOf(seen)
    return { text: inWords(task) + demo, data: { ...task, backend } }
  }

  kit.tool(
    server,
    'start_deployment',
    {
      title: 'Start a deployment',
      description: `Checks the prerequisites again, and begins to deploy a version. Answers with a taskId at once; where approval is needed it waits for approve_deployment.${demo}`,
      input: z.object({ service: ServiceName, version: Version, environment: Environment, idempotencyKey: Key }),
      output,
      annotations: writes,
      ...LONG,
    },
    async (asked, call) => told(await start(d, asked, d.rights.who(call.caller), call.signal)),
  )

  kit.tool(
    server,
    'approve_deployment',
    {
      title: 'Approve a deployment',
      description: `Lets a deployment that waits begin; its prerequisites are checked again. Only when the person said so.${demo}`,
      input: z.object({ taskId: TaskId }),
      output,
      annotations: writes,
      ...LONG,
    },
    async ({ taskId }, call) => told(await approve(d, taskId, call.caller, call.signal)),
  )

  kit.tool(
    server,
    'cancel_deployment',
    {
      title: 'Cancel a deployment',
      description: `Stops a deployment that waits or runs. What it has done so far stays.${demo}`,
      input: z.object({ taskId: TaskId }),
      output,
      annotations: { ...writes, idempotentHint: true },
      ...LONG,
    },
    async ({ taskId }, call) => told(await cancel(d, taskId, d.rights.who(call.caller), call.signal)),
  )

  kit.tool(
    server,
    'rollback_deployment',
    {
      title: 'Roll back',
      description: `Deploys the version before, or the one named, at once: without a window or approval. Refused in protected environments.${demo}`,
      input: z.object({
        service: ServiceName,
        environment: Environment,
        toVersion: Version.optional().describe('The version that ran before, when left out'),
        idempotencyKey: Key,
      }),
      output,
      annotations: { ...writes, destructiveHint: true },
      ...LONG,
    },
    async (asked, call) => told(await rollBack(d, asked, d.rights.who(call.caller), call.signal)),
  )

  kit.tool(
    server,
    'delete_service',
    {
      title: 'Delete a service',
      description: `Takes a service away, with its configuration, from all environments. It cannot be taken back. Refused where it runs in a protected one.${demo}`,
      input: z.object({
        service: ServiceName,
        confirmation: z.literal('DELETE', 'must be DELETE: ask the person first').describe('DELETE, in capitals'),
        environments: z
          .array(Environment)
          .max(10)
          .default([])
          .describe('All that it is configured for; needed where one of them needs approval'),
      }),
      output: z.object({ service: z.string(), environments: z.array(Environment), ...BACKEND }),
      annotations: { ...writes, destructiveHint: true, idempotentHint: true },
      ...LONG,
    },
    async (asked, call) => {
      const { service } = asked
      const environments = await remove(d, asked, d.rights.who(call.caller), call.signal)
      return { text: `${service} is deleted.${demo}`, data: { service, environments, backend } }
    },
  )
}
