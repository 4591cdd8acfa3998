import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import { ReadRecords } from './read-records.ts'

const QUICK_MS = 25
const through = (tool: string) => (): AuditEvent => ({ kind: 'call', what: 'call/allowed', tool, correlation: tool })

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function log() {
  const waiting: (AuditEvent | (() => AuditEvent))[] = []
  const reads = new ReadRecords({ append: async event => void waiting.push(event) }, QUICK_MS)
  const told = () =>
    waiting.map(event => {
      const { what, tool, outcome } = typeof event === 'function' ? event() : event
      return [what, tool, outcome]
    })
  return { reads, told }
}

test('a read that takes long is written while it runs, at its own time, and not with those before it', async () => {
  const { reads, told } = log()
  const slow = reads.begin(through('slow'))
  vi.advanceTimersByTime(20)
  const late = reads.begin(through('late'))
  const quick = reads.begin(through('quick'))
  vi.advanceTimersByTime(10)
  expect(told()).toEqual([['call/allowed', 'slow', undefined]])
  await reads.end(quick, { outcome: 'ok' })
  vi.advanceTimersByTime(20)
  await reads.end(slow, { outcome: 'ok' })
  await reads.end(late, { outcome: 'tool-error' })
  expect(told()).toEqual([
    ['call/allowed', 'slow', undefined],
    ['call/allowed', 'quick', 'ok'],
    ['call/allowed', 'late', undefined],
    ['call/ended', 'slow', 'ok'],
    ['call/ended', 'late', 'tool-error'],
  ])
})

test('what a read was is asked only when its row is written', async () => {
  const { reads, told } = log()
  const row = vi.fn(through('look'))
  await reads.end(reads.begin(row), { outcome: 'ok' })
  expect(row).not.toHaveBeenCalled()
  expect(told()).toEqual([['call/allowed', 'look', 'ok']])
})
