// What the postgres server can be told by its environment.
import { z } from 'zod'

export const SETTINGS = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'begins with postgresql://')
    .refine(URL.canParse, 'is no address: signs such as # / ? and blanks in a password are written %23 %2F %3F %20')
    .optional()
    .describe('Where the database is; without it an embedded one is used, empty at first')
    .meta({ secret: true }),
  EMBEDDED_FOLDER: z.string().optional().describe('Where the embedded database is kept; without it, in memory only'),
  STATEMENT_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(15_000)
    .describe('After which the database gives a statement up'),
  POOL_MAX: z.coerce.number().int().min(1).max(100).default(20).describe('Connections at once'),
}
