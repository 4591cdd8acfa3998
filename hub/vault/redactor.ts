// Takes known secret values, in every form they usually travel in, and well-known token shapes out of texts.
import { passwordIn, withoutShapes } from './shapes.ts'

const MIN_CHARS = 6
const MIN_LINE_CHARS = 16
const MIN_PASSWORD_CHARS = 8

/**
 * One scan over the text finds all forms of all values. Values shorter than 6 characters are not looked for in free
 * text: they would tear holes into ordinary words. Of values with several lines each long line counts for itself too,
 * since logs arrive by line.
 */
export class Redactor {
  readonly #learned = new Set<string>()
  /** Which pairs of first characters any form begins with; most positions end here. */
  readonly #starts = new Uint8Array(65_536)
  /** All forms by their first six characters, and which lengths there are, longest first. */
  readonly #forms = new Map<string, { lengths: number[]; known: Map<string, string> }>()

  /** In its place stands its name, so that who reads knows what was there. */
  learn(value: string, name: string): void {
    if (this.#learned.has(value)) return
    this.#learned.add(value)
    const lines = value.includes('\n') ? value.split(/\r?\n/).filter(line => line.trim().length >= MIN_LINE_CHARS) : []
    const passwords = passwordIn(value.trim()).filter(one => one.length >= MIN_PASSWORD_CHARS)
    for (const part of new Set([value, value.trim(), ...lines, ...passwords])) {
      if (part.length >= MIN_CHARS) for (const form of formsOf(part)) this.#add(form, `‹secret:${name}›`)
    }
  }

  /** Whether a stored value stands in it, in any form. */
  holds(text: string): boolean {
    return this.#redactKnown(text) !== text
  }

  redact(text: string): string {
    return withoutShapes(this.#redactKnown(text))
  }

  #add(form: string, shown: string): void {
    if (form.length < MIN_CHARS) return
    this.#starts[startOf(form, 0)] = 1
    const key = form.slice(0, MIN_CHARS)
    const bucket = this.#forms.get(key) ?? { lengths: [], known: new Map<string, string>() }
    this.#forms.set(key, bucket)
    if (!bucket.known.has(form)) bucket.known.set(form, shown)
    bucket.lengths = [...new Set([...bucket.lengths, form.length])].sort((a, b) => b - a)
  }

  /** The longest form that stands at this place, and what to show for it. */
  #formAt(text: string, at: number): { length: number; shown: string } | null {
    const bucket = this.#forms.get(text.slice(at, at + MIN_CHARS))
    for (const length of bucket?.lengths ?? []) {
      const shown = bucket?.known.get(text.slice(at, at + length))
      if (shown !== undefined) return { length, shown }
    }
    return null
  }

  #redactKnown(text: string): string {
    if (this.#forms.size === 0) return text
    let out = ''
    let done = 0
    const last = text.length - MIN_CHARS
    for (let i = 0; i <= last; i++) {
      if (this.#starts[startOf(text, i)] === 0) continue
      const form = this.#formAt(text, i)
      if (!form) continue
      out += text.slice(done, i) + form.shown
      done = i + form.length
      i = done - 1
    }
    return done === 0 ? text : out + text.slice(done)
  }
}

function startOf(text: string, at: number): number {
  return ((text.charCodeAt(at) & 255) << 8) | (text.charCodeAt(at + 1) & 255)
}

/** The value as written, in JSON (also JSON inside JSON), in URLs, in hex and in base64 at all three alignments. */
export function formsOf(value: string): Set<string> {
  const forms = new Set([value])
  const bytes = Buffer.from(value)
  for (const text of jsonForms(value)) {
    forms.add(text)
    forms.add(JSON.stringify(text).slice(1, -1))
  }
  const url = encodeUrl(value)
  const form = new URLSearchParams([['', value]]).toString().slice(1)
  for (const text of [url, encodeURI(value.toWellFormed()), form]) {
    forms.add(text)
    forms.add(text.replace(/%[0-9A-F]{2}/g, hex => hex.toLowerCase()))
  }
  forms.add(bytes.toString('hex'))
  forms.add(bytes.toString('hex').toUpperCase())
  for (const lead of [0, 1, 2]) {
    const core = base64Core(bytes, lead)
    forms.add(core)
    forms.add(core.replaceAll('+', '-').replaceAll('/', '_'))
    forms.add(core.replaceAll('/', '\\/'))
    forms.add(encodeUrl(core))
  }
  return forms
}

function encodeUrl(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** A value inside JSON as writers differ: slashes (PHP), all that is not ASCII (Python), what HTML reads (Go, Gson, .NET). */
function jsonForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const quotes = json.replaceAll('\\"', '\\u0022')
  const texts = [
    json,
    escaped(json, /[^\0-\x7f]/g),
    escaped(json, /[<>&\u2028\u2029]/g),
    escaped(json, /[<>&='\u2028\u2029]/g),
    escaped(quotes, /[<>&+'`]|[^\0-\x7f]/g).replace(/\\u[0-9a-f]{4}/g, one => `\\u${one.slice(2).toUpperCase()}`),
  ]
  return texts.flatMap(text => [text, text.replaceAll('/', '\\/')])
}

function escaped(json: string, what: RegExp): string {
  return json.replace(what, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The base64 characters that depend on the value alone when `lead` bytes stand before it in its group of three. */
function base64Core(bytes: Buffer, lead: number): string {
  const text = Buffer.concat([Buffer.alloc(lead), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const partial = (lead + bytes.length) % 3 === 0 ? 0 : 1
  return text.slice(lead === 0 ? 0 : lead + 1, text.length - partial)
}
