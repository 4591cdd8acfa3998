import { expect, test } from 'vitest'
import type { WireFrame } from '../../../contract/calls.ts'
import { axisFor, callMs, KEPT, markText, mergeFrames, nameIn, rowsOf } from './frames.ts'

const frame = (
  n: number,
  at: number,
  from: string,
  to: string,
  kind: WireFrame['kind'],
  correlation: string | null,
) => ({
  n,
  at,
  from,
  to,
  kind,
  correlation,
  method: kind === 'request' ? 'tools/call' : null,
  name: null,
  id: '1',
  bytes: 10,
  text: '{}',
})
const call = [
  frame(1, 1000, 'inspector', 'gate', 'request', 'a'),
  frame(2, 1001, 'gate', 'files', 'request', 'a'),
  frame(3, 1002, 'cursor', 'gate', 'request', 'b'),
  frame(4, 1041, 'files', 'gate', 'result', 'a'),
  frame(5, 1043, 'gate', 'inspector', 'result', 'a'),
]

test('each call starts at zero and a request lasts until its answer on the same side', () => {
  expect(rowsOf(call).map(r => [r.frame.n, r.startMs, r.lastsMs, r.begins])).toEqual([
    [1, 0, 43, false],
    [2, 1, 40, false],
    [3, 0, null, true],
    [4, 41, null, true],
    [5, 43, null, false],
  ])
  expect(callMs(rowsOf(call), 'a')).toBe(43)
})

test('frames that come twice count once and the oldest are dropped', () => {
  expect(mergeFrames(call.slice(0, 3), call.slice(1)).map(f => f.n)).toEqual([1, 2, 3, 4, 5])
  const many = Array.from({ length: KEPT + 5 }, (_, i) => frame(i, i, 'a', 'b', 'request', null))
  expect(
    mergeFrames(many.slice(0, 10), many.slice(10))
      .map(f => f.n)
      .slice(0, 1),
  ).toEqual([5])
})

test.each([
  [0, 1],
  [87, 100],
  [100, 100],
  [101, 200],
  [700_000, 1_200_000],
])('an axis for %d ms is %d ms long', (ms, length) => {
  expect(axisFor(ms).lengthMs).toBe(length)
})

test.each([
  [100, ['0', '25', '50', '75', '100 ms']],
  [1, ['0', '0.25', '0.50', '0.75', '1 ms']],
  [10_000, ['0', '2.5', '5.0', '7.5', '10 s']],
  [4000, ['0', '1', '2', '3', '4 s']],
] as const)('the marks of %d ms read', (length, texts) => {
  expect(axisFor(length).marks.map(mark => markText(mark, length))).toEqual(texts)
})

test('a frame names what it calls, as the hub says or as it is written in it', () => {
  const text = '{"method":"tools/call","params":{"name":"files_\\u0064elete","arguments":{"name":"x"}}}'
  expect([nameIn({ ...call[0]!, text }), nameIn({ ...call[0]!, name: 'given', text }), nameIn(call[3]!)]).toEqual([
    'files_delete',
    'given',
    '',
  ])
})
