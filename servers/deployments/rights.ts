// Caller may deploy where: over HTTP what the caller's token says, over stdio what the person who set this server up said.
import { z } from 'zod'
import type { Caller } from '../kit/callers.ts'
import { Failure } from '../kit/failure.ts'
import type { Environment } from './backend.ts'

const PERMISSIONS = {
  development: 'deploy:dev',
  staging: 'deploy:staging',
  production: 'deploy:production',
} as const satisfies Record<Environment, string>
/** What DEPLOY_PERMISSIONS may hold. */
export const Permission = z.enum(Object.values(PERMISSIONS))
const PRODUCTION_GROUP = 'production-deployers'

export class Rights {
  readonly #local: Caller

  constructor(permissions: readonly string[], groups: readonly string[]) {
    this.#local = { name: 'local', roles: permissions, groups }
  }

  who(caller: Caller | undefined): Caller {
    return caller ?? this.#local
  }

  /** Null: nothing. */
  missing(environment: Environment, who: Caller): string | null {
    const permission = PERMISSIONS[environment]
    if (!who.roles.includes(permission)) return `the permission ${permission}`
    const isIn = [...who.groups, ...who.roles].includes(PRODUCTION_GROUP)
    return environment === 'production' && !isIn ? `the group ${PRODUCTION_GROUP}` : null
  }

  /** Throws Failure. */
  require(environment: Environment, who: Caller): void {
    const missing = this.missing(environment, who)
    if (missing === null) return
    const where =
      who === this.#local ? 'in DEPLOY_PERMISSIONS and DEPLOY_GROUPS of this server' : `for ${who.name}, in the token`
    throw new Failure(
      'permission_denied',
      `Deploying to ${environment} needs ${missing}.`,
      `Ask the person; it is given ${where}.`,
      { environment, missing },
    )
  }
}
