// What the files server can be told by its environment.
import { z } from 'zod'
import { COMMON } from '../kit/settings.ts'

export const SETTINGS = {
  // Reading is cheap, and agents read a lot.
  RATE_LIMIT: COMMON.RATE_LIMIT.default(3000).describe('Calls in 60 s'),
  KEEP_OUT: z.string().optional().describe('One more folder to refuse; Gatehouse names its data folder here'),
  FILES_TRASH: z.string().optional().describe('Where deleted things wait: `$XDG_STATE_HOME/files-server/trash`'),
  TRASH_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .default(30)
    .describe('After so many days what is in the trash is gone for good; 0: never'),
}
