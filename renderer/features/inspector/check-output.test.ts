import { expect, test } from 'vitest'
import { checkOutput } from './check-output.ts'

const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }

test('structured content is held against the schema the tool gave', () => {
  expect([
    checkOutput(null, 1).kind,
    checkOutput(schema, { n: 1 }).kind,
    checkOutput(schema, { n: 'x' }).kind,
    checkOutput(schema, undefined).kind,
    checkOutput({ $ref: '#/nowhere' }, {}).kind,
  ]).toEqual(['no-schema', 'fits', 'differs', 'differs', 'unchecked'])
})

test('what differs is named', () => {
  expect(checkOutput(schema, { n: 'x' })).toMatchObject({ what: expect.stringContaining('n') })
})
