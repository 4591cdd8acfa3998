// Frames as they should not be: an honest one, changed by chance in the ways that parsers disagree about.
import type { Chance } from './chance.ts'

type Change = (bytes: Buffer, by: Chance, other: () => Buffer) => Buffer

const ODD = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\u2028',
  '\ufeff',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  ',',
  ':',
  'null',
  '1e999',
  '-0',
  '\\u0000',
  '\\ud800',
  '"id":1,',
  '"id":null,',
  '"method":"tools/call",',
  '"Method":"x",',
  '"__proto__":{},',
  '"jsonrpc":"1.0",',
  ',"result":{}',
  ',"error":{}',
  '9007199254740993',
  '{"a":1,"a":2}',
  '"arguments":{},',
  '[[[[',
  '\u{1f600}',
  '\u017f',
].map(text => Buffer.from(text))
const BROKEN_UTF8 = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]].map(bytes =>
  Buffer.from(bytes),
)

const insert = (bytes: Buffer, at: number, what: Buffer) =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)])
const place = (bytes: Buffer, by: Chance) => by.below(bytes.length + 1)

const CHANGES: Change[] = [
  (bytes, by) => {
    const copy = Buffer.from(bytes)
    if (copy.length > 0) copy[by.below(copy.length)] = by.below(256)
    return copy
  },
  (bytes, by) => insert(bytes, place(bytes, by), by.one(ODD)),
  (bytes, by) => insert(bytes, place(bytes, by), by.one(BROKEN_UTF8)),
  (bytes, by) => insert(bytes, place(bytes, by), by.bytes(by.below(20))),
  (bytes, by) => bytes.subarray(0, place(bytes, by)),
  (bytes, by) => {
    const [from, to] = [place(bytes, by), place(bytes, by)].sort((a, b) => a - b) as [number, number]
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (bytes, by) => {
    const [from, to] = [place(bytes, by), place(bytes, by)].sort((a, b) => a - b) as [number, number]
    return insert(bytes, to, bytes.subarray(from, to))
  },
  (bytes, by, other) => Buffer.concat([bytes.subarray(0, place(bytes, by)), other().subarray(-by.below(60))]),
  (bytes, by) => insert(bytes, Math.min(1, bytes.length), by.one(ODD)),
  bytes => Buffer.concat([Buffer.from('['), bytes, Buffer.from(']')]),
  bytes =>
    Buffer.from(
      bytes
        .toString('latin1')
        .replace(/"(id|method|params|name|arguments)"/, (_, key: string) => `"${key.toUpperCase()}"`),
      'latin1',
    ),
  (bytes, by) => Buffer.from(bytes.toString('latin1').replace('{}', `${'{"a":'.repeat(by.below(3_000))}1`), 'latin1'),
  (bytes, by) =>
    Buffer.from(
      bytes.toString('latin1').replace(/\{\}/, () => `{"deep":${'['.repeat(by.one([10, 990, 1_100]))}`),
      'latin1',
    ),
  (bytes, by) => {
    const depth = by.one([10, 900, 1_100, 50_000])
    return Buffer.from(
      bytes.toString('latin1').replace('{}', () => `{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`),
      'latin1',
    )
  },
  (bytes, by) =>
    Buffer.from(
      bytes.toString('latin1').replace('{}', () => `{"wide":"${'x'.repeat(by.one([100, 70_000, 1_000_000]))}"}`),
      'latin1',
    ),
]

/** As it is (one in ten), changed once or a few times, or bytes without any sense (one in ten). */
export function mutated(honest: () => string, by: Chance): Buffer {
  const whole = () => Buffer.from(honest())
  const kind = by.below(10)
  if (kind === 0) return by.bytes(by.below(200))
  let bytes: Buffer = whole()
  if (kind === 1) return bytes
  for (let n = by.one([1, 1, 1, 2, 4]); n > 0; n--) bytes = by.one(CHANGES)(bytes, by, whole)
  return bytes
}
