import { expect, test } from 'vitest'
import { whyTooPlain } from './too-plain.ts'

test.each([
  'the',
  'hunter2',
  '        ',
  'aaaaaaaa',
  'abababab',
  '2026-11-21',
  '127.0.0.1:8080',
  'production',
  'Namespace',
  'delete all tables',
  'tools/call',
  '"arguments": {',
  'https://localhost:443/',
  'DROP TABLE users;',
])('%j would hide what people read', value => {
  expect(whyTooPlain(value)).not.toBeNull()
})

test.each([
  'hunter2hunter2',
  'a-value-to-steal',
  'correct horse battery staple',
  'postgres://me:pass-w0rd@db.example/prod',
  'ghp_0123456789abcdefghij',
  'correcthorsebattery',
  'XkQzWvBnMp',
  '4929123412341234',
])('%j may be a secret', value => {
  expect(whyTooPlain(value)).toBeNull()
})
