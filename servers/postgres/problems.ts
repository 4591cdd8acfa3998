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
  '40001': ['conflict', 'Somebody else changed the same. Try again.'],
  '40P01': ['conflict', 'Somebody else changed the same. Try again.'],
  '28P01': ['permission_denied', 'Ask the person to correct user and password in DATABASE_URL.'],
  '28000': ['permission_denied', 'Ask the person to correct user and password in DATABASE_URL.'],
  ECONNREFUSED: ['upstream_error', 'Nothing listens there. Ask the person whether the database runs.'],
  ENOTFOUND: ['upstream_error', 'There is no such host. Ask the person to correct DATABASE_URL.'],
  ECONNRESET: ['upstream_error', 'The connection ended. Try again.'],
  ETIMEDOUT: ['timeout', 'The database does not answer. Ask the person whether it can be reached.'],
}

const BY_CLASS: Record<string, [FailureKind, string]> = {
  '08': ['upstream_error', 'The connection ended. Try again.'],
  '22': ['validation_error', 'Correct the values.'],
  '23': ['conflict', 'What is there already does not allow it. Look at it first.'],
  '25': ['validation_error', 'It cannot run within a transaction, so it is not for this tool.'],
  '42': ['validation_error', 'Correct the statement.'],
  '57': ['upstream_error', 'The database is going down or coming up. Try again in a while.'],
}

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
  if (/^Connection terminated/.test(message))
    return new Failure('upstream_error', `${message}.`, BY_CODE.ECONNRESET![1])
  const known = BY_CODE[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? BY_CLASS[code.slice(0, 2)] : undefined)
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
