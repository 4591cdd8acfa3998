// The tools that go with every tool which begins a task: how far it is, and stopping it.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { TASK, type Tasks, type TaskView } from './tasks.ts'
import { type Kit, READS } from './tools.ts'

const taskId = z.string().regex(/^task-[0-9a-f]{32}$/, 'is a taskId as the tool that began it gives it')
const seen = z.object({
  ...TASK,
  result: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ kind: z.string(), message: z.string(), suggestion: z.string() }).optional(),
})

export function registerTaskTools(kit: Kit, server: McpServer, tasks: Tasks): void {
  kit.tool(
    server,
    'check_task',
    {
      title: 'Look at a task',
      description:
        'How far a task is, and what came of it. With waitSeconds it answers when the task has ended, or then.',
      input: z.object({ taskId, waitSeconds: z.number().min(0).max(20).default(0) }),
      output: seen,
      annotations: READS,
    },
    async ({ taskId, waitSeconds }, { signal, progress }) =>
      answerOf(await tasks.wait(taskId, { forMs: waitSeconds * 1000, signal, progress })),
  )

  kit.tool(
    server,
    'cancel_task',
    {
      title: 'Stop a task',
      description: 'Asks a task to stop. What it has done until then stays. One that has ended stays as it is.',
      input: z.object({ taskId }),
      output: seen,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    async ({ taskId }) => {
      const { state } = await tasks.status(taskId)
      const isOver = state !== 'waiting' && state !== 'working'
      return answerOf(isOver ? await tasks.status(taskId) : await tasks.cancel(taskId))
    },
  )
}

export function answerOf({ kind: _, input: __, lines: ___, ...task }: TaskView) {
  const how = task.cancelling ? 'is being stopped' : task.state
  return { text: `${task.taskId} ${how}, ${task.progress} %: ${task.message}`, data: task as z.output<typeof seen> }
}
