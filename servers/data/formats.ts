// JSON, CSV, XML and YAML as values and back: nothing is rounded or guessed, and bad input says where it is bad.
import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { type Document, isCollection, LineCounter, parseAllDocuments, type ScalarTag, stringify, visit } from 'yaml'
import { readCsv, toCsv } from './csv.ts'
import { isRecord, MOST_ERRORS, numberAs, numberText, type Read, spot, toJson } from './values.ts'
import { readXml, toXml } from './xml.ts'

export const FORMATS = ['json', 'csv', 'xml', 'yaml'] as const
export type Format = (typeof FORMATS)[number]

export function read(text: string, format: Format): Read {
  const found = READERS[format](text.replace(/^\uFEFF/, ''))
  return { ...found, errors: found.errors.slice(0, MOST_ERRORS) }
}

const READERS: Record<Format, (text: string) => Read> = { json: readJson, csv: readCsv, xml: readXml, yaml: readYaml }

function exact(_: string, value: unknown, context?: { source?: string }): unknown {
  return numberAs(context?.source, value)
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
    const values = all.map(document => smallAgain(withDigits(document).toJS({ maxAliasCount: 100 })))
    return { value: values.length === 1 ? values[0] : values.length === 0 ? null : values, errors: [] }
  } catch (error) {
    if (error instanceof RangeError) throw error
    const start = all.find(document => isCollection(document.contents))?.range[0] ?? 0
    return { value: null, errors: [spot(text, start, (error as Error).message)] }
  }
}

function withDigits(document: Document.Parsed): Document.Parsed {
  visit(document, {
    Scalar(_, node) {
      node.value = numberAs(node.source, node.value)
    },
  })
  return document
}

/** For writing: a number that is kept as its text stands there as that text. */
const DIGITS: ScalarTag = {
  identify: value => numberText(value) !== null,
  default: true,
  tag: 'tag:yaml.org,2002:float',
  resolve: text => text,
  stringify: ({ value }) => numberText(value) ?? String(value),
}

function smallAgain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(smallAgain)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, smallAgain(one)]))
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
      return stringify(value, { customTags: [DIGITS], ...(pretty ? {} : { collectionStyle: 'flow', lineWidth: 0 }) })
    case 'csv':
      return toCsv(value)
    case 'xml':
      return toXml(value, pretty)
  }
}
