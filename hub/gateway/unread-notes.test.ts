import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnreadNotes } from './unread-notes.ts'

const MB = 1024 * 1024
const note = (mb: number) => 'x'.repeat(mb * MB)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A write that the test lets through. */
function write() {
  let done = () => {}
  const written = new Promise<void>(resolve => (done = resolve))
  return { written, done }
}

async function isOver(hold: void | Promise<void>): Promise<boolean> {
  let over = false
  void Promise.resolve(hold).then(() => (over = true))
  await vi.advanceTimersByTimeAsync(0)
  return over
}

test('what is written at once, and the first of what waits, hold nobody up', () => {
  const unread = new UnreadNotes()
  expect(unread.holds(note(8), undefined)).toBeUndefined()
  expect(unread.holds(note(1), write().written)).toBeUndefined()
})

test('a client that reads holds its server back until it has, and loses nothing', async () => {
  const unread = new UnreadNotes()
  for (let round = 0; round < 20; round++) {
    const { written, done } = write()
    const hold = unread.holds(note(4), written)
    await vi.advanceTimersByTimeAsync(900)
    expect(await isOver(hold)).toBe(false)
    done()
    expect(await isOver(hold)).toBe(true)
    expect(unread.isFull(note(30))).toBe(false)
  }
})

test('one that does not is waited for no longer than a second, has 16 MB wait for it, and is as before once it has read', async () => {
  const unread = new UnreadNotes()
  const first = write()
  const hold = unread.holds(note(4), first.written)
  expect(unread.isFull(note(30))).toBe(false)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await isOver(hold)).toBe(true)

  const second = write()
  expect(unread.holds(note(12), second.written)).toBeUndefined()
  expect(unread.isFull('x')).toBe(true)
  second.done()
  await vi.advanceTimersByTimeAsync(0)
  expect(unread.isFull(note(12))).toBe(false)
  expect(unread.isFull(note(13))).toBe(true)
  first.done()
  await vi.advanceTimersByTimeAsync(0)
  expect(unread.isFull(note(30))).toBe(false)
  expect(await isOver(unread.holds(note(4), write().written))).toBe(false)
})
