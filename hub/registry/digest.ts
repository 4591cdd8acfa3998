// The digest a person agrees to: everything that decides what is started, in one fixed order.
import { createHash } from 'node:crypto'
import type { Launch } from '../../contract/servers.ts'
import { secretsIn } from './references.ts'

/** Secrets a launch is given: those its env, headers and url name. */
export function secretNamesOf(launch: Launch): string[] {
  return secretsIn([launch.url ?? '', ...Object.values(launch.env), ...Object.values(launch.headers)])
}

export function digestOf(launch: Launch): string {
  const { command = null, args, cwd = null, url = null, env, headers } = launch
  const parts = ['gatehouse-launch-1', command, args, cwd, url, sorted(env), sorted(headers), secretNamesOf(launch)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
