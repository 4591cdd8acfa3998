// Who is calling: the role fixed at the first frame, and for a window which one. Refusals by role are recorded.
import { implement, ORPCError } from '@orpc/server'
import { contract } from '../../contract/index.ts'
import type { Role } from '../../contract/procedure.ts'
import type { Audit } from '../audit/audit.ts'
import { problemOf } from '../error.ts'
import { redactAll } from '../vault/redact-all.ts'

export interface Caller {
  role: Extract<Role, 'cli' | 'window'>
  /** The paired window's id; null on the command line. */
  window: string | null
}

export interface CallerContext {
  caller: Caller
  /** Aborted when the connection closes. */
  gone: AbortSignal
}

/** As written in records: `cli` or `window:<id>`. */
export function nameOf(caller: Caller): string {
  return caller.window ? `window:${caller.window}` : caller.role
}

/** The contract, with what every procedure gets: the role check, a window that is still paired, and errors that people can read. */
export function guardedContract(
  audit: Pick<Audit, 'append'>,
  isPaired: (window: string) => boolean,
  redact: (text: string) => string,
) {
  return implement(contract)
    .$context<CallerContext>()
    .use(async ({ context, procedure, path, next }) => {
      const from = procedure['~orpc'].meta.from ?? ['window']
      if (!from.includes(context.caller.role)) {
        const message = `${path.join('.')} is for the window only.`
        await audit.append(
          { kind: 'refused', what: 'refused/role', by: nameOf(context.caller), detail: message },
          { durable: false },
        )
        throw new ORPCError('FORBIDDEN', {
          message,
          data: { code: 'api/window-only', message, hint: 'Do it in the Gatehouse window: `gatehouse open`.' },
        })
      }
      if (context.caller.window !== null && !isPaired(context.caller.window)) {
        const message = 'This window was revoked.'
        throw new ORPCError('FORBIDDEN', {
          message,
          data: { code: 'api/window-revoked', message, hint: 'Run `gatehouse open` for a new link.' },
        })
      }
      try {
        return await next()
      } catch (error) {
        if (error instanceof ORPCError) throw error
        // What a server, a file or the system said stands in it.
        const problem = redactAll(problemOf(error), redact)
        throw new ORPCError('CONFLICT', { message: problem.message, data: problem, cause: error })
      }
    })
}

export type GuardedContract = ReturnType<typeof guardedContract>
