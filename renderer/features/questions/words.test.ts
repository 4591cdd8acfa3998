import { expect, test } from 'vitest'
import type { PersonQuestion } from '../../../contract/questions.ts'
import { ending, forWhom, hasForeignLetters } from './words.ts'

const question = { server: { id: 's', name: 'files' }, method: 'elicitation/create' as const }
const ended = (state: PersonQuestion['state'], method: PersonQuestion['method'] = question.method) =>
  ending({ ...question, method, state })

test.each([
  [ended({ kind: 'expired', at: 0 }), 'No answer in time. files was told that nobody chose.'],
  [ended({ kind: 'withdrawn', why: 'The call of Zed ended.', at: 0 }), 'The call of Zed ended. Nothing was sent.'],
  [ended({ kind: 'answered', action: 'accept', by: 'w', at: 0 }), 'Answered'],
  [ended({ kind: 'answered', action: 'decline', by: 'w', at: 0 }), 'Declined'],
  [ended({ kind: 'answered', action: 'decline', by: 'w', at: 0 }, 'sampling/createMessage'), 'Refused'],
])('an ending reads: %s', (said, expected) => {
  expect(said).toBe(expected)
})

test('one client is named; of several, that it is one of them', () => {
  const [a, b] = [
    { id: 'a', title: 'Cursor' },
    { id: 'b', title: 'Zed' },
  ]
  expect(forWhom({ clients: [a!] })).toBe('for a call of Cursor')
  expect(forWhom({ clients: [a!, b!] })).toBe('for a call of one of: Cursor, Zed')
})

test('a host that reads like another is told', () => {
  expect(hasForeignLetters('xn--gthub-n2e.com')).toBe(true)
  expect(hasForeignLetters('github.com')).toBe(false)
})
