// Tokens that are known by their looks, and passwords inside connection strings, taken out of what others wrote.

const REMOVED = '‹secret›'

/** Where a run of such characters begins, or near it: in `-eyJ-eyJ-eyJ…` not each place is to be looked at to the end. */
const NEAR_ITS_BEGIN = String.raw`(?<=(?<![\w-])[\w-]{0,100})`

const TOKENS = new RegExp(
  [
    String.raw`\bgh[pousr]_[A-Za-z0-9]{20,255}`,
    String.raw`\bgithub_pat_[A-Za-z0-9_]{20,255}`,
    String.raw`\bglpat-[A-Za-z0-9_-]{20,255}`,
    String.raw`\bsk-[A-Za-z0-9_-]{20,255}`,
    String.raw`\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}`,
    String.raw`\bwhsec_[A-Za-z0-9+/]{24,255}`,
    String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10,255}`,
    String.raw`\bA[KS]IA[0-9A-Z]{16}\b`,
    String.raw`\bAIza[A-Za-z0-9_-]{35}`,
    String.raw`\bya29\.[A-Za-z0-9_-]{20,2000}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}\b`,
    String.raw`\bhf_[A-Za-z0-9]{30,100}\b`,
    String.raw`(?<![A-Za-z0-9])(?=eyJ)${NEAR_ITS_BEGIN}eyJ[A-Za-z0-9_-]{5,4000}\.eyJ[A-Za-z0-9_-]{5,4000}\.[A-Za-z0-9_-]{0,4000}`,
    String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)`,
  ].join('|'),
  'g',
)
/** Of an address, `Bearer …`, and `password=…`, `"token": "…"` and the like: what stands before stays. */
const USER_INFO = /(\/\/[^\s:/@"'<>\\]{0,100}:)[^\s@"'<>/\\‹]{1,200}(?=@)/g
const BEARER = /(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,4000}/gi
const PAIRS =
  /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key)["']?\s{0,3}[=:]\s{0,3}["']?)[^\s,;&"'\\‹›<>(){}[\]]{4,2000}/gi

export function withoutShapes(text: string): string {
  const clean = text.replace(TOKENS, REMOVED).replace(BEARER, `$1${REMOVED}`).replace(PAIRS, `$1${REMOVED}`)
  return clean.includes('@') ? clean.replace(USER_INFO, `$1${REMOVED}`) : clean
}

/** The same for every text inside. */
export function withoutShapesIn<T>(value: T): T {
  if (typeof value === 'string') return withoutShapes(value) as T
  if (Array.isArray(value)) return value.map(withoutShapesIn) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutShapesIn(one)])) as T
}

/** Whether a token or a key that is known by its looks is in it; not what only stands behind `password=`. */
export function holdsToken(text: string): boolean {
  return text.search(TOKENS) >= 0
}
