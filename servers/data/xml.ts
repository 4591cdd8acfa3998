// XML as values and back: attributes are `@name`, text beside them is `#text`, an element that repeats is a list.
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { Failure } from '../kit/failure.ts'
import { isRecord, type Read, spot, toJson } from './values.ts'

const NAMES = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '#text' }

export function readXml(text: string): Read {
  const entity = /<!ENTITY/i.exec(text)
  if (entity) return { value: null, errors: [spot(text, entity.index, 'Entities of its own are not read')] }
  const checked = XMLValidator.validate(text)
  if (checked !== true) {
    const { line, col, msg } = checked.err
    return { value: null, errors: [{ line, column: col, message: msg }] }
  }
  const parser = new XMLParser({
    ...NAMES,
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    trimValues: false,
    htmlEntities: true,
  })
  try {
    const value = withoutIndents(parser.parse(text)) as Record<string, unknown>
    if (Object.keys(value).length === 1 && !Array.isArray(Object.values(value)[0])) return { value, errors: [] }
    return { value: null, errors: [spot(text, 0, 'It must have one root element')] }
  } catch (error) {
    // Of the library: too deep, names that are not safe.
    if (error instanceof RangeError) throw error
    return { value: null, errors: [spot(text, 0, (error as Error).message)] }
  }
}

/** The blanks between elements are layout; those of a text are its own. */
function withoutIndents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndents)
  if (!isRecord(value)) return value
  const members = Object.entries(value).filter(([name, one]) => name !== '#text' || !/^\s*$/.test(String(one)))
  return Object.fromEntries(members.map(([name, one]) => [name, withoutIndents(one)]))
}

export function toXml(value: unknown, pretty: boolean): string {
  const builder = new XMLBuilder({
    ...NAMES,
    format: pretty,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  })
  const isOne = isRecord(value) && Object.keys(value).length === 1 && !Array.isArray(Object.values(value)[0])
  return builder.build(forXml(isOne ? value : { data: Array.isArray(value) ? { item: value } : value }))
}

const NAME = /^@?[\p{L}_][\p{L}\p{N}\p{M}._:·-]*$/u
/** Those that XML cannot hold. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/

/** Everything as text, under names that XML has. Throws Failure. */
function forXml(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? '' : value.map(one => forXml(Array.isArray(one) ? { item: one } : one))
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(memberOf))
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? toJson(value) : String(value)
  if (CONTROL.test(text) || !text.isWellFormed()) throw cannot('a text holds signs that XML cannot hold')
  return text
}

function memberOf([name, value]: [string, unknown]): [string, unknown] {
  if (name !== '#text' && !NAME.test(name))
    throw cannot(`${JSON.stringify(name.slice(0, 100))} is no name for an element`)
  const isText = name === '#text' || name.startsWith('@')
  return [name, forXml(isText && typeof value === 'object' && value !== null ? toJson(value) : value)]
}

function cannot(why: string): Failure {
  return new Failure(
    'validation_error',
    `This cannot be written as XML: ${why}.`,
    'Choose other names with a query, or another format.',
  )
}
