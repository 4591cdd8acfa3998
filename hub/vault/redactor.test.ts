import { expect, test } from 'vitest'
import { KeyLines } from './key-lines.ts'
import { Redactor } from './redactor.ts'

const value = 'p4ss/w+rd?"quo\\te" ü&=~'
const R = '‹secret:KEY›'
const AWS = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const SHAPE = '[removed secret]'

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor()
  for (const one of values) redactor.learn(one, 'KEY')
  return redactor
}
const b64 = (text: string) => Buffer.from(text).toString('base64')
const hex = Buffer.from(value).toString('hex')

test.each([
  ['plain', value],
  ['JSON', JSON.stringify(value).slice(1, -1)],
  ['JSON inside JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
  ['JSON with \\u escapes', JSON.stringify(value).slice(1, -1).replace('ü', '\\u00fc')],
  ['JSON with escaped slashes', JSON.stringify(value).slice(1, -1).replace('/', '\\/')],
  ['URL', encodeURIComponent(value)],
  ['JSON of Go', 'p4ss/w+rd?\\"quo\\\\te\\" ü\\u0026=~'],
  ['JSON of Go inside JSON', JSON.stringify('p4ss/w+rd?\\"quo\\\\te\\" ü\\u0026=~').slice(1, -1)],
  ['JSON of Gson', 'p4ss/w+rd?\\"quo\\\\te\\" ü\\u0026\\u003d~'],
  ['JSON of .NET', 'p4ss/w\\u002Brd?\\u0022quo\\\\te\\u0022 \\u00FC\\u0026=~'],
  ['JSON of PHP', 'p4ss\\/w+rd?\\"quo\\\\te\\" \\u00fc&=~'],
  ['URL, lower case hex', encodeURIComponent(value).replace(/%../g, h => h.toLowerCase())],
  ['a form', new URLSearchParams({ v: value }).toString().slice(2)],
  ['hex', hex],
  ['upper case hex', hex.toUpperCase()],
])('the value is taken out as %s', (_, form) => {
  expect(redactorOf(value).redact(`a ${form} z`)).toBe(`a ${R} z`)
})

test.each(['', 'x', 'xy', 'xyz', 'user:'])(
  'the value is taken out of base64 behind %j, at every alignment and in both alphabets',
  before => {
    for (const after of ['', 'q', 'qq', 'qqq']) {
      const text = b64(before + value + after)
      for (const form of [text, text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')]) {
        const out = redactorOf(value).redact(`Authorization: Basic ${form} end`)
        expect(out).toContain(R)
        // Nothing that remains decodes to three characters of the value in a row.
        const rest = out.split(R).map(part => part.split(' ').at(-1)!)
        expect(rest.every(part => part.length < before.length * 2 + 8)).toBe(true)
      }
    }
  },
)

test('what only looks similar stays; short values stay in free text', () => {
  const redactor = redactorOf('abc', 'abcdef')
  expect(redactor.redact('abc abcde abcdef abcdeg')).toBe(`abc abcde ${R} abcdeg`)
})

test('of two values the longer one is taken out whole, and neighbours both', () => {
  const redactor = redactorOf('secret-1', 'secret-1-long')
  expect(redactor.redact('secret-1-longsecret-1')).toBe(`${R}${R}`)
})

test('each long line of a value with several lines counts for itself', () => {
  const key = `-----BEGIN X-----\n${'abcdEFGH1234'.repeat(3)}\nzz\n-----END X-----`
  expect(redactorOf(key).redact(`stderr: ${'abcdEFGH1234'.repeat(3)}`)).toBe(`stderr: ${R}`)
})

test.each([
  `ghp_${'a1B2'.repeat(9)}`,
  `github_pat_${'a1B2_'.repeat(10)}`,
  `sk-${'a1B2'.repeat(10)}`,
  `sk-ant-api03-${'a1B2'.repeat(10)}`,
  'xoxb-1234567890-abcdefghij',
  'AKIAIOSFODNN7EXAMPLE',
  'ASIAIOSFODNN7EXAMPLE',
  `sk_live_${'a1B2'.repeat(6)}`,
  `rk_test_${'a1B2'.repeat(6)}`,
  `whsec_${'a1B2'.repeat(8)}`,
  `xapp-1-${'A1B2'.repeat(8)}`,
  `ya29.${'a1B2'.repeat(10)}`,
  `npm_${'a1B2'.repeat(9)}`,
  `hf_${'a1B2'.repeat(9)}`,
  `SG.${'a1B2'.repeat(5)}.${'a1B2'.repeat(10)}`,
  `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'abc'.repeat(10)}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${'MIIE'.repeat(20)}\n-----END RSA PRIVATE KEY-----`,
  `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${'lQdG'.repeat(20)}\n-----END PGP PRIVATE KEY BLOCK-----`,
  `-----BEGIN PRIVATE KEY-----\\n${'MIIE'.repeat(20)}\\n-----END PRIVATE KEY-----`,
])('the well-known shape %s is taken out unlearned', token => {
  expect(new Redactor().redact(`x=${token} y`)).toBe(`x=${SHAPE} y`)
})

test('of a private key that comes line by line each line is hidden, and what follows it is not', () => {
  const body = Array.from({ length: 20 }, (_, n) => `${'MIIEvQ'.repeat(10)}${n}AbC`)
  const keys = [
    ['-----BEGIN RSA PRIVATE KEY-----', 'Proc-Type: 4,ENCRYPTED', '', ...body, 'aB==', '-----END RSA PRIVATE KEY-----'],
    [
      '12:01 [err] -----BEGIN PRIVATE KEY-----',
      ...body.map(line => `12:01 [err] ${line}`),
      '12:01 [err] -----END PRIVATE KEY-----',
    ],
  ]
  for (const key of keys) {
    const lines = new KeyLines()
    expect(['starts', ...key, 'ready now'].map(line => lines.hides(line))).toEqual([
      ...[false, false],
      ...key.slice(1).map(() => true),
      false,
    ])
  }
  // One that never ends hides no more than looks like it.
  const lines = new KeyLines()
  expect(['-----BEGIN PRIVATE KEY-----', body[0]!, 'Listening on port 80.', body[1]!].map(l => lines.hides(l))).toEqual(
    [...[false, true, false, false]],
  )
})

test('a private key that was cut off is taken out to the end', () => {
  expect(new Redactor().redact('a -----BEGIN PRIVATE KEY-----\nMIIE')).toBe(`a ${SHAPE}`)
})

test.each([
  ['postgres://me:s3cr%25t@db.example:5432/x', `postgres://me:${SHAPE}@db.example:5432/x`],
  ['{"url":"redis:\\/\\/:pw9@cache"}', `{"url":"redis:\\/\\/:${SHAPE}@cache"}`],
  ['host=db user=me password=hunter2 port=1', `host=db user=me password=${SHAPE} port=1`],
  ['AccountName=a;AccountKey=AbC+/9==;Suffix=x', `AccountName=a;AccountKey=${SHAPE};Suffix=x`],
  ['jwt_eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcabc', `jwt_${SHAPE}`],
  ['Server=x;Uid=u;Pwd=hunter2;', `Server=x;Uid=u;Pwd=${SHAPE};`],
  ["host=db password='hunter 2' port=1", `host=db password='${SHAPE}' port=1`],
  [`aws_secret_access_key = ${AWS}`, `aws_secret_access_key = ${SHAPE}`],
  [`{"SecretAccessKey": "${AWS}", "x": 1}`, `{"SecretAccessKey": "${SHAPE}", "x": 1}`],
  [`"{\\"SecretAccessKey\\":\\"${AWS}\\"}"`, `"{\\"SecretAccessKey\\":\\"${SHAPE}\\"}"`],
])('of %s the password or key alone is taken out, and nothing more the next time', (text, shown) => {
  expect(new Redactor().redact(text)).toBe(shown)
  expect(new Redactor().redact(shown)).toBe(shown)
})

test('a stored connection string gives away its password nowhere', () => {
  const redactor = redactorOf('mysql://me:p%40ss-w0rd@db/x')
  expect(redactor.redact('login me with p@ss-w0rd failed; p%40ss-w0rd')).toBe(`login me with ${R} failed; ${R}`)
})

test('ordinary words stay', () => {
  const text =
    'sk-ip the ask-me eyJ AKIA ghp_short xoxb- BEGIN PRIVATE KEY task-force-of-people-who PWD=/home/me http://host:80/@x me@example.com // a: b@c'
  expect(new Redactor().redact(text)).toBe(text)
})

test('a megabyte with a hundred known secrets is done before anybody notices', () => {
  const redactor = redactorOf(...Array.from({ length: 100 }, (_, n) => `secret-value-number-${n}-abcdefgh`))
  const text = 'The quick brown fox secret-value jumps over {"a": [1, 2, "c2VjcmV0LXZhbHVl"]}\n'.repeat(13_000)
  redactor.redact(text)
  const before = process.cpuUsage()
  expect(redactor.redact(text)).toBe(text)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000)
})

test('200 secrets cost hardly more than 20, in bounded time', () => {
  const text = 'frame 17: sk1 is not it, secret-value neither. https://example.com/a?b=c "quoted" c2VjcmV0\n'.repeat(
    11_000,
  )
  const cost = (known: number) => {
    const redactor = redactorOf(...Array.from({ length: known }, (_, n) => `sk${n}-${n * 7_919}-Tr0ub4dor-zebra/x+y`))
    redactor.redact(text)
    const before = process.cpuUsage()
    expect(redactor.redact(text)).toBe(text)
    return process.cpuUsage(before).user / 1000
  }
  expect(cost(200)).toBeLessThan(20 * cost(20) + 2_000)
})

test('hostile text does not make it slow', () => {
  const before = process.cpuUsage()
  for (const text of [
    '-----BEGIN PRIVATE KEY-----'.repeat(30_000),
    'eyJaaaaa.'.repeat(90_000),
    '-eyJ'.repeat(250_000),
    'sk-'.repeat(300_000),
    'AKIA'.repeat(200_000),
    '//a:'.repeat(200_000).concat('@'),
    'password='.repeat(100_000),
    'SG.a1b2c3d4e5f6g7h8.'.repeat(40_000),
    'xapp-1-'.repeat(100_000),
  ])
    redactorOf('aaaaaab').redact(text)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(30_000)
})
