// The program of a process of its own: reads, asks, converts, profiles and compares.
import { Worker } from 'node:worker_threads'
import { search } from '@jmespath-community/jmespath'
import { textWhereInexact } from '../kit/exact.ts'
import { Failure } from '../kit/failure.ts'
import { answering } from '../kit/in-thread.ts'
import { type Change, differences } from './diff.ts'
import { type Format, read, rowsOf, write } from './formats.ts'
import { type Column, profile, tableOf } from './profile.ts'
import { type BadSpot, isRecord, toJson } from './values.ts'

export interface Options {
  validate: boolean
  outputFormat: 'compact' | 'pretty' | 'table'
  query?: string | undefined
  convertTo?: Format | undefined
}

export type Work =
  | { kind: 'process'; data: string; format: Format; options: Options }
  | { kind: 'profile'; data: string; format: Format }
  | { kind: 'diff'; a: string; b: string; format: Format; key?: string | undefined }

export interface Processed {
  result: string
  rowsProcessed: number
  parseTimeMs: number
  errors: BadSpot[]
}

const answer = answering((work: Work): Processed | Column[] | Change[] => {
  try {
    return done(work)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const isDeep = error.message.includes('call stack')
    const message = isDeep ? 'This is nested too deeply.' : 'What comes of this is too large.'
    throw new Failure('validation_error', message, 'Give less at once.')
  }
})

process.on('message', (work: Work) => {
  try {
    process.send!(answer(work))
  } catch (error) {
    process.send!({ kind: 'broken', error })
  }
})

// Who is busy does not hear that nobody waits for the answer any more.
const LOOKS =
  "setInterval(() => process.ppid === Number(process.argv[2]) || process.kill(process.pid, 'SIGKILL'), 1000)"
new Worker(LOOKS, { eval: true, argv: process.argv.slice(2) }).unref()

function done(work: Work): Processed | Column[] | Change[] {
  if (work.kind === 'process') return processed(work)
  if (work.kind === 'profile') return profile(tableOf(rowsOf(readAll(work.data, work.format))))
  return differences(readAll(work.a, work.format, 'a'), readAll(work.b, work.format, 'b'), work.key)
}

/** In characters; pages of it are made from the whole. */
const MOST_RESULT = 50_000_000

function processed({ data, format, options }: Extract<Work, { kind: 'process' }>): Processed {
  const began = performance.now()
  const { value, errors } = read(data, format)
  const parseTimeMs = Math.round((performance.now() - began) * 10) / 10
  const rowsProcessed = Array.isArray(value) ? value.length : value === null ? 0 : 1
  if (options.validate)
    return { result: errors.length === 0 ? 'valid' : 'not valid', rowsProcessed, parseTimeMs, errors }
  if (errors.length > 0) throw bad(errors, format)
  const wanted = options.query === undefined ? value : asked(value, options.query)
  const result = shown(wanted, options.convertTo ?? format, options.outputFormat)
  if (result.length > MOST_RESULT) throw new RangeError(`${result.length} characters`)
  return { result, rowsProcessed, parseTimeMs, errors }
}

function readAll(text: string, format: Format, which?: string): unknown {
  const { value, errors } = read(text, format)
  if (errors.length > 0) throw bad(errors, format, which)
  return value
}

function bad(errors: BadSpot[], format: Format, which?: string): Failure {
  const { line, column, message } = errors[0]!
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new Failure(
    'validation_error',
    `${which ? `${which}: this` : 'This'} is not ${format.toUpperCase()} at line ${line}, column ${column}: ${message}${more}.`,
    'Correct it there and call again; validate: true names more such places.',
    { errors },
  )
}

type Reviver = (key: string, value: unknown) => unknown

function asked(value: unknown, query: string): unknown {
  try {
    return search(JSON.parse(toJson(value), textWhereInexact as Reviver), query)
  } catch (error) {
    if (error instanceof RangeError) throw error
    throw new Failure(
      'validation_error',
      `The query cannot be asked: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}.`,
      'It is JMESPath, for example: [?age > `30`].name',
    )
  }
}

function shown(value: unknown, format: Format, how: Options['outputFormat']): string {
  return how === 'table' ? table(value) : write(value, format, how === 'pretty')
}

const WIDEST = 60

function table(value: unknown): string {
  const list = Array.isArray(value) ? value : [value]
  const rows = list.map((one): Record<string, unknown> => (isRecord(one) ? one : { value: one }))
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const cells = rows.map(row => columns.map(name => cell(row[name])))
  const line = (parts: string[]) => `| ${parts.join(' | ')} |`
  return [line(columns.map(cell)), line(columns.map(() => '---')), ...cells.map(line)].join('\n')
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? toJson(value) : String(value)
  const one = text.replaceAll(/[\r\n]+/g, ' ').replaceAll('|', '\\|')
  return one.length > WIDEST ? `${one.slice(0, WIDEST)}…` : one
}
