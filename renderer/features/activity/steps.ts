// A call's rows as the steps of a small story, each with its time.
import type { AuditEvent, AuditRow } from '../../../contract/audit.ts'
import { bytes, duration } from '../../ui/numbers.ts'
import { factWords, outcomeWords, whoIs } from './words.ts'

export interface Step {
  seq: number
  at: number
  what: string
  more: string
  tone: 'plain' | 'amber' | 'red' | 'green' | 'blue'
}

/** Oldest first. */
export function stepsOf(rows: readonly AuditRow[]): Step[] {
  const asked = rows.find(row => row.event?.what === 'approval/asked')
  return rows.flatMap(row => {
    const { seq, time, event } = row
    const step = { seq, at: time, ...storyOf(row, asked) }
    // A quick read is one row, written when it had ended.
    if (event?.what !== 'call/allowed' || event.outcome === undefined) return [step]
    return [
      { ...step, at: time - (event.durationMs ?? 0) },
      { seq, at: time, ...endOf(event) },
    ]
  })
}

function storyOf(row: AuditRow, asked: AuditRow | undefined): Omit<Step, 'seq' | 'at'> {
  const { event } = row
  if (!event) return { what: 'Erased', more: 'its place in the chain holds', tone: 'plain' }
  const by = event.by === undefined ? '' : whoIs(event.by)
  const after = asked && asked !== row ? ` after ${duration(row.time - asked.time)}` : ''
  switch (event.what) {
    case 'approval/asked':
      return { what: 'Asked you', more: event.decision?.reasons[0] ?? '', tone: 'amber' }
    case 'approval/client-told-to-wait':
      return { what: 'Client told to repeat it', more: `${after.trim()}, the question stays`, tone: 'plain' }
    case 'call/allowed':
      return event.by?.startsWith('window:')
        ? { what: 'You allowed it', more: `${after.trim()}, on disk, then sent`, tone: 'blue' }
        : { what: 'Allowed', more: `${ruleWords(event)}, then sent`, tone: 'blue' }
    case 'call/denied':
      return { what: deniedWords(event), more: event.detail ?? '', tone: 'red' }
    case 'call/not-sent':
      return { what: 'Not sent', more: event.detail ?? '', tone: 'red' }
    case 'call/cancelled':
      return { what: 'Taken back', more: event.detail ?? '', tone: 'plain' }
    case 'call/ended':
      return endOf(event)
    default: {
      const what = factWords(event.what)
      return {
        what: what[0]?.toUpperCase() + what.slice(1),
        more: [by && `by ${by}`, event.detail].filter(Boolean).join(' · '),
        tone: 'plain',
      }
    }
  }
}

const ruleWords = ({ decision }: AuditEvent) => (decision?.rule ? `by rule ${decision.rule}` : 'by the preset')

function deniedWords(event: AuditEvent): string {
  if (event.by === 'clock') return 'No answer in time'
  return event.by?.startsWith('window:') ? 'You denied it' : 'Denied'
}

function endOf(event: AuditEvent): Omit<Step, 'seq' | 'at'> {
  const size = event.bytes === undefined ? '' : bytes(event.bytes)
  const took = event.durationMs === undefined ? '' : duration(event.durationMs)
  const more = [took, size, event.detail].filter(Boolean).join(', ')
  if (event.outcome === 'ok') return { what: 'Answered', more, tone: 'green' }
  const { word, tone } = outcomeWords(event.outcome ?? null)
  return {
    what: event.outcome === 'tool-error' ? 'Answered with an error' : word,
    more,
    tone: tone === 'red' ? 'red' : 'plain',
  }
}
