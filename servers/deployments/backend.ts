// What deploys: the demo that comes along, or a real one over HTTP. This server plans and checks; the backend does.
import semver from 'semver'
import { z } from 'zod'

export const Environment = z.enum(['development', 'staging', 'production'])
export type Environment = z.output<typeof Environment>
export const ServiceName = z
  .string()
  .regex(/^[a-z0-9-]{3,50}$/, 'is 3 to 50 small letters, digits and -')
  .describe('Its name')
export const Version = z
  .string()
  .max(100)
  .refine(text => semver.valid(text) === text.split('+')[0], 'is a version such as 2.4.1')
  .describe('A semantic version, such as 2.4.1')
const Range = z
  .string()
  .max(200)
  .refine(text => semver.validRange(text) !== null, 'is a range of versions')

export const Service = z.object({
  name: ServiceName,
  accepts: Range.default('*').describe('Which versions fit its configuration'),
  dependencies: z.array(z.object({ service: ServiceName, range: Range.default('*') })).max(100),
  environments: z.partialRecord(
    Environment,
    z.object({
      version: Version.nullable().describe('null: configured, and not yet deployed'),
      previous: Version.nullable().default(null),
      healthy: z.boolean(),
    }),
  ),
})
export type Service = z.output<typeof Service>

/** One deployment as it is asked for. Asking again with the same id is the same deployment. */
export interface Order {
  id: string
  kind: 'deploy' | 'rollback'
  service: string
  environment: Environment
  version: string
}

export const Run = z.object({
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  progress: z.number().min(0).max(100),
  message: z.string().max(2_000).default(''),
  lines: z.array(z.string().max(10_000)).max(10_000).default([]),
})
export type Run = z.output<typeof Run>

/** All throw Failure: not_found for what there is not, conflict where another deployment runs. */
export interface Backend {
  readonly kind: 'demo' | 'http'
  services(signal: AbortSignal): Promise<string[]>
  service(name: string, signal: AbortSignal): Promise<Service>
  begin(order: Order, signal: AbortSignal): Promise<void>
  /** Null: it was never begun there. */
  run(id: string, signal: AbortSignal): Promise<Run | null>
  cancel(id: string, signal: AbortSignal): Promise<void>
  remove(service: string, signal: AbortSignal): Promise<void>
}
