// What the log says in words: who, how it was decided, how it ended, and what else happened.
import type { AuditEvent } from '../../../contract/audit.ts'
import type { Line } from './lines.ts'

/** Who acted, as recorded, in words. Rules and clients keep their names. */
export function whoIs(by: string): string {
  if (by.startsWith('window:')) return 'you'
  const known: Record<string, string> = {
    cli: 'the command line',
    clock: 'the clock',
    gatehouse: 'Gatehouse',
    window: 'you',
  }
  return known[by] ?? by
}

/** How long a question may still be open; older ones without an end were never answered. */
const QUESTION_MS = 10 * 60_000

export interface DecisionWords {
  word: string
  by: string
  tone: 'plain' | 'quiet' | 'amber' | 'red'
}

/** The decision of a call as two parts: the word that counts and by whom. */
export function decisionWords(line: Pick<Line, 'decision' | 'rows' | 'outcome' | 'time'>, now: number): DecisionWords {
  const { decision } = line
  if (!decision) return { word: '–', by: '', tone: 'quiet' }
  if (decision.effect === 'ask') {
    if (line.rows.some(row => row.event?.what === 'approval/client-told-to-wait'))
      return { word: 'Asked', by: 'you, the client did not wait', tone: 'quiet' }
    const open = line.outcome === null && now - line.time < QUESTION_MS
    return open ? { word: 'Waits', by: 'for you', tone: 'amber' } : { word: 'Asked', by: 'you', tone: 'quiet' }
  }
  const by =
    decision.by === 'clock'
      ? 'no answer'
      : decision.by?.startsWith('window:')
        ? 'by you'
        : decision.rule
          ? `by rule ${decision.rule}`
          : decision.by === null
            ? ''
            : decision.effect === 'deny'
              ? 'by Gatehouse'
              : 'by the preset'
  return decision.effect === 'deny' ? { word: 'Denied', by, tone: 'red' } : { word: 'Allowed', by, tone: 'plain' }
}

const OUTCOMES: Record<NonNullable<AuditEvent['outcome']>, { word: string; tone: 'plain' | 'quiet' | 'red' }> = {
  ok: { word: 'OK', tone: 'plain' },
  'tool-error': { word: 'Error', tone: 'red' },
  error: { word: 'Failed', tone: 'red' },
  denied: { word: 'Refused', tone: 'quiet' },
  cancelled: { word: 'Taken back', tone: 'quiet' },
  expired: { word: 'No answer', tone: 'quiet' },
  lost: { word: 'Lost', tone: 'red' },
}

export const outcomeWords = (outcome: AuditEvent['outcome'] | null) =>
  outcome ? OUTCOMES[outcome] : { word: '–', tone: 'quiet' as const }

/** For pills: what a filter's value is called. */
export const KINDS: Record<AuditEvent['kind'], string> = {
  call: 'calls',
  result: 'results',
  server: 'servers',
  secret: 'credentials',
  client: 'clients',
  policy: 'policy',
  window: 'windows',
  approval: 'approvals',
  refused: 'refusals',
  hub: 'the hub',
  erased: 'erasures',
}

/** What was decided, as a filter's value. */
export const DECIDED = { allow: 'allowed', ask: 'asked', deny: 'denied' } as const

export const TOOK_WORDS = {
  'under-100': 'under 100 ms',
  'over-100': '100 ms or more',
  'over-1000': '1 s or more',
  'over-10000': '10 s or more',
} as const

const FACTS: Record<string, string> = {
  'audit/acknowledged': 'damage to the log seen by you',
  'rows/erased': 'content erased',

  'approval/allow': 'allowed a call',
  'approval/deny': 'denied a call',
  'question/asked': 'asks you',
  'question/accept': 'was answered',
  'question/decline': 'was declined',
  'question/cancel': 'was told that you did not choose',
  'question/expired': 'got no answer',
  'question/withdrawn': 'does not wait for an answer any more',
  'question/refused': 'asked for a model, and was refused',
  'question/flood': 'asks too much',
  'window/pin-set': 'PIN chosen',
  'window/pin-skipped': 'PIN declined',
  'window/link-made': 'link made',
}

/** `server/started` as "started"; what stands before the slash is the row's kind, shown apart. */
export function factWords(what: string): string {
  const known = FACTS[what]
  if (known) return known
  const fact = what.includes('/') ? what.slice(what.indexOf('/') + 1) : what
  return fact.replaceAll('-', ' ')
}

const SUBJECTS: Record<AuditEvent['kind'], string> = {
  call: 'Call',
  result: 'Call',
  server: 'Server',
  secret: 'Credential',
  client: 'Client',
  policy: 'Policy',
  window: 'Window',
  approval: 'Answer:',
  refused: 'Refused',
  hub: 'Hub',
  erased: 'Row',
}

/** What a line that is no call speaks of: "Window", also where one was refused. */
export function subjectWords({ rows, what }: Pick<Line, 'rows' | 'what'>): string {
  const kind = rows[0]?.event?.kind ?? 'erased'
  const before = what.slice(0, Math.max(0, what.indexOf('/')))
  return kind === 'refused' && before in SUBJECTS ? SUBJECTS[before as AuditEvent['kind']] : SUBJECTS[kind]
}

/** The line's own words, without those its subject says already. */
export const detailWords = (detail: string): string => detail.replace(/^Change the policy: /, '')

/** 14:24:10.102 */
export function precise(at: number): string {
  const d = new Date(at)
  return `${d.toLocaleTimeString('en-GB')}.${String(d.getMilliseconds()).padStart(3, '0')}`
}

/** `e03f 1b9c a6d4 … 7c25`: enough of a hash to compare by eye. */
export const shortHash = (hash: string): string => {
  const four = hash.match(/.{1,4}/g) ?? []
  return four.length < 5 ? four.join(' ') : `${four.slice(0, 3).join(' ')} … ${four.at(-1)}`
}

/** Thursday 14:24:19.386, with the date once it is older than a week. */
export function dayAndTime(at: number): string {
  const old = Date.now() - at > 6 * 86_400_000
  const day = new Intl.DateTimeFormat(
    'en-GB',
    old ? { day: 'numeric', month: 'long', year: 'numeric' } : { weekday: 'long' },
  )
  return `${day.format(at)} ${precise(at)}`
}
