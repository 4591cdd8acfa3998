// When: times and durations as people write them, and how many points a question about a stretch of time may have.
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'

const MOST_POINTS = 1_000
const USUAL_POINTS = 100
const LATEST = 1e11
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }
const PARTS = /(\d+)([smhdw])/g

const DURATIONS = 'is a duration such as 30s, 15m, 1h30m or 7d'
export const Duration = z
  .string(DURATIONS)
  .max(30)
  .regex(/^(\d+[smhdw])+$/, DURATIONS)
const TIMES = '2026-01-31T12:00:00Z, now, now-1h, or seconds since 1970'
export const Time = z
  .union(
    [z.iso.datetime({ offset: true }), z.string().regex(/^now(-(\d{1,6}[smhdw])+)?$/), z.number().min(0).max(LATEST)],
    { error: `is a time such as ${TIMES}` },
  )
  .describe(TIMES)

const Moment = z.number().min(0).max(LATEST)
/** Of one moment, or of a stretch; seconds since 1970. */
export const Window = z.union([
  z.object({ time: Moment }),
  z
    .object({ start: Moment, end: Moment, step: z.number().min(1) })
    .refine(({ start, end, step }) => start < end && (end - start) / step <= MOST_POINTS),
])
export type Window = z.output<typeof Window>

export function secondsOf(duration: string): number {
  return [...duration.matchAll(PARTS)].reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit!]!, 0)
}

function momentOf(time: z.output<typeof Time>, now: number): number {
  const moment =
    typeof time === 'number' ? time : time.startsWith('now') ? now - secondsOf(time.slice(3)) : Date.parse(time) / 1_000
  if (moment >= 0 && moment <= LATEST) return moment
  throw new Failure('validation_error', 'That is before 1970.', 'Give a later start and end.')
}

/** With a start: a stretch, in steps that make a readable number of points unless given. Throws Failure. */
export function windowOf(
  asked: {
    start?: z.output<typeof Time> | undefined
    end?: z.output<typeof Time> | undefined
    step?: string | undefined
  },
  now = Date.now() / 1_000,
): Window {
  const end = momentOf(asked.end ?? 'now', now)
  if (asked.start === undefined) {
    if (asked.step !== undefined) throw new Failure('validation_error', 'A step needs a start.', 'Give start too.')
    return { time: end }
  }
  const start = momentOf(asked.start, now)
  if (start >= end)
    throw new Failure('validation_error', 'Its start is not before its end.', 'Give an earlier start, or a later end.')
  const step = asked.step === undefined ? Math.ceil((end - start) / USUAL_POINTS) : secondsOf(asked.step)
  const least = Math.ceil((end - start) / MOST_POINTS)
  if (step < 1 || (end - start) / step > MOST_POINTS)
    throw new Failure(
      'validation_error',
      `A step of ${asked.step} makes too many points: more than ${MOST_POINTS}.`,
      `Give a step of ${least}s or more, a shorter stretch, or no step.`,
    )
  return { start, end, step }
}
