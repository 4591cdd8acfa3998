// Calls made by a person (inspector, command line) and the frames of all traffic.
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { open, procedure } from './procedure.ts'

/** One frame on the wire, as it was; secrets of yours removed, cut at 64 KB. `at`: epoch ms with fraction. */
export const WireFrame = z.object({
  n: z.number(),
  at: z.number(),
  from: z.string(),
  to: z.string(),
  kind: z.enum(['request', 'result', 'error', 'notification', 'junk']),
  method: z.string().nullable(),
  /** Tool, prompt or resource named in it. */
  name: z.string().nullable(),
  id: z.string().nullable(),
  /** Joins a request and its answer on both sides of the gate. */
  correlation: z.string().nullable(),
  bytes: z.number(),
  text: z.string(),
})
export type WireFrame = z.infer<typeof WireFrame>

/** How a call ended. `result` is the server's own JSON text, secrets of yours removed. */
export const CallOutcome = z.object({
  correlation: z.string(),
  kind: z.enum(['result', 'tool-error', 'protocol-error']),
  result: z.string(),
  durationMs: z.number(),
})
export type CallOutcome = z.infer<typeof CallOutcome>

export const callsContract = {
  /** As the client `cli` or `inspector`: the same policy, the same record. `arguments`: JSON text of an object. */
  call: open
    .input(z.object({ server: z.string(), tool: z.string(), arguments: z.string().max(10_000_000).default('{}') }))
    .output(CallOutcome),
  /** The inspector reads and gets through the same gate. */
  readResource: procedure.input(z.object({ server: z.string(), uri: z.string() })).output(CallOutcome),
  getPrompt: procedure
    .input(z.object({ server: z.string(), name: z.string(), arguments: z.record(z.string(), z.string()).default({}) }))
    .output(CallOutcome),
  /** The last frames first, then each as it passes, in batches. */
  wire: procedure.output(eventIterator(z.array(WireFrame))),
}
