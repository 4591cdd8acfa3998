// Lines of a private key among others, and lines made to hold the hub up.
import { expect, test } from 'vitest'
import { KeyLines } from './key-lines.ts'

const BEGIN = '-----BEGIN RSA PRIVATE KEY-----'
const BODY = 'MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun'

test('what follows the beginning is hidden to its end, also behind what a logger puts before it; what is no key ends it', () => {
  const keys = new KeyLines()
  const hidden = (...lines: string[]) => lines.map(line => keys.hides(line))
  expect(
    hidden(BODY, BEGIN, BODY, `  ${BODY}\t`, `app | ${BODY}`, 'abcd==', '-----END RSA PRIVATE KEY-----', BODY),
  ).toEqual([false, false, true, true, true, true, true, false])
  expect(hidden(BEGIN, BODY, 'Listening on port 80', BODY)).toEqual([false, true, false, false])
})

test.each([
  ['blanks', `${' '.repeat(1_000_000)}!`],
  ['blanks on both sides', `!${' '.repeat(1_000_000)}!`],
  ['words', `!${' A'.repeat(500_000)}!`],
  ['one word', `!${'A'.repeat(1_000_000)}!`],
  ['signs', `${'|'.repeat(1_000_000)}!`],
])('a megabyte of %s inside a key is looked at once, and is none of it', (_, line) => {
  const keys = new KeyLines()
  keys.hides(BEGIN)
  expect(keys.hides(line)).toBe(false)
})
