// How an answer counts in the record, however its members are ordered and written.
import { expect, test } from 'vitest'
import { outcomeOf } from './call-record.ts'

test.each([
  ['{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"fine"}]}}', 'ok'],
  ['{"result":{"a":"an \\"error\\" in words","isError":false},"id":1}', 'ok'],
  ['{"result":{"content":[{"isError":true}]},"id":1}', 'ok'],
  ['{"result":{"isError":true},"id":1}', 'tool-error'],
  ['{"id":1, "result" : { "isErro\\u0072" : true } }', 'tool-error'],
  ['{"id":1,"error":{"code":1,"message":"\\"result\\""}}', 'error'],
  ['{"id":1,"err\\u006fr":{"code":1},"x":{"result":1}}', 'error'],
])('%s is %s', (answer, outcome) => {
  expect(outcomeOf(answer)).toBe(outcome)
})
