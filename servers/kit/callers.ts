// Who calls over HTTP, by a fixed token or a JWT of the configured issuer, and which tools their roles allow.
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import picomatch from 'picomatch'
import type { HttpSettings } from './http-settings.ts'

export interface Caller {
  name: string
  roles: readonly string[]
  groups: readonly string[]
}

/** Why someone is not let in, in words for them. */
export class NotLetIn extends Error {
  /** 503: whether they may cannot be found out now. */
  readonly status: 401 | 503
  constructor(status: 401 | 503, message: string) {
    super(message)
    this.status = status
  }
}

/** Nobody is asked who they are: on this computer alone. */
const ANYBODY: Caller = { name: 'anybody on this computer', roles: [], groups: [] }
/** Never `none`, and none with a shared secret: the public key would be taken for it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

export class Callers {
  readonly isOpen: boolean
  readonly #byToken: Map<string, Caller>
  readonly #keys: ReturnType<typeof createRemoteJWKSet> | undefined
  readonly #s: HttpSettings
  readonly #allowed: Map<string, (tool: string, isReading: boolean) => boolean>

  constructor(settings: HttpSettings) {
    this.#s = settings
    this.isOpen = settings.HTTP_TOKENS.length === 0 && !settings.JWT_JWKS_URL
    this.#byToken = new Map(
      settings.HTTP_TOKENS.map(({ name, token, roles }) => [
        digest(token),
        { name, roles: this.#orDefault(roles), groups: [] },
      ]),
    )
    if (settings.JWT_JWKS_URL)
      this.#keys = createRemoteJWKSet(new URL(settings.JWT_JWKS_URL), {
        timeoutDuration: 4_000,
        cooldownDuration: 10_000,
      })
    this.#allowed = new Map(
      Object.entries(settings.HTTP_ROLES).map(([role, globs]) => {
        const names = picomatch(
          globs.filter(glob => glob !== '@reading'),
          { bash: true },
        )
        const reads = globs.includes('@reading')
        return [role, (tool, isReading) => (reads && isReading) || names(tool)]
      }),
    )
  }

  /** Throws NotLetIn. */
  async of(authorization: string | undefined): Promise<Caller> {
    if (this.isOpen) return ANYBODY
    const token = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) throw new NotLetIn(401, 'Say who you are: send the header “Authorization: Bearer TOKEN”.')
    // Compared by digests: how long it takes says nothing of a token.
    const known = this.#byToken.get(digest(token))
    if (known) return known
    if (!this.#keys || token.split('.').length !== 3) throw new NotLetIn(401, 'This token is not known here.')
    return this.#callerOf(await this.#verified(token, this.#keys))
  }

  mayCall({ roles }: Caller, tool: string, isReading: boolean): boolean {
    return this.isOpen || roles.some(role => this.#allowed.get(role)?.(tool, isReading))
  }

  /** Roles that may call a tool, for those whose roles may not. */
  rolesFor(tool: string, isReading: boolean): string[] {
    return [...this.#allowed].filter(([, may]) => may(tool, isReading)).map(([role]) => role)
  }

  async #verified(token: string, keys: ReturnType<typeof createRemoteJWKSet>): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: this.#s.JWT_ISSUER!,
        audience: this.#s.JWT_AUDIENCE!,
        algorithms: ALGORITHMS,
        clockTolerance: 30,
        requiredClaims: ['exp', 'sub'],
      })
      return payload
    } catch (error) {
      throw refusal(error)
    }
  }

  #callerOf(payload: JWTPayload): Caller {
    const roles = wordsOf(payload[this.#s.JWT_ROLES_CLAIM])
    const groups = wordsOf(payload[this.#s.JWT_GROUPS_CLAIM])
    return { name: `${payload.sub}`, roles: this.#orDefault(roles), groups }
  }

  #orDefault(roles: readonly string[]): readonly string[] {
    return roles.length > 0 ? roles : this.#s.HTTP_DEFAULT_ROLES
  }
}

export function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

function wordsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter(Boolean)
  return Array.isArray(claim) ? claim.filter(one => typeof one === 'string') : []
}

function refusal(error: unknown): NotLetIn {
  if (error instanceof errors.JWTExpired) return new NotLetIn(401, 'This token’s time is over. Get a new one.')
  if (error instanceof errors.JWTClaimValidationFailed)
    return new NotLetIn(401, `This token is not for this server: its ${error.claim} is not what it must be.`)
  const isOurs =
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    !(error instanceof errors.JOSEError) ||
    error.code === 'ERR_JOSE_GENERIC'
  if (isOurs) return new NotLetIn(503, 'The keys of the issuer cannot be read now. Try again in a while.')
  return new NotLetIn(401, 'This token is not signed by the issuer.')
}
