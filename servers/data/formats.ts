// JSON, CSV, XML and YAML as values and back: nothing is rounded or guessed, and bad input says where it is bad.
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import Papa from 'papaparse'
import { isCollection, LineCounter, parseAllDocuments, stringify } from 'yaml'

export const FORMATS = ['json', 'csv', 'xml', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

/** Counted from 1. */
export interface BadSpot {
  line: number
  column: number
  message: string
}

/** `value`: null where it could not be read at all. */
export interface Read {
  value: unknown
  errors: BadSpot[]
}

const MOST_ERRORS = 50

export function read(text: string, format: Format): Read {
  const found = READERS[format](text.replace(/^\uFEFF/, ''))
  return { ...found, errors: found.errors.slice(0, MOST_ERRORS) }
}

const READERS: Record<Format, (text: string) => Read> = { json: readJson, csv: readCsv, xml: readXml, yaml: readYaml }

/** Whole numbers beyond 2^53 as bigint, so that they stay as they are written. */
function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text, exact as (key: string, value: unknown) => unknown), errors: [] }
  } catch (error) {
    if (error instanceof RangeError) return { value: null, errors: [spot(text, 0, 'It is nested too deeply')] }
    // V8 seldom says where.
    const found: ParseError[] = []
    parseTree(text, found, { disallowComments: true, allowTrailingComma: false })
    const errors = found.map(({ error, offset }) => spot(text, offset, wordsOf(printParseErrorCode(error))))
    return { value: null, errors: errors.length > 0 ? errors : [spot(text, 0, 'It is not JSON')] }
  }
}

/** `ValueExpected` → "value expected". */
function wordsOf(code: string): string {
  return code.replaceAll(/\B[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

function readCsv(text: string): Read {
  const errors: BadSpot[] = []
  const parsed = Papa.parse<Record<string, string>>(text.trimEnd(), { header: true, skipEmptyLines: 'greedy' })
  for (const { row = 0, message, code, index } of parsed.errors) {
    // A text of one column has no delimiter, and is fine.
    if (code === 'UndetectableDelimiter') continue
    errors.push(index === undefined ? { line: row + 2, column: 1, message } : spot(text, index, message))
  }
  return { value: parsed.data, errors: errors.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

function readXml(text: string): Read {
  const entity = /<!ENTITY/i.exec(text)
  if (entity) return { value: null, errors: [spot(text, entity.index, 'Entities of its own are not read')] }
  const checked = XMLValidator.validate(text, { allowBooleanAttributes: true })
  if (checked !== true) {
    const { line, col, msg } = checked.err
    return { value: null, errors: [{ line, column: col, message: msg }] }
  }
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
  })
  return { value: parser.parse(text), errors: [] }
}

function readYaml(text: string): Read {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter, intAsBigInt: true, prettyErrors: false })
  const all = 'empty' in documents ? [] : documents
  const errors = all.flatMap(document =>
    document.errors.map(error => {
      const { line, col } = lineCounter.linePos(error.pos[0])
      return { line, column: col, message: error.message }
    }),
  )
  if (errors.length > 0) return { value: null, errors }
  try {
    // Aliases that multiply into millions are refused by the library.
    const values = all.map(document => smallAgain(document.toJS({ maxAliasCount: 100 })))
    return { value: values.length === 1 ? values[0] : values.length === 0 ? null : values, errors: [] }
  } catch (error) {
    const start = all.find(document => isCollection(document.contents))?.range[0] ?? 0
    return { value: null, errors: [spot(text, start, (error as Error).message)] }
  }
}

function smallAgain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(smallAgain)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, smallAgain(one)]))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function spot(text: string, at: number, message: string): BadSpot {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n'), message }
}

/** The rows of what is a table: a list of objects; null when it is none. */
export function rowsOf(value: unknown): Record<string, unknown>[] | null {
  const list = Array.isArray(value) ? value : null
  return list?.every(isRecord) ? (list as Record<string, unknown>[]) : null
}

export function write(value: unknown, format: Format, pretty: boolean): string {
  switch (format) {
    case 'json':
      return toJson(value, pretty)
    case 'yaml':
      return stringify(value, pretty ? {} : { collectionStyle: 'flow', lineWidth: 0 })
    case 'csv':
      return toCsv(value)
    case 'xml':
      return toXml(value, pretty)
  }
}

export function toJson(value: unknown, pretty = false): string {
  const raw = (_: string, one: unknown) => (typeof one === 'bigint' ? rawJson(String(one)) : one)
  return JSON.stringify(value, raw, pretty ? 2 : undefined) ?? 'null'
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown }

function toCsv(value: unknown): string {
  const rows = Array.isArray(value) ? value : [value]
  const flat = rows.map(row =>
    isRecord(row)
      ? Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, cellOf(cell)]))
      : { value: cellOf(row) },
  )
  const columns = [...new Set(flat.flatMap(row => Object.keys(row)))]
  // Kept as it is: a table opened in a spreadsheet must not run what a cell says.
  return Papa.unparse(flat, { columns, newline: '\n', escapeFormulae: true })
}

function cellOf(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  return typeof cell === 'object' ? toJson(cell) : String(cell)
}

function toXml(value: unknown, pretty: boolean): string {
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    format: pretty,
    suppressEmptyNode: true,
  })
  const isOne = isRecord(value) && Object.keys(value).length === 1 && !Array.isArray(Object.values(value)[0])
  return builder.build(isOne ? value : { data: Array.isArray(value) ? { item: value } : value })
}
