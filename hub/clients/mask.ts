// Hides values that may be secrets in what is shown of a client's file; its lines and everything else stay.
import { createScanner, type Node } from 'jsonc-parser'
import { applySplices, type Splice } from './edit.ts'
import { endOf } from './layout.ts'
import { type Config, contentOf, nameOf } from './read-config.ts'

export const MASK = '•••'

const SECRET_NAME =
  /token|secret|passw|passphrase|api[-_]?key|access[-_]?key|private|credential|auth|bearer|cookie|session|signature|account|email|machineid|userid/i
const KEY_NAME =
  /token|secret|passw|passphrase|private|credential|bearer|cookie|signature|authorization|(api|access|account|auth|app|client|service|subscription|encryption)?[-_]?key$|^auth$|[-_]auth$|[-_]pat$|^pat$/i
const HOLDERS = /^(envs?|headers|http_headers|environment)$/i
const SECRET_FLAG = /^-{1,2}[\w-]*(token|secret|passw|key|auth|credential|bearer)[\w-]*$/i
const SECRET_SHAPE =
  /^(sk|pk|rk|gh[a-z]?|github|glpat|xox[a-z]|ya29|AIza|AKIA|ASIA|npm|pat|hf|dop|shp|sq0|eyJ)[-_A-Za-z0-9.]{12,}$|:\/\/[^/\s@]+:[^/\s@]+@/
/** The same judgement for a file in another format. */
export const secretsIn = {
  /** A map whose values are secrets by its name. */
  holder: (name: string): boolean => HOLDERS.test(name),
  named: (name: string): boolean => SECRET_NAME.test(name),
  flag: (argument: string): boolean => SECRET_FLAG.test(argument),
  shown: (value: string): string => shownText(value),
  /** Whether the value of a variable, a header or a parameter is a key that ought to be kept in the vault. */
  key: (name: string, value: string): boolean =>
    value !== '' &&
    !/\$\{|\{(env|file):|^\$\w/.test(value) &&
    !/^(true|false|yes|no|on|off|\d{1,7})$/i.test(value) &&
    (shownText(value) === MASK ||
      (KEY_NAME.test(name) && !/^(~\/|\.{1,2}\/|\/[\w.-]+\/|[A-Za-z]:[\\/]|https?:)/.test(value))),
}

const LINE_COMMENT = 12
const BLOCK_COMMENT = 13
const END = 17

/** The text with values of env and headers, of names that sound like secrets, and of secrets' shapes as •••. */
export function masked({ text, root }: Pick<Config, 'text' | 'root'>): string {
  const splices: Splice[] = []
  if (root) collect(root, text, false, splices)
  return applySplices(text, [...splices, ...comments(text)])
}

function collect(node: Node, text: string, isSecret: boolean, splices: Splice[]): void {
  if (node.type === 'object') {
    for (const property of node.children ?? []) {
      const name = nameOf(property)
      const value = contentOf(property)
      const holdsSecrets = HOLDERS.test(name)
      if (value) collect(value, text, isSecret || holdsSecrets || (isScalar(value) && SECRET_NAME.test(name)), splices)
    }
  } else if (node.type === 'array') {
    let flag = false
    for (const item of node.children ?? []) {
      collect(item, text, isSecret || flag, splices)
      flag = typeof item.value === 'string' && SECRET_FLAG.test(item.value)
    }
  } else if (isSecret && (node.type === 'string' || node.type === 'number')) {
    splices.push({ at: node.offset, remove: node.length, text: `"${MASK}"` })
  } else if (node.type === 'string') {
    const shown = shownText(node.value as string)
    if (shown !== node.value)
      splices.push({ at: node.offset, remove: endOf(node) - node.offset, text: JSON.stringify(shown) })
  }
}

function isScalar(node: Node): boolean {
  return node.type === 'string' || node.type === 'number'
}

// `--token=x`, `Authorization: x`, a URL's query and user, and what looks random.
function shownText(value: string): string {
  const flag = /^(-{1,2}[\w-]+)=/.exec(value)
  if (flag && SECRET_FLAG.test(flag[1]!)) return `${flag[1]}=${MASK}`
  if (SECRET_SHAPE.test(value)) return MASK
  if (/^(bearer|basic|token) |^[\w-]*(authorization|token|key|secret)[\w-]*\s*[:=]/i.test(value)) return MASK
  if (/^[a-z][\w+.-]*:\/\//i.test(value)) return value.replace(/\?.*$/s, `?${MASK}`)
  return isRandom(value) ? MASK : value
}

// Capitals, small letters and digits mixed without a word break, or long hex: no path, no sentence, no package name.
function isRandom(value: string): boolean {
  if (!/^[\w+/=.~-]{20,}$/.test(value) || /^[/~.@]/.test(value)) return false
  return (/[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value)) || /^[0-9a-f-]{24,}$/i.test(value)
}

function comments(text: string): Splice[] {
  const found: Splice[] = []
  const scanner = createScanner(text, false)
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind !== LINE_COMMENT && kind !== BLOCK_COMMENT) continue
    const at = scanner.getTokenOffset()
    const comment = text.slice(at, at + scanner.getTokenLength())
    const shown = comment
      .replace(/("[^"\r\n]*"\s*:\s*)"(?:[^"\\\r\n]|\\.)*"/g, `$1"${MASK}"`)
      .replace(/[^\s"',;:=(){}[\]]{16,}/g, word => (SECRET_SHAPE.test(word) || isRandom(word) ? MASK : word))
    if (shown !== comment) found.push({ at, remove: comment.length, text: shown })
  }
  return found
}
