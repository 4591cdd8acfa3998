// What must be true before a version is deployed, each found out on its own, so that all that is missing is said at once.
import semver from 'semver'
import { Failure } from '../kit/failure.ts'
import { type Backend, type Environment, noService, notConfigured, type Service } from './backend.ts'
import type { DeployWindows } from './deploy-windows.ts'

export interface Passed {
  check: 'configuration' | 'version' | 'dependency' | 'window' | 'permission' | 'turn'
  message: string
}
export interface Issue extends Passed {
  suggestion: string
}
export interface Checked {
  passed: Passed[]
  issues: Issue[]
  /** Null where there is no such service. */
  service: Service | null
}

export interface Wanted {
  service: string
  environment: Environment
  version: string
}

export async function checkPrerequisites(
  wanted: Wanted,
  backend: Backend,
  windows: DeployWindows,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<Checked> {
  const [passed, issues]: [Passed[], Issue[]] = [[], []]
  const say = (check: Passed['check'], ok: boolean, message: string, suggestion: string) =>
    ok ? passed.push({ check, message }) : issues.push({ check, message, suggestion })
  const { service: name, environment } = wanted
  const service = await orNull(backend.service(name, signal))
  const running = service?.environments[environment]
  if (!service || !running) {
    const { message, suggestion } = service ? notConfigured(service, environment) : noService(name)
    say('configuration', false, message, suggestion)
  } else {
    say('configuration', true, `${name} is configured for ${environment}.`, '')
    const [ok, message, suggestion] = versionFits(service, running.version, wanted)
    say('version', ok, message, suggestion)
  }
  const needed = service?.dependencies ?? []
  const found = needed.map(one => dependencyFits(backend, one.service, one.range, environment, signal))
  for (const [ok, message, suggestion] of await Promise.all(found)) say('dependency', ok, message, suggestion)
  const { open, words: when, opens } = windows.at(environment, now)
  if (open) say('window', true, `Deployments to ${environment} are open: ${when}.`, '')
  else say('window', false, `Deployments to ${environment} are closed; they are open ${when}.`, `Wait until ${opens}.`)
  return { passed, issues, service }
}

type Verdict = [ok: boolean, message: string, suggestion: string]

function versionFits({ name, accepts }: Service, current: string | null, { environment, version }: Wanted): Verdict {
  if (!semver.satisfies(version, accepts, { includePrerelease: true }))
    return [
      false,
      `${version} does not fit the configuration of ${name}, which takes ${accepts}.`,
      'Take one that fits.',
    ]
  if (environment === 'production' && semver.prerelease(version))
    return [false, `${version} is a prerelease.`, 'Only released versions go to production.']
  if (current !== null && semver.eq(version, current))
    return [false, `${version} already runs there.`, 'There is nothing to do.']
  if (current !== null && semver.lt(version, current))
    return [false, `${version} is older than ${current}, which runs there.`, 'To go back, use rollback_deployment.']
  return [true, `${version} fits, and follows ${current ?? 'nothing'}.`, '']
}

async function dependencyFits(
  backend: Backend,
  name: string,
  range: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<Verdict> {
  const running = (await orNull(backend.service(name, signal)))?.environments[environment]
  if (!running?.version)
    return [false, `It needs ${name}, which does not run in ${environment}.`, `Deploy ${name} first.`]
  if (!running.healthy)
    return [false, `It needs ${name}, which is not healthy in ${environment}.`, `Repair ${name} first.`]
  if (!semver.satisfies(running.version, range, { includePrerelease: true }))
    return [false, `It needs ${name} ${range}; ${running.version} runs in ${environment}.`, `Deploy ${name} first.`]
  return [true, `${name} ${running.version} is healthy in ${environment}.`, '']
}

async function orNull<T>(finding: Promise<T>): Promise<T | null> {
  try {
    return await finding
  } catch (error) {
    if (error instanceof Failure && error.kind === 'not_found') return null
    throw error
  }
}
