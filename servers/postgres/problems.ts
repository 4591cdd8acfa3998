// What PostgreSQL says when it refuses, as words a model can act on. Codes: PostgreSQL manual, appendix A.
import { Failure, type FailureKind } from '../kit/failure.ts'

interface Said extends Error {
  code?: string
  position?: string | number
  hint?: string
  detail?: string
}

const BY_CODE: Record<string, [FailureKind, string]> = {
  '08P01': ['validation_error', 'Give as many values as the statement has $1, $2, ….'],
  '25006': ['permission_denied', 'This tool only reads. To change something use execute_sql.'],
  '42501': ['permission_denied', 'This user may not do that here. Ask the person to grant it.'],
  '42P01': ['not_found', 'Look at the tables with list_tables.'],
  '42703': ['not_found', 'Look at the columns with describe_table.'],
  '3F000': ['not_found', 'Look at the tables with list_tables.'],
  '3D000': ['not_found', 'Ask the person to correct the database’s name in DATABASE_URL.'],
  '57014': ['timeout', 'Ask for less: a narrower condition, a limit, an index; explain_query says what is slow.'],
  '53300': ['rate_limited', 'The database has no connection left. Try again in a while.'],
  '42P07': ['conflict', 'It is there already. Look at the tables with list_tables.'],
  '42710': ['conflict', 'It is there already.'],
  '2BP01': ['conflict', 'Other things need it. Change those first, or say CASCADE, which takes them along.'],
  '2D000': ['validation_error', 'It cannot end the transaction it runs in, so it is not for this tool.'],
  '53100': ['upstream_error', 'The database’s disk is full. Tell the person.'],
  '55P03': ['conflict', 'Somebody else holds it. Try again in a while.'],
  P0001: ['validation_error', 'A function or a trigger of the database refuses it.'],
  '40001': ['conflict', 'Somebody else changed the same. Try again.'],
  '40P01': ['conflict', 'Somebody else changed the same. Try again.'],
  '28P01': ['permission_denied', 'Ask the person to correct user and password in DATABASE_URL.'],
  '28000': ['permission_denied', 'Ask the person to correct user and password in DATABASE_URL.'],
  ECONNREFUSED: ['upstream_error', 'Nothing listens there. Ask the person whether the database runs.'],
  ENOTFOUND: ['upstream_error', 'There is no such host. Ask the person to correct DATABASE_URL.'],
  ECONNRESET: ['upstream_error', 'The connection ended. Try again.'],
  EAI_AGAIN: ['upstream_error', 'The host’s name cannot be looked up now. Try again.'],
  EHOSTUNREACH: ['upstream_error', 'The host cannot be reached. Ask the person.'],
  ENETUNREACH: ['upstream_error', 'The host cannot be reached. Ask the person.'],
  EPIPE: ['upstream_error', 'The connection ended. Try again.'],
  ETIMEDOUT: ['timeout', 'The database does not answer. Ask the person whether it can be reached.'],
}

const BY_CLASS: Record<string, [FailureKind, string]> = {
  '08': ['upstream_error', 'The connection ended. Try again.'],
  '0A': ['validation_error', 'This database cannot do that. Give another statement.'],
  '22': ['validation_error', 'Correct the values.'],
  '23': ['conflict', 'What is there already does not allow it. Look at it first.'],
  '25': ['validation_error', 'It cannot run within a transaction, so it is not for this tool.'],
  '42': ['validation_error', 'Correct the statement.'],
  '53': ['upstream_error', 'The database has no room or memory left for it. Ask for less.'],
  '54': ['validation_error', 'It is too large for the database. Give less at once.'],
  '55': ['conflict', 'It is in use, or not ready for that. Look at it first.'],
  '57': ['upstream_error', 'The database is going down or coming up. Try again in a while.'],
}

const STATE = /^[0-9A-Z]{5}$/
const OTHER: [FailureKind, string] = ['upstream_error', 'Read what the database says, and give another statement.']

/** Runs `work`; what the database says against `sql` becomes a Failure that names the place in it. */
export async function inWords<T>(sql: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFailure(error as Said, sql)
  }
}

function asFailure(error: Said, sql: string): unknown {
  if (error instanceof Failure || error.name === 'AbortError') return error
  const { code = '', message } = error
  if (/timeout exceeded when trying to connect|Connection terminated due to connection timeout/.test(message))
    return new Failure('timeout', 'The database does not answer.', BY_CODE.ETIMEDOUT![1])
  const [, refusal] = /(password must be a string|SSL|certificate)/i.exec(message) ?? []
  if (refusal && !STATE.test(code))
    return new Failure(
      refusal.startsWith('password') ? 'permission_denied' : 'upstream_error',
      refusal.startsWith('password') ? 'The database asks for a password.' : `${message}.`,
      'Ask the person to correct DATABASE_URL (user:password@, sslmode=).',
    )
  if (/^Connection terminated/.test(message))
    return new Failure('upstream_error', `${message}.`, BY_CODE.ECONNRESET![1])
  const known = BY_CODE[code] ?? (STATE.test(code) ? (BY_CLASS[code.slice(0, 2)] ?? OTHER) : undefined)
  if (!known) return error
  const at = placeIn(sql, error.position)
  const text = `${message || code}${at ? ` (line ${at.line}, column ${at.column})` : ''}.`
  const hint = error.hint ? `${error.hint} ` : ''
  return new Failure(known[0], text, `${hint}${known[1]}`, {
    code,
    ...at,
    ...(error.detail ? { detail: error.detail } : {}),
  })
}

/** `position`: counted from 1 in characters, as PostgreSQL does. */
function placeIn(sql: string, position: string | number | undefined): { line: number; column: number } | undefined {
  if (position === undefined) return undefined
  const before = [...sql].slice(0, Number(position) - 1)
  const line = before.filter(one => one === '\n').length + 1
  return { line, column: before.length - before.lastIndexOf('\n') }
}
