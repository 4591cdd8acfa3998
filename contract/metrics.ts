// Numbers for Prometheus: whether they are given out, where, and what opens them.
import { z } from 'zod'
import { open } from './procedure.ts'

/** Off until a person turns them on. `tokenFile`: holds what a scrape must send, for this user alone. */
export const MetricsStatus = z.object({
  on: z.boolean(),
  port: z.number(),
  url: z.string().nullable(),
  tokenFile: z.string().nullable(),
  /** Why they are on but not to be had. */
  problem: z.string().nullable(),
})
export type MetricsStatus = z.infer<typeof MetricsStatus>

export const metricsContract = {
  status: open.output(MetricsStatus),
  /** Off works at once from anywhere. On opens a listener: done in the window; from elsewhere it waits there for a person. */
  set: open
    .input(z.object({ on: z.boolean(), port: z.number().int().min(1024).max(65_535).optional() }))
    .output(z.object({ applied: z.boolean(), proposal: z.string().nullable() })),
}
