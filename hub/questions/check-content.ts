// Holds what a person filled in against the form: only what fits goes on to the server.
import type { FormField } from '../../contract/questions.ts'
import { HubError } from '../error.ts'
import { fitsPattern } from '../policy/globs.ts'

/** The values in the form's order. Throws HubError 'questions/does-not-fit', naming the field and never the value. */
export function checkContent(fields: FormField[], content: Record<string, unknown>): Record<string, unknown> {
  const known = new Set(fields.map(field => field.name))
  const foreign = Object.keys(content).find(name => !known.has(name))
  if (foreign !== undefined) throw misfit(foreign, 'is not in the form')
  const given = fields.flatMap(field => {
    const value = Object.hasOwn(content, field.name) ? content[field.name] : undefined
    if (value === undefined) {
      if (field.required) throw misfit(field.title ?? field.name, 'is needed')
      return []
    }
    const wrong = whatIsWrong(field.input, value)
    if (wrong !== null) throw misfit(field.title ?? field.name, wrong)
    return [[field.name, value] as const]
  })
  return Object.fromEntries(given)
}

/** What is wrong with a value, in words; null when it fits. */
function whatIsWrong(input: FormField['input'], value: unknown): string | null {
  switch (input.kind) {
    case 'yes-no':
      return typeof value === 'boolean' ? null : 'is yes or no'
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'is a number'
      if (input.integer && !Number.isInteger(value)) return 'is a whole number'
      return withinSize(value, input.min, input.max, 'is')
    case 'text':
      return typeof value === 'string' ? wrongText(input, value) : 'is a text'
    case 'choice': {
      if (!input.many) return input.options.some(one => one.value === value) ? null : 'is one of its choices'
      if (!Array.isArray(value)) return 'is a list of its choices'
      const offered = new Set(input.options.map(one => one.value))
      if (value.some(one => !offered.has(one)) || new Set(value).size !== value.length) return 'has its choices only'
      return withinSize(value.length, input.min, input.max, 'has a number of choices that is')
    }
  }
}

function wrongText(input: Extract<FormField['input'], { kind: 'text' }>, value: string): string | null {
  if (!value.isWellFormed()) return 'has half a character in it'
  // As JSON Schema counts: by characters, not by halves of them.
  const wrong = withinSize([...value].length, input.minLength, input.maxLength, 'has a length that is')
  if (wrong !== null) return wrong
  if (input.format !== null && !FITS[input.format](value)) return FORMAT_WORDS[input.format]
  return input.pattern === null || fits(input.pattern, value) ? null : 'is not of the form that is asked for'
}

/** A pattern that is not RE2 is the server's own to check. */
function fits(pattern: string, value: string): boolean {
  try {
    return fitsPattern(pattern, value)
  } catch (error) {
    if (error instanceof HubError) return true
    throw error
  }
}

type Format = 'email' | 'uri' | 'date' | 'date-time'
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^[T ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i

const FITS: Record<Format, (value: string) => boolean> = {
  email: value => value.length <= 320 && /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/.test(value),
  uri: value => /^[a-z][a-z\d+.-]*:/i.test(value) && URL.canParse(value),
  date: isDate,
  'date-time': value => isDate(value.slice(0, 10)) && TIME.test(value.slice(10)),
}

const FORMAT_WORDS: Record<Format, string> = {
  email: 'is an e-mail address',
  uri: 'is a whole address, such as https://example.com',
  date: 'is a date, such as 2026-11-21',
  'date-time': 'is a date and time, such as 2026-11-21T14:30:00Z',
}

function isDate(value: string): boolean {
  const [, year, month, day] = DATE.exec(value) ?? []
  if (day === undefined) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  // The month turns over where there is no such day.
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function withinSize(value: number, min: number | null, max: number | null, what: string): string | null {
  if (min !== null && value < min) return `${what} ${min} at least`
  if (max !== null && value > max) return `${what} ${max} at most`
  return null
}

function misfit(name: string, what: string): HubError {
  const hint = 'Nothing was sent. Change it, decline, or cancel.'
  return new HubError('questions/does-not-fit', `${JSON.stringify(name.slice(0, 80))} ${what}.`, { hint })
}
