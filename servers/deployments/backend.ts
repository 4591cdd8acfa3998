// What deploys: the demo that comes along, or a real one over HTTP. This server plans and checks; the backend does.
import semver from 'semver'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'

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

const MOST_LINES = 10_000
const cutAt = (most: number) =>
  z.string().transform(text => (text.length > most ? `${text.slice(0, most)}… (cut)` : text))
/** A backend that says a lot is still understood. */
export const Run = z.object({
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  progress: z.number().transform(percent => Math.min(100, Math.max(0, percent))),
  message: cutAt(2_000).default(''),
  lines: z
    .array(cutAt(10_000))
    .default([])
    .transform(lines => {
      const left = lines.length - MOST_LINES
      return left > 0 ? [`(${left} lines before these are left out)`, ...lines.slice(left)] : lines
    }),
})
export type Run = z.output<typeof Run>

export function noService(name: string): Failure {
  return new Failure('not_found', `There is no service ${name}.`, 'Look with list_services.')
}

export function notConfigured({ name, environments }: Service, environment: Environment): Failure {
  const has = Object.keys(environments).join(', ') || 'none'
  return new Failure('not_found', `${name} has no configuration for ${environment}.`, `It has ${has}.`)
}

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
