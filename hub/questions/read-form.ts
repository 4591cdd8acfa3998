// Reads the schema a server's form comes with, which is of a restricted kind, and builds the form anew: nothing of it that
// is not understood reaches a window.
import type { FormField } from '../../contract/questions.ts'
import { HubError } from '../error.ts'

const MOST_FIELDS = 100
const MOST_OPTIONS = 1_000
const LONGEST_NAME = 200
const LONGEST_VALUE = 1_000
const LONGEST_PATTERN = 500
const FORMATS = ['email', 'uri', 'date', 'date-time'] as const

type Input = FormField['input']
type Of<K extends Input['kind']> = Extract<Input, { kind: K }>
type Json = Record<string, unknown>
/** A text of the server as it may be shown. */
export type Show = (text: string, most: number) => string

/** The fields in the server's order. Throws HubError 'questions/unreadable' when it is not a form of the kind MCP allows. */
export function readForm(schema: unknown, message: string, show: Show): FormField[] {
  if (!isRecord(schema) || schema.type !== 'object' || !isRecord(schema.properties)) {
    throw unreadable('requestedSchema must be an object with properties')
  }
  const entries = Object.entries(schema.properties)
  if (entries.length > MOST_FIELDS) throw unreadable(`it has more than ${MOST_FIELDS} fields`)
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const asksForSecret = namesSecret(message)
  return entries.map(([name, given]) => {
    if (name === '' || name.length > LONGEST_NAME || name === '__proto__' || !name.isWellFormed()) {
      throw unreadable('a field has a name that cannot be used')
    }
    if (!isRecord(given)) throw unreadable(`${quoted(name)} is not a schema`)
    const text = (key: string, most: number) => (typeof given[key] === 'string' ? show(given[key], most) : null)
    const [title, description] = [text('title', 200), text('description', 1_000)]
    const input = readInput(name, given, show)
    const words = [name, given.title, given.description].filter(one => typeof one === 'string').join(' ')
    const secret = input.kind === 'text' && (asksForSecret || namesSecret(words))
    return { name, title, description, required: required.has(name), secret, input }
  })
}

function readInput(name: string, given: Json, show: Show): Input {
  const { type } = given
  if (type === 'boolean') return { kind: 'yes-no', preset: typeof given.default === 'boolean' ? given.default : null }
  if (type === 'number' || type === 'integer') return readNumber(given)
  if (type === 'array') return readMany(name, given, show)
  if (type !== 'string') throw unreadable(`${quoted(name)} is of a type that forms cannot have`)
  const options = readOptions(name, given, 'oneOf', show)
  if (options === null) return readText(given, show)
  const preset = options.filter(one => one.value === given.default).map(one => one.value)
  return { kind: 'choice', options, many: false, min: null, max: null, preset }
}

function readText(given: Json, show: Show): Of<'text'> {
  const { pattern } = given
  const preset = typeof given.default === 'string' ? given.default : null
  return {
    kind: 'text',
    format: FORMATS.find(format => format === given.format) ?? null,
    minLength: size(given.minLength),
    maxLength: size(given.maxLength),
    pattern: typeof pattern === 'string' && pattern.length <= LONGEST_PATTERN ? pattern : null,
    // A preset that may not be shown whole would be sent back changed.
    preset: preset !== null && show(preset, LONGEST_VALUE) === preset ? preset : null,
  }
}

function readNumber(given: Json): Of<'number'> {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
  const [min, max, preset] = [number(given.minimum), number(given.maximum), number(given.default)]
  return { kind: 'number', integer: given.type === 'integer', min, max, preset }
}

function readMany(name: string, given: Json, show: Show): Of<'choice'> {
  const options = isRecord(given.items) ? readOptions(name, given.items, 'anyOf', show) : null
  if (options === null) throw unreadable(`${quoted(name)} is a list of other things than choices`)
  const wanted = new Set(Array.isArray(given.default) ? given.default : [])
  const preset = options.filter(one => wanted.has(one.value)).map(one => one.value)
  return { kind: 'choice', options, many: true, min: size(given.minItems), max: size(given.maxItems), preset }
}

/** `enum` (with the older `enumNames`), or consts with titles; null when it is neither. */
function readOptions(name: string, given: Json, titled: 'oneOf' | 'anyOf', show: Show) {
  const consts = given[titled]
  const { enum: plain, enumNames } = given
  if (!Array.isArray(consts) && !Array.isArray(plain)) return null
  const names = Array.isArray(enumNames) ? enumNames : []
  const all: [value: unknown, title: unknown][] = Array.isArray(consts)
    ? consts.slice(0, MOST_OPTIONS + 1).map(one => (isRecord(one) ? [one.const, one.title] : [undefined, undefined]))
    : (plain as unknown[]).slice(0, MOST_OPTIONS + 1).map((value, n) => [value, names[n]])
  if (all.length > MOST_OPTIONS) throw unreadable(`${quoted(name)} has more than ${MOST_OPTIONS} choices`)
  const known = new Set<string>()
  return all.flatMap(([value, title]) => {
    if (typeof value !== 'string') throw unreadable(`${quoted(name)} has a choice that is not a text`)
    // What may not be shown whole cannot be chosen.
    if (known.has(value) || show(value, LONGEST_VALUE) !== value) return []
    known.add(value)
    return [{ value, title: typeof title === 'string' ? show(title, 200) : value }]
  })
}

const SECRET =
  /\b(pass ?(word|phrase|code)s?|passwd|pwd|secret( key)?s?|tokens?|api ?keys?|access ?keys?|private ?keys?|credentials?|pin( code)?|cvv|cvc|otp|one time (code|password)|seed phrase|(credit )?card numbers?)\b/i
/** A count of tokens is no secret. */
const COUNTS = /\b(max|min|number of|count of|total|output|input) ?tokens?\b|\btokens? (count|limit|budget)\b/gi

/** Whether words speak of a password, a key or the like; `apiKey` and `api_key` too. */
function namesSecret(words: string): boolean {
  const plain = words
    .slice(0, 5_000)
    .normalize('NFKC')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_\-.\s]+/g, ' ')
  return SECRET.test(plain.replace(COUNTS, ''))
}

const size = (value: unknown) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null)

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const quoted = (name: string) => JSON.stringify(name.slice(0, 80))

export function unreadable(what: string): HubError {
  return new HubError('questions/unreadable', `This question cannot be shown: ${what}.`)
}
