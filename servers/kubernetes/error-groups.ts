// The errors in a log, those that differ only in numbers, names and ids counted as one.
import type { LogLine } from './logs.ts'

export interface ErrorGroup {
  message: string
  count: number
  firstSeen: string | null
  lastSeen: string | null
  example: string
}

const LONGEST = 300
const BAD = /^(?:e|err|error|fatal|f|panic|critical|crit|alert|emerg|emergency|severe|dpanic)$/i
const LEVEL_WORD = 'trace|debug|info|notice|warn|warning|error|err|fatal|panic|critical|crit|severe|emerg|alert'
const STAMP = String.raw`(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[^\s\]]{0,12}\]?|\[?\d\d:\d\d:\d\d[^\s\]]{0,12}\]?)`
const LEADING_STAMP = new RegExp(`^\\s*${STAMP}\\s*`)
const LEADING_LEVEL = new RegExp(`^[\\[(<]?(${LEVEL_WORD})[\\])>]?(?=[\\s:|-])`, 'i')
const LOGFMT = new RegExp(`\\b(?:level|lvl|severity)="?(${LEVEL_WORD})\\b`, 'i')
const KLOG = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ (?:\S+:\d+\] )?/
const WORDS = /\b(?:error|fatal|panic|exception|critical|failed|failure|traceback|segmentation fault|out of memory)\b/i
const NAMED = /^[A-Za-z_][\w.$]{0,200}(?:Error|Exception)\b/
const HARMLESS =
  /\b(?:no|0|without|zero) (?:errors?|failures?|exceptions?)\b|\berrors?[=:]\s*(?:0|nil|null|none|false)\b/i
/** Lines of a stack trace: they belong to the error above. */
const CONTINUED = /^\s+\S|^(?:at |Caused by: |goroutine \d+|\.\.\. \d+ more|Traceback \(|stack traceback)/

/** Most frequent first. */
export function groupErrors(lines: readonly LogLine[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>()
  for (const { time, text } of lines) {
    const error = errorIn(text)
    if (error === null) continue
    const message = normalised(error)
    const seen = time || null
    const group = groups.get(message)
    if (group) {
      group.count++
      group.lastSeen = seen ?? group.lastSeen
    } else groups.set(message, { message, count: 1, firstSeen: seen, lastSeen: seen, example: text.slice(0, 1000) })
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count)
}

/** What a line says is wrong; null when it says no such thing. */
export function errorIn(text: string): string | null {
  const structured = fromJson(text)
  if (structured) return BAD.test(structured.level) ? structured.message : null
  if (CONTINUED.test(text)) return null
  const klog = KLOG.exec(text)
  if (klog) return BAD.test(klog[1]!) ? text.slice(klog[0].length) : null
  const logfmt = LOGFMT.exec(text)
  if (logfmt) return BAD.test(logfmt[1]!) ? messageOfLogfmt(text) : null
  const bare = text.replace(LEADING_STAMP, '')
  const leading = LEADING_LEVEL.exec(bare)
  if (leading) return BAD.test(leading[1]!) ? bare.slice(leading[0].length).replace(/^[\s:|-]+/, '') : null
  return NAMED.test(bare) || (WORDS.test(bare) && !HARMLESS.test(bare)) ? bare : null
}

function fromJson(text: string): { level: string; message: string } | null {
  if (!text.startsWith('{')) return null
  try {
    const found = JSON.parse(text) as Record<string, unknown>
    const level = found.level ?? found.severity ?? found.lvl ?? found['log.level']
    if (typeof level !== 'string' && typeof level !== 'number') return null
    const said = found.msg ?? found.message ?? found.error ?? found.err ?? text
    // pino counts: 50 is an error.
    const name = typeof level === 'number' ? (level >= 50 ? 'error' : 'info') : level
    return { level: name, message: typeof said === 'string' ? said : JSON.stringify(said) }
  } catch {
    return null
  }
}

function messageOfLogfmt(text: string): string {
  return /\b(?:msg|message)="((?:[^"\\]|\\.){1,2000})"/.exec(text)?.[1] ?? text.replace(LEADING_STAMP, '')
}

/** One writing for all messages of one kind. */
export function normalised(message: string): string {
  return message
    .slice(0, 2000)
    .replace(LEADING_STAMP, '')
    .replace(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<id>')
    .replace(/"[^"]{1,200}"|'[^']{1,200}'|`[^`]{1,200}`/g, '<…>')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<address>')
    .replace(/\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})\b/gi, '<id>')
    .replace(/\d+(?:\.\d+)?/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST)
}
