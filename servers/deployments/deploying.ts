// The rules of deploying: who may, when, what must be true before, and that the same key is the same deployment.
import semver from 'semver'
import type { Caller } from '../kit/callers.ts'
import { Failure } from '../kit/failure.ts'
import type { Protected } from '../kit/protected.ts'
import { type Backend, Environment } from './backend.ts'
import type { DeployWindows } from './deploy-windows.ts'
import { busyFailure, busyWords, type NewOrder, type Orders, type Seen } from './orders.ts'
import { type Checked, checkPrerequisites, type Wanted } from './prerequisites.ts'
import type { Rights } from './rights.ts'

export interface Deploying {
  backend: Backend
  orders: Orders
  rights: Rights
  windows: DeployWindows
  guarded: Protected
  needsApproval: readonly Environment[]
  now: () => number
}

/** `taskId`: of the deployment it is about, when there is one. */
export async function check(
  d: Deploying,
  wanted: Wanted,
  who: Caller,
  signal: AbortSignal,
  taskId?: string,
): Promise<Checked> {
  const checked = await checkPrerequisites(wanted, d.backend, d.windows, { now: d.now(), signal })
  const missing = d.rights.missing(wanted.environment, who)
  if (missing === null) checked.passed.push({ check: 'permission', message: 'You may deploy there.' })
  else
    checked.issues.push({
      check: 'permission',
      message: `Deploying to ${wanted.environment} needs ${missing}.`,
      suggestion: 'Ask the person.',
    })
  const busy = await d.orders.underWay(wanted.service, wanted.environment, signal)
  if (!busy || busy.id === taskId)
    checked.passed.push({ check: 'turn', message: 'Nothing else of it is on its way there.' })
  else checked.issues.push({ check: 'turn', ...busyWords(busy) })
  return checked
}

export async function start(
  d: Deploying,
  { idempotencyKey, ...wanted }: Wanted & { idempotencyKey?: string | undefined },
  who: Caller,
  signal: AbortSignal,
): Promise<Seen> {
  d.rights.require(wanted.environment, who)
  const id = await d.orders.idFor(idempotencyKey, who.name, { kind: 'deploy', ...wanted })
  const known = await d.orders.find(id)
  if (known && !(await d.orders.isUnsent(known, signal))) return d.orders.see(known, signal)
  const { service } = await checked(d, wanted, who, signal, id)
  const from = service!.environments[wanted.environment]!.version
  const is = known || !d.needsApproval.includes(wanted.environment) ? 'begun' : 'waiting'
  return placed(d, { id, kind: 'deploy', ...wanted, by: who.name, at: d.now(), from, is }, signal)
}

export async function approve(
  d: Deploying,
  taskId: string,
  caller: Caller | undefined,
  signal: AbortSignal,
): Promise<Seen> {
  const order = await d.orders.get(taskId)
  const who = d.rights.who(caller)
  d.rights.require(order.environment, who)
  if (caller && caller.name === order.by)
    throw new Failure('permission_denied', 'Whoever started a deployment cannot approve it.', 'Ask somebody else to.')
  // What was true when it was started may have changed since.
  if (order.is === 'waiting') await checked(d, order, who, signal, order.id)
  await d.orders.approve(order, who.name, signal)
  return d.orders.seeBegun(order.id, signal)
}

export async function rollBack(
  d: Deploying,
  asked: {
    service: string
    environment: Environment
    toVersion?: string | undefined
    idempotencyKey?: string | undefined
  },
  who: Caller,
  signal: AbortSignal,
): Promise<Seen> {
  const { service: name, environment, toVersion, idempotencyKey } = asked
  d.guarded.refuse(environment)
  d.rights.require(environment, who)
  const id = await d.orders.idFor(idempotencyKey, who.name, {
    kind: 'rollback',
    service: name,
    environment,
    version: toVersion,
  })
  const known = await d.orders.find(id)
  if (known && !(await d.orders.isUnsent(known, signal))) return d.orders.see(known, signal)
  const service = await d.backend.service(name, signal)
  const running = service.environments[environment]
  if (!running?.version)
    throw new Failure('not_found', `${name} does not run in ${environment}.`, 'Look at deployments://config/SERVICE.')
  const version = toVersion ?? running.previous
  if (version === null)
    throw new Failure('not_found', `No version of ${name} ran in ${environment} before.`, 'Name one with toVersion.')
  if (semver.gte(version, running.version))
    throw new Failure(
      'validation_error',
      `${version} is not before ${running.version}, which runs there.`,
      'To go forward, use start_deployment.',
    )
  if (!semver.satisfies(version, service.accepts, { includePrerelease: true }))
    throw new Failure(
      'validation_error',
      `${version} does not fit the configuration of ${name}, which takes ${service.accepts}.`,
      'Name another with toVersion.',
    )
  const order = { id, kind: 'rollback', service: name, environment, version } as const
  return placed(d, { ...order, by: who.name, at: d.now(), from: running.version, is: 'begun' }, signal)
}

export async function cancel(d: Deploying, taskId: string, who: Caller, signal: AbortSignal): Promise<Seen> {
  const order = await d.orders.get(taskId)
  d.rights.require(order.environment, who)
  await d.orders.cancel(order, signal)
  return d.orders.see(await d.orders.get(order.id), signal)
}

/** From everywhere it runs; never where that is protected, or while it is being deployed. */
export async function remove(
  d: Deploying,
  { service: name, environments: named }: { service: string; environments: readonly Environment[] },
  who: Caller,
  signal: AbortSignal,
): Promise<Environment[]> {
  const service = await d.backend.service(name, signal)
  const environments = Environment.options.filter(one => service.environments[one] !== undefined)
  for (const environment of environments)
    if (service.environments[environment]!.version !== null) d.guarded.refuse(environment)
  // Configured nowhere, it may be meant for anywhere.
  for (const environment of environments.length > 0 ? environments : Environment.options)
    d.rights.require(environment, who)
  // In the call itself, where whoever allows it sees them.
  const mustBeNamed = named.length > 0 ? environments : environments.filter(one => d.needsApproval.includes(one))
  if (mustBeNamed.some(one => !named.includes(one)))
    throw new Failure(
      'validation_error',
      `${name} is configured for ${environments.join(', ')}.`,
      `Call with environments: ${JSON.stringify(environments)}, if it shall go from all of them.`,
      { environments },
    )
  for (const environment of environments) {
    const busy = await d.orders.underWay(name, environment, signal)
    if (busy) throw busyFailure(busy)
  }
  await d.backend.remove(name, signal)
  return environments
}

async function placed(d: Deploying, order: NewOrder, signal: AbortSignal): Promise<Seen> {
  await d.orders.place(order, signal)
  return d.orders.seeBegun(order.id, signal)
}

async function checked(
  d: Deploying,
  wanted: Wanted,
  who: Caller,
  signal: AbortSignal,
  taskId: string,
): Promise<Checked> {
  const result = await check(d, wanted, who, signal, taskId)
  if (result.issues.length === 0) return result
  const { service, environment, version } = wanted
  throw new Failure(
    'conflict',
    `${service} ${version} may not go to ${environment} now: ${result.issues.map(one => one.message).join(' ')}`,
    result.issues.map(one => one.suggestion).join(' '),
    { issues: result.issues, passed: result.passed },
  )
}
