import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Events, type StreamEvent } from './event-stream.ts'

async function read(text: string, cuts: number[] = [], limit = 1_000) {
  const found: Pick<StreamEvent, 'type' | 'data'>[] = []
  const tooLong: [number, string][] = []
  const events = new Events(
    limit,
    ({ type, data }) => void found.push({ type, data }),
    (characters, head) => void tooLong.push([characters, head]),
  )
  const bytes = Buffer.from(text)
  const at = [0, ...cuts.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [n, start] of at.slice(0, -1).entries()) await events.push(bytes.subarray(start, at[n + 1]))
  return { found, tooLong }
}

const STREAM =
  ': hi\r\n\r\ndata: ä1\r\ndata: 2\r\n\r\nevent:x\rdata:y\r\rid: 3\ndata\n\ndata: {"a": 1}\n\ndata: cut off'

test('events are the same however the bytes are cut', async () => {
  const whole = await read(STREAM)
  expect(whole.found).toEqual([
    { type: 'message', data: '' },
    { type: 'message', data: 'ä1\n2' },
    { type: 'x', data: 'y' },
    { type: 'message', data: '' },
    { type: 'message', data: '{"a": 1}' },
  ])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 30 }), async cuts => {
      expect(await read(STREAM, cuts)).toEqual(whole)
    }),
  )
})

test('an event over the limit is left out whole, its start is kept, and the next one counts', async () => {
  const long = `data: ${'x'.repeat(600)}\ndata: ${'y'.repeat(600)}\n\ndata: next\n\n`
  for (const cuts of [[], [5, 100, 650, 700, 1_300]]) {
    const { found, tooLong } = await read(long, cuts)
    expect(found).toEqual([{ type: 'message', data: 'next' }])
    expect(tooLong).toEqual([[1_212, expect.stringMatching(/^data: x+\n/)]])
  }
})
