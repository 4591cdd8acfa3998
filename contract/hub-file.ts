// hub.json in the data folder: how the command line, bridges and the desktop shell find the running hub.
import { z } from 'zod'

export const HubFile = z.object({
  pid: z.number(),
  socket: z.string(),
  token: z.string(),
  version: z.string(),
  startedAt: z.number(),
})
export type HubFile = z.infer<typeof HubFile>
