// Conditions of a rule on a call's arguments. What cannot be judged fits every deny and ask, and no allow.
import { homedir } from 'node:os'
import { posix } from 'node:path'
import type { ArgumentCondition, Rule } from '../../contract/policy.ts'
import { fitsPath, fitsPattern } from './globs.ts'
import { compareNumbers, isNumberText, isSame, type Json, jsonOf, Num } from './json-value.ts'
import { climbs, plainPath } from './paths.ts'

/** `unclear`: the value is missing, of an unexpected kind, or too long to look at. */
export type Fit = 'yes' | 'no' | 'unclear'

const MOST_LOOKED_AT = 4096
/** Of a glob: where it begins is known. */
const ROOTED = /^(?:[/~]|[a-z]:[\\/])/i

/** Whether a rule's conditions fit these arguments (undefined: unreadable), read in the rule's own favour of caution. */
export function fitsArguments(rule: Rule, given: Json | undefined): boolean {
  const fits = (rule.arguments ?? []).map(condition => fitOf(condition, given))
  if (rule.exactly) fits.push(fitsExactly(rule.arguments ?? [], given))
  return rule.effect === 'allow' ? fits.every(fit => fit === 'yes') : fits.every(fit => fit !== 'no')
}

function fitsExactly(conditions: readonly ArgumentCondition[], given: Json | undefined): Fit {
  if (!isObject(given)) return 'unclear'
  const named = new Set(conditions.flatMap(({ path }) => [path, path.split('.')[0]!]))
  return Object.keys(given).every(name => named.has(name)) ? 'yes' : 'no'
}

/** One condition over every value its path reaches: yes when all fit, no when none could. */
export function fitOf(condition: ArgumentCondition, given: Json | undefined): Fit {
  const reached = given === undefined ? [undefined] : valuesAt(given, condition.path.split('.'))
  if (reached.length === 0) return 'unclear'
  const fits = reached.map(value => (value === undefined ? 'unclear' : fitOfValue(condition, value)))
  if (fits.every(fit => fit === 'yes')) return 'yes'
  return fits.every(fit => fit === 'no') ? 'no' : 'unclear'
}

/** Every value at the path; undefined for each place where it ends early. A name with dots in it is found too. */
export function valuesAt(value: Json, path: readonly string[]): (Json | undefined)[] {
  const [first, ...rest] = path
  if (first === undefined) return [value]
  if (first === '*' && Array.isArray(value)) return value.flatMap(one => valuesAt(one, rest))
  if (first === '*' && isObject(value)) return Object.values(value).flatMap(one => valuesAt(one, rest))
  if (Array.isArray(value)) {
    const one = /^\d{1,9}$/.test(first) ? value[Number(first)] : undefined
    return one === undefined ? [undefined] : valuesAt(one, rest)
  }
  if (!isObject(value)) return [undefined]
  const found: (Json | undefined)[] = []
  for (let n = 1; n <= path.length && path[n - 1] !== '*'; n++) {
    const name = path.slice(0, n).join('.')
    if (!Object.hasOwn(value, name)) continue
    found.push(...valuesAt(value[name]!, path.slice(n)))
    // `replicas` beside `Replicas`: some servers take one for the other, so nobody can say which counts.
    if (hasTwin(value, name)) found.push(undefined)
  }
  return found.length > 0 ? found : [undefined]
}

function hasTwin(value: object, name: string): boolean {
  const folded = foldCase(name)
  return Object.keys(value).some(key => key !== name && foldCase(key) === folded)
}

// As Go's encoding/json compares names: the long s and the Kelvin sign included.
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function fitOfValue(condition: ArgumentCondition, value: Json): Fit {
  const fits: Fit[] = []
  if (condition.equals !== undefined) fits.push(equals(jsonOf(condition.equals), value))
  if (condition.in) fits.push(any(condition.in.map(one => equals(jsonOf(one), value))))
  if (condition.min !== undefined) fits.push(bound(value, condition.min, 1))
  if (condition.max !== undefined) fits.push(bound(value, condition.max, -1))
  if (condition.glob !== undefined) fits.push(inGlob(condition.glob, value))
  if (condition.pattern !== undefined) fits.push(inPattern(condition.pattern, value))
  if (fits.includes('no')) return 'no'
  return fits.includes('unclear') ? 'unclear' : 'yes'
}

function any(fits: Fit[]): Fit {
  if (fits.includes('yes')) return 'yes'
  return fits.includes('unclear') ? 'unclear' : 'no'
}

// A server may take "5" for 5, 1 for true, ["prod"] for "prod" and Prod for prod; null often means: the default.
function equals(wanted: Json, value: Json): Fit {
  if (isSame(wanted, value)) return 'yes'
  if (value === null || isContainer(wanted) !== isContainer(value)) return 'unclear'
  if (isContainer(value)) return mayEqualWithin(wanted as object, value as object) ? 'unclear' : 'no'
  if ((typeof wanted === 'boolean') !== (typeof value === 'boolean')) return 'unclear'
  const [a, b] = [textOf(wanted), textOf(value)]
  if (wanted instanceof Num !== value instanceof Num && Number(a) === Number(b)) return 'unclear'
  if (isNumberText(a) && isNumberText(b) && compareNumbers(new Num(a), new Num(b)) === 0) return 'unclear'
  return folded(a) === folded(b) ? 'unclear' : 'no'
}

function mayEqualWithin(wanted: object, value: object): boolean {
  const [names, given] = [Object.entries(wanted), new Map<string, Json>(Object.entries(value))]
  if (Array.isArray(wanted) !== Array.isArray(value) || names.length !== given.size) return false
  return names.every(([name, one]) => given.has(name) && equals(one as Json, given.get(name)!) !== 'no')
}

function bound(value: Json, limit: number, sign: 1 | -1): Fit {
  if (!(value instanceof Num)) return 'unclear'
  return compareNumbers(value, new Num(String(limit))) * sign >= 0 ? 'yes' : 'no'
}

// `/data/../etc/x` is under /etc, whatever it begins with, and so are file:///etc/x and, for who deletes it, /etc itself.
function inGlob(glob: string, value: Json): Fit {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MOST_LOOKED_AT) return 'unclear'
  const hasDots = /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i.test(value)
  if (!hasDots && fitsPath(glob, value)) return 'yes'
  const straight = posix.normalize(value.replaceAll('\\', '/').replace(/%2e/gi, '.'))
  if (ROOTED.test(glob) && climbs(straight)) return 'unclear'
  const paths = [...new Set([value, straight, plainPath(value) ?? straight].map(folded))]
  const written = paths.flatMap(path => [path, `${path}/`])
  const wanted = new Set([glob, glob.replaceAll('\\', '/'), glob.replace(/^~(?=\/|$)/, homedir())].map(folded))
  return [...wanted].some(one => written.some(path => fitsPath(one, path, true))) ? 'unclear' : 'no'
}

function inPattern(pattern: string, value: Json): Fit {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MOST_LOOKED_AT) return 'unclear'
  return fitsPattern(pattern, value) ? 'yes' : 'no'
}

function folded(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}

function textOf(value: Json): string {
  return value instanceof Num ? value.source : String(value)
}

function isContainer(value: Json): boolean {
  return value !== null && typeof value === 'object' && !(value instanceof Num)
}

/** An object, and not a number or an array. */
export function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return value !== undefined && isContainer(value as Json) && !Array.isArray(value)
}
