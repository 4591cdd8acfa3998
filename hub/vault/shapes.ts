// Tokens that are known by their looks, and passwords inside connection strings, taken out though nobody stored them.

export const REMOVED = '[removed secret]'

/** Where a run of such characters begins, or near it: in `-eyJ-eyJ-eyJ…` not each place is to be looked at to the end. */
const NEAR_ITS_BEGIN = String.raw`(?<=(?<![\w-])[\w-]{0,100})`

const TOKENS = new RegExp(
  [
    String.raw`\bgh[pousr]_[A-Za-z0-9]{20,255}`,
    String.raw`\bgithub_pat_[A-Za-z0-9_]{20,255}`,
    String.raw`\bglpat-[A-Za-z0-9_-]{20,}`,
    String.raw`\bsk-[A-Za-z0-9_-]{20,}`,
    String.raw`\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}`,
    String.raw`\bwhsec_[A-Za-z0-9+/]{24,255}`,
    String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`,
    String.raw`\bxapp-\d-[A-Za-z0-9-]{10,255}`,
    String.raw`hooks\.slack\.com(?:\\?/)services(?:\\?/)[A-Za-z0-9/\\]{20,100}`,
    String.raw`\bA[KS]IA[0-9A-Z]{16}\b`,
    String.raw`\bAIza[A-Za-z0-9_-]{35}`,
    String.raw`\bya29\.[A-Za-z0-9_-]{20,}`,
    String.raw`\bGOCSPX-[A-Za-z0-9_-]{20,100}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}\b`,
    String.raw`\bhf_[A-Za-z0-9]{30,100}\b`,
    String.raw`\bdop_v1_[0-9a-f]{64}\b`,
    String.raw`\bSG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,60}`,
    String.raw`(?<![A-Za-z0-9])(?=eyJ)${NEAR_ITS_BEGIN}eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*`,
    String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`,
  ].join('|'),
  'g',
)

/** What stands before a password stays: `postgres://user:` and `AccountKey=`. A name put there by us is not one. */
const USER_INFO = /((?:\\?\/){2}[^\s:/@"'<>\\]{0,100}:)[^\s@"'<>/\\‹]{1,200}(?=@)/g
const AWS_SECRET = /(secret_?access_?key(?:\\?["'])?\s{0,3}[=:]\s{0,3}(?:\\?["'])?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi
const QUOTED = /((?:\bpassword|;\s{0,3}pwd)\s?=\s?\\?(["']))(?!‹)[^"'\\‹]{3,200}(?=\\?\2)/gi
const PAIRS = /((?:\bpassword|\baccountkey|\bsharedaccesskey|;\s{0,3}pwd)\s?=\s?)[^\s;"'&\\‹[\]]{3,200}/gi

/** Every token holds one of these: a text without any is not gone over for tokens. */
const BEGINS =
  /gh[pousr]_|github_pat_|glpat-|sk-|k_live_|k_test_|whsec_|xox|xapp-|hooks\.slack|A[KS]IA|AIza|ya29\.|GOCSPX-|npm_|hf_|dop_v1_|SG\.|eyJ|-----BEGIN /

export function withoutShapes(text: string): string {
  let clean = BEGINS.test(text) ? text.replace(TOKENS, REMOVED) : text
  if (clean.includes('@') && clean.includes('//')) clean = clean.replace(USER_INFO, `$1${REMOVED}`)
  else if (clean.includes('@') && clean.includes('\\/\\/')) clean = clean.replace(USER_INFO, `$1${REMOVED}`)
  if (/access_?key/i.test(clean)) clean = clean.replace(AWS_SECRET, `$1${REMOVED}`)
  return clean.includes('=') ? clean.replace(PAIRS, `$1${REMOVED}`).replace(QUOTED, `$1${REMOVED}`) : clean
}

/** The password inside a connection string, as it stands there and as it is meant; null for other values. */
export function passwordIn(value: string): string[] {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s@/]+)@/i.exec(value)?.[1]
  if (found === undefined) return []
  try {
    return [found, decodeURIComponent(found)]
  } catch {
    return [found]
  }
}
