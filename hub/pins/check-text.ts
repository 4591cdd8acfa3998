// Looks, without any network, for passages in a tool's definition that are meant for the model and not for people:
// signs, not proof, each with its exact place. Kinds as in the field's reports on poisoned tool descriptions.
import type { TextFinding } from '../../contract/pins.ts'

const MOST_FINDINGS = 50
const MOST_CHARS = 200_000
const MOST_MENTIONS = 500
const SHOWN_CHARS = 120
const PASSAGE_CHARS = 600
const AROUND_CHARS = 60

type Kind = TextFinding['kind']

/** `what` is followed by the passage. */
interface Sign {
  kind: Kind
  what: string
  pattern: RegExp
  /** Honest uses of the same letters. */
  isHonest?: (text: string, at: number, found: string, field: string) => boolean
}

const SECRETS = `(?:passwords?|passphrases?|api[ _-]?keys?|access[ _-]?tokens?|secrets?|credentials?|private[ _-]?keys?|seed phrases?|ssh[ _-]keys?|environment variables?)`
const PRIVATE = `(?:${SECRETS}|(?:the |this |full |entire |whole )*(?:conversation|chat)(?: history)?|system prompt|(?:the )?(?:file )?contents? of|previous messages)`

/** Of Cyrillic, Greek, full width and mathematics: letters that pass for Latin ones. */
const ALIKE = '[\\u0400-\\u04FFΑΒΕΖΗΙΚΜΝΟΡΤΥΧο\\uFF21-\\uFF5A\\u{1D400}-\\u{1D7FF}]'

const SIGNS: Sign[] = [
  {
    kind: 'hidden',
    what: 'Characters that nobody sees',
    pattern:
      /(?:[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u115F\u1160\u17B4\u17B5\u3164\uFFA0]|[\u00AD\u180E\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E01EF}]|[\uFE00-\uFE0E])+/gu,
    isHonest: isOrdinaryInvisible,
  },
  {
    kind: 'hidden',
    what: 'A passage pushed out of sight by blank space',
    pattern: /[ \t\u00A0]{80,}|(?:\r?\n[ \t]*){12,}/g,
    isHonest: (text, at, found) => text.slice(at + found.length).trim() === '',
  },
  {
    kind: 'hidden',
    what: 'A letter in a name that only looks like another',
    pattern: new RegExp(`[A-Za-z]${ALIKE}|${ALIKE}[A-Za-z]`, 'gu'),
    isHonest: (_text, _at, _found, field) => field !== 'name' && !field.endsWith('(its name)'),
  },
  { kind: 'hidden', what: 'A comment that is not shown', pattern: /<!--[\s\S]{0,2000}?-->/g },
  { kind: 'hidden', what: 'A long encoded text', pattern: /(?<![\w/+])[A-Za-z0-9+/]{120,}={0,2}/g },
  {
    kind: 'instruction',
    what: 'Tells the model to set other instructions aside',
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\b(?:[^.]|\.(?=\S)){0,40}\b(?:previous|prior|above|earlier|all|any|other|system|safety|your)\b.{0,30}\b(?:instructions?|prompts?|rules?|messages?|guidelines?|polic(?:y|ies)|restrictions?)\b/gis,
  },
  {
    kind: 'instruction',
    what: 'Tells the model that it is something else now',
    pattern:
      /\b(?:from now on|you are now|you are no longer)\b.{0,40}\b(?:assistant|model|agent|ai|mode|unrestricted|(?:without|no) (?:limits?|restrictions?|rules))\b/gis,
  },
  {
    kind: 'instruction',
    what: 'Marks a passage as an order to the model',
    pattern:
      /<\/?(?:important|system|instructions?|secret|admin|hidden|critical|override|assistant)(?=[\s>:!])[^>]{0,80}>|\[(?:INST|SYSTEM|IMPORTANT TO ASSISTANT)\]/gi,
  },
  {
    kind: 'instruction',
    what: 'Tells the model to keep something from the person',
    pattern:
      /\b(?:do not|don['’]t|never|without|avoid)\s+(?:ever\s+)?(?:tell|inform|mention|notify|reveal|show|disclose|alert|ask|telling|informing|mentioning|notifying|revealing|showing|disclosing|alerting|asking)\w*\b.{0,60}\b(?:users?|humans?|persons?|people|anyone|anybody|them)\b/gis,
  },
  {
    kind: 'instruction',
    what: 'Tells the model to keep something from the person',
    pattern: /\b(?:hide|conceal|keep|withhold)\b[^.]{0,60}\bfrom the (?:user|human|person|people|customer)\b/gis,
  },
  {
    kind: 'instruction',
    what: 'Wants to be used before or instead of other tools',
    pattern:
      /\b(?:before|after|prior to|instead of|whenever)\s+(?:using|calling|running|invoking|you use|you call)?\s*(?:any|every|all|other)\s+(?:other\s+)?(?:tools?|requests?|actions?|responses?|messages?)\b/gis,
  },
  {
    kind: 'exfiltration',
    what: 'Asks for private matter to be sent along',
    pattern: new RegExp(
      String.raw`\b(?:send|post|upload|forward|transmit|exfiltrate|e-?mail|append|include|pass|attach|put|copy|encode|write)\b[^.]{0,60}\b${PRIVATE}\b(?:[^.]|\.(?=\w)){0,60}(?:https?:\/\/|\bwebhook|\bparameter|\bargument|\bfield|\bsidenote|\bto (?:us|our|me|this|the) |@\w)`,
      'gis',
    ),
  },
  {
    kind: 'exfiltration',
    what: 'Names a file that holds credentials',
    pattern:
      /(?:~|\$HOME|%USERPROFILE%|\/home\/\w+|\/root|\/Users\/\w+)[\\/]\.(?:ssh|aws|gnupg|kube|docker|netrc|npmrc|pypirc|config|cursor|claude)[\w./\\-]*|(?<![a-z])id_(?:rsa|ed25519|ecdsa)\b|\/etc\/(?:shadow|passwd)\b|\b(?:claude_desktop_config|mcp)\.json\b/gi,
  },
  {
    kind: 'credential',
    what: 'Asks for a credential',
    pattern: new RegExp(
      String.raw`\b(?:provide|enter|paste|give|supply|ask (?:the )?(?:user|person|human) for|request|read|obtain|retrieve)\b[^.]{0,40}\b${SECRETS}\b`,
      'gis',
    ),
  },
]

const CREDENTIAL_NAME =
  /^(?:password|passwd|passphrase|api[_-]?key|secret[_-]?key|private[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|ssh[_-]?key|seed[_-]?phrase)$/i

/** What only the client knows and no tool needs. */
const PRIVATE_NAME =
  /^(?:system_?prompt|(?:conversation|chat|message|tool_?call)_?history|chain_?of_?thought|previous_?(?:messages|tool_?calls)|(?:full|entire)_?conversation)$/i

/** No sign is one plain word, but for the names of key files. */
const ONE_WORD = /^(?!.*id_(?:rsa|e))[\w$-]{1,40}$/

/** A word of the text that could be the name of a tool. */
interface Mention {
  name: string
  field: string
  start: number
  text: string
}

/** What stands in one definition, whatever other servers offer. */
export interface LookedThrough {
  findings: readonly TextFinding[]
  mentions: readonly Mention[]
}

/** `isOther`: another server has a tool of this name. */
export function checkTool(definition: Record<string, unknown>, isOther = (_: string) => false): TextFinding[] {
  return findingsOf(lookThrough(definition), isOther)
}

export function findingsOf({ findings, mentions }: LookedThrough, isOther: (name: string) => boolean): TextFinding[] {
  const told = new Set<string>()
  const others = mentions.flatMap(({ name, field, start, text }): TextFinding[] => {
    if (told.has(`${field} ${name}`) || !isOther(name)) return []
    told.add(`${field} ${name}`)
    const what = `Speaks of another server's tool: “${visible(name)}”`
    const end = start + name.length
    return [{ kind: 'other-tool', field, start, end, what, passage: around(text, start, end) }]
  })
  return [...findings, ...others].slice(0, MOST_FINDINGS)
}

export function lookThrough(definition: Record<string, unknown>): LookedThrough {
  const findings: TextFinding[] = []
  const mentions: Mention[] = []
  let left = MOST_CHARS
  const look = (value: unknown, field: string): void => {
    if (findings.length >= MOST_FINDINGS || left <= 0) return
    if (typeof value === 'string') {
      const text = value.slice(0, left)
      left -= text.length
      findings.push(...checkText(text, field))
      mentions.push(...mentionsIn(text, field).slice(0, MOST_MENTIONS - mentions.length))
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      const path = field ? `${field}.${key}` : key
      left -= key.length
      findings.push(...checkText(key, `${path} (its name)`))
      if (field.endsWith('properties') && CREDENTIAL_NAME.test(key)) {
        const what = `Takes a credential as the argument “${key}”.`
        const passage = { before: '', text: key, after: '' }
        findings.push({ kind: 'credential', field: path, start: 0, end: 0, what, passage })
      }
      if (field.endsWith('properties') && PRIVATE_NAME.test(key)) {
        const what = `Takes what is between you and the model as the argument “${key}”.`
        findings.push({
          kind: 'exfiltration',
          field: path,
          start: 0,
          end: 0,
          what,
          passage: { before: '', text: key, after: '' },
        })
      }
      look(inner, path)
    }
  }
  for (const field of ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'])
    look(definition[field], field)
  return { findings: findings.slice(0, MOST_FINDINGS), mentions }
}

/** Of one text. Offsets are in UTF-16 units of `text`. */
export function checkText(text: string, field: string): TextFinding[] {
  const found: TextFinding[] = []
  if (ONE_WORD.test(text)) return found
  for (const { kind, what, pattern, isHonest } of SIGNS)
    for (const match of text.matchAll(pattern)) {
      if (isHonest?.(text, match.index, match[0], field)) continue
      const end = match.index + match[0].length
      const passage = around(text, match.index, end)
      found.push({ kind, field, start: match.index, end, what: `${what}: “${visible(match[0])}”`, passage })
      if (found.length >= MOST_FINDINGS) return found
    }
  return found
}

/** Names may have dots and slashes in them, and sentences too: the whole and its parts. */
function mentionsIn(text: string, field: string): Mention[] {
  const found: Mention[] = []
  for (const { 0: whole, index } of text.matchAll(/[\w-]+(?:[./:][\w-]+)*/g)) {
    const parts = /[./:]/.test(whole) ? [...whole.matchAll(/[\w-]+/g)] : []
    for (const [name, start] of [[whole, index] as const, ...parts.map(one => [one[0], index + one.index] as const)])
      if (isTelling(name)) found.push({ name, field, start, text })
    if (found.length >= MOST_MENTIONS) break
  }
  return found
}

/** A few words to both sides. A character of two units is not cut. */
function around(text: string, start: number, end: number): TextFinding['passage'] {
  const before = text.slice(Math.max(0, start - AROUND_CHARS), start).replace(/^[\uDC00-\uDFFF]/, '')
  const after = text.slice(end, end + AROUND_CHARS).replace(/[\uD800-\uDBFF]$/, '')
  return {
    before: `${start > AROUND_CHARS ? '…' : ''}${visible(before)}`,
    text: visible(text.slice(start, end), PASSAGE_CHARS),
    after: `${visible(after)}${end + AROUND_CHARS < text.length ? '…' : ''}`,
  }
}

/** The passage as a person can see it: what has no picture of its own stands as its number. */
export function visible(text: string, most = SHOWN_CHARS): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text
  return short.replace(/[^\P{C}\n]|[\u00AD\u180E\u2028\u2029\u{E0000}-\u{E01EF}]|[\uFE00-\uFE0E]/gu, c => {
    const code = c.codePointAt(0)!
    // Tag characters spell plain letters: what they say is shown.
    if (code >= 0xe0020 && code <= 0xe007e) return String.fromCharCode(code - 0xe0000)
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
  })
}

/** A name that could not be an ordinary word. */
function isTelling(name: string): boolean {
  return name.length >= 6 && /[_-]|[a-z][A-Z]|\d/.test(name)
}

/** Joiners in emoji and in scripts that need them, marks of direction in texts that run both ways, a mark at the start. */
function isOrdinaryInvisible(text: string, at: number, found: string): boolean {
  const before = text.slice(0, at)
  const after = text.slice(at + found.length)
  if (/^[\uFE00-\uFE0E]$/u.test(found)) return true
  if (/^[\u2028\u2029]$/.test(found)) return true
  if (found === '\uFEFF') return at === 0
  if (found === '\u00AD') return /\p{L}$/u.test(before) && /^\p{L}/u.test(after)
  if (found === '\u200D')
    return (
      /(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\uFE0F)$/u.test(before) &&
      /^\p{Extended_Pictographic}/u.test(after)
    )
  if (/^[\u200C\u200D]$/.test(found))
    return /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Tamil}]$/u.test(
      before,
    )
  if (/^[\u200E\u200F]$/.test(found)) return /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(text)
  // Flags of regions are a black flag and tags that end with a cancel tag.
  if (/^[\u{E0020}-\u{E007E}]{2,6}\u{E007F}$/u.test(found)) return before.endsWith('\u{1F3F4}')
  return false
}
