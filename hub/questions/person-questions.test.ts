import { expect, test, vi } from 'vitest'
import type { AuditEvent } from '../../contract/audit.ts'
import type { PersonQuestion } from '../../contract/questions.ts'
import { Announcer } from '../announce.ts'
import { PersonQuestions, type PersonQuestionsOptions, type ServerQuestion } from './person-questions.ts'

function stage(more: Partial<PersonQuestionsOptions> = {}) {
  const time = { wall: 1_800_000_000_000, steady: 1_000 }
  const rows: AuditEvent[] = []
  const announcer = new Announcer()
  const asked: string[] = []
  announcer.on('questions/asked', id => asked.push(id))
  const questions = new PersonQuestions({
    announcer,
    audit: { append: async event => void rows.push(event) },
    redact: text => text.replaceAll('hunter2', '•••'),
    sampling: () => 'refuse',
    clocks: { wall: () => time.wall, steady: () => time.steady },
    ...more,
  })
  const pass = (ms: number) => {
    time.wall += ms
    time.steady += ms
  }
  return {
    questions,
    rows,
    asked,
    time,
    pass,
    waiting: () => questions.list().filter(one => one.state.kind === 'waiting'),
  }
}

const FORM = {
  message: 'Who are you?',
  requestedSchema: {
    type: 'object',
    properties: { name: { type: 'string', title: 'Name', minLength: 2 }, age: { type: 'integer', minimum: 0 } },
    required: ['name'],
  },
}

const from = (more: Partial<ServerQuestion> = {}): ServerQuestion => ({
  server: { id: 'srv_a', name: 'files' },
  client: { id: 'cursor', title: 'Cursor' },
  method: 'elicitation/create',
  params: FORM,
  ...more,
})
const visit = (url: unknown) => from({ params: { mode: 'url', message: 'Sign in', url, elicitationId: 'e1' } })
const sample = from({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }], maxTokens: 100 },
})
const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'went through'
  } catch (error) {
    return (error as { code: string }).code
  }
}
const only = (list: PersonQuestion[]) => {
  expect(list.length).toBe(1)
  return list[0]!
}

test('a form that a person fills in reaches the server; what they typed stays nowhere', async () => {
  const { questions, rows, waiting, asked } = stage()
  const answer = questions.ask(from())
  const question = only(waiting())
  expect(asked).toEqual([question.id])
  expect(question).toMatchObject({ server: { name: 'files' }, clients: [{ title: 'Cursor' }], times: 1 })
  questions.answer(question.id, { action: 'accept', content: { name: 'Ada Lovelace', age: 36 } }, 'window:w1')
  expect(await answer).toEqual({ action: 'accept', content: { name: 'Ada Lovelace', age: 36 } })
  expect(only(questions.list()).state).toMatchObject({ kind: 'answered', action: 'accept', by: 'window:w1' })
  expect(JSON.stringify([questions.list(), rows])).not.toContain('Lovelace')
  expect(rows.map(row => [row.what, row.detail])).toEqual([['question/asked', 'fields: name, age']])
})

test.each([
  ['decline', { action: 'decline' }],
  ['cancel', { action: 'cancel' }],
] as const)('%s reaches the server', async (action, result) => {
  const { questions, waiting } = stage()
  const answer = questions.ask(from())
  questions.answer(only(waiting()).id, { action }, 'window:w1')
  expect(await answer).toEqual(result)
})

test('what does not fit the form is not passed on, and the question goes on waiting', async () => {
  const { questions, waiting } = stage()
  void questions.ask(from())
  const { id } = only(waiting())
  for (const content of [
    {},
    { name: 'A' },
    { name: 'Ada', age: 1.5 },
    { name: 'Ada', extra: 'x' },
    { name: 7 },
  ] as never[])
    expect(codeOf(() => questions.answer(id, { action: 'accept', content }, 'w'))).toBe('questions/does-not-fit')
  expect(waiting().length).toBe(1)
})

test('a question is answered once', async () => {
  const { questions, waiting } = stage()
  const answer = questions.ask(from())
  const { id } = only(waiting())
  questions.answer(id, { action: 'decline' }, 'w')
  expect(codeOf(() => questions.answer(id, { action: 'accept', content: { name: 'Ada' } }, 'w'))).toBe('questions/over')
  expect(await answer).toEqual({ action: 'decline' })
  expect(codeOf(() => questions.answer('made up', { action: 'decline' }, 'w'))).toBe('questions/unknown')
})

test.each([
  ['the wall clock', { wall: 600_000, steady: 0 }],
  ['the steady clock', { wall: 0, steady: 600_000 }],
])('after ten minutes by %s it ends with cancel', async (_, jump) => {
  vi.useFakeTimers()
  const { questions, time, pass, waiting } = stage()
  const answer = questions.ask(from())
  const { id } = only(waiting())
  // Seconds pass one by one, so that it does not look like sleep.
  for (let s = 0; s < 600; s++) {
    time.wall += jump.wall / 600
    time.steady += jump.steady / 600
    vi.advanceTimersByTime(1_000)
  }
  vi.useRealTimers()
  pass(0)
  expect(await answer).toEqual({ action: 'cancel' })
  expect(codeOf(() => questions.answer(id, { action: 'accept', content: { name: 'Ada' } }, 'w'))).toBe('questions/over')
  expect(only(questions.list()).state.kind).toBe('expired')
})

test('what waited while the computer slept is over', async () => {
  const { questions, pass, waiting } = stage()
  const answer = questions.ask(from())
  const { id } = only(waiting())
  pass(40_000)
  expect(codeOf(() => questions.answer(id, { action: 'accept', content: { name: 'Ada' } }, 'w'))).toBe('questions/over')
  expect(await answer).toEqual({ action: 'cancel' })
})

test('the end of its call withdraws it, with the reason; it is shown for five seconds more', async () => {
  const { questions, pass, waiting, rows } = stage()
  const call = new AbortController()
  const answer = questions.ask(from({ signal: call.signal }))
  expect(waiting().length).toBe(1)
  call.abort('The call of Cursor ended.')
  expect(await answer).toEqual({ action: 'cancel' })
  expect(only(questions.list()).state).toMatchObject({ kind: 'withdrawn', why: 'The call of Cursor ended.' })
  expect(rows.at(-1)).toMatchObject({ what: 'question/withdrawn' })
  pass(5_001)
  expect(questions.list()).toEqual([])
})

test('a call that ended before its question came is not asked for', async () => {
  const { questions } = stage()
  expect(await questions.ask(from({ signal: AbortSignal.abort() }))).toEqual({ action: 'cancel' })
  expect(questions.list()).toEqual([])
})

test('the same question of the same client is one question, and one answer goes to all; another client’s is its own', async () => {
  const { questions, waiting, asked } = stage()
  const call = new AbortController()
  const answers = [questions.ask(from()), questions.ask(from()), questions.ask(from({ signal: call.signal }))]
  const other = questions.ask(from({ client: { id: 'zed', title: 'Zed' } }))
  expect(waiting().map(one => [one.clients[0]!.id, one.times])).toEqual([
    ['cursor', 3],
    ['zed', 1],
  ])
  expect(asked.length).toBe(2)
  call.abort()
  expect(waiting()[0]!.times).toBe(2)
  questions.answer(waiting()[0]!.id, { action: 'accept', content: { name: 'Ada' } }, 'w')
  const yes = { action: 'accept', content: { name: 'Ada' } }
  expect(await Promise.all(answers)).toEqual([yes, yes, { action: 'cancel' }])
  questions.close()
  expect(await other).toEqual({ action: 'cancel' })
})

test('1,000 questions at once: twenty wait, the rest is refused, the log stays short, another server is not held back', async () => {
  const { questions, rows, waiting, asked, pass } = stage()
  const all = Array.from({ length: 1_000 }, (_, n) =>
    questions.ask(from({ params: { ...FORM, message: `Who are you? ${n}` } })).catch(error => error.code as string),
  )
  const alike = Array.from({ length: 1_000 }, () => questions.ask(from()).catch(error => error.code as string))
  const other = questions.ask(from({ server: { id: 'srv_b', name: 'other' } }))
  expect(waiting().length).toBe(21)
  expect(asked.length).toBe(21)
  const ofFiles = waiting().filter(one => one.server.id === 'srv_a')
  for (const { id } of ofFiles) questions.answer(id, { action: 'cancel' }, 'w')
  const said = await Promise.all([...all, ...alike])
  expect(said.filter(one => one === 'questions/too-many').length).toBe(1_980)
  expect(rows.length).toBeLessThan(60)
  expect(waiting().length).toBe(1)
  questions.answer(only(waiting()).id, { action: 'decline' }, 'w')
  expect(await other).toEqual({ action: 'decline' })
  // A minute later it may ask again.
  for (let s = 0; s < 3; s++) {
    pass(20_001)
    questions.list()
    await questions.ask(from({ signal: AbortSignal.abort() }))
    expect(codeOf(() => questions.expects('x', { action: 'decline' }))).toBe('questions/unknown')
  }
  void questions.ask(from())
  expect(waiting().length).toBe(1)
})

test('a server that asks and takes back again and again is stopped after sixty a minute', async () => {
  const { questions, asked } = stage()
  let refused = 0
  for (let n = 0; n < 200; n++) {
    const call = new AbortController()
    const answer = questions.ask(from({ signal: call.signal })).catch(() => refused++)
    call.abort()
    await answer
  }
  expect([asked.length, refused]).toEqual([60, 140])
})

test.each([
  ['https://login.example.com/a?b=c', 'login.example.com', true],
  ['http://127.0.0.1:3000/', '127.0.0.1:3000', false],
  // Looks like github.com; its host says otherwise.
  ['https://gіthub.com/login', 'xn--gthub-n2e.com', true],
])('an address %s is shown with its host, and only a person opens it', async (url, host, encrypted) => {
  const { questions, waiting, rows } = stage()
  const answer = questions.ask(visit(url))
  const question = only(waiting())
  expect(question.asked).toMatchObject({ kind: 'url', host, encrypted })
  expect(rows.at(-1)?.detail).toBe(`visit ${host}`)
  questions.answer(question.id, { action: 'accept' }, 'w')
  expect(await answer).toEqual({ action: 'accept' })
})

test.each([
  'javascript:alert(1)',
  'file:///etc/passwd',
  'vscode://x',
  'https://github.com@evil.example/',
  'no address',
  7,
  `https://x.example/${'a'.repeat(10_000)}`,
])('an address that leads elsewhere or nowhere is not shown at all (%#)', async url => {
  const { questions } = stage()
  await expect(questions.ask(visit(url))).rejects.toMatchObject({ code: 'questions/unreadable' })
  expect(questions.list()).toEqual([])
})

test('sampling is refused at once and leaves a notice', async () => {
  const { questions } = stage()
  for (let n = 0; n < 3; n++) await expect(questions.ask(sample)).rejects.toMatchObject({ code: 'questions/no-model' })
  expect(only(questions.list())).toMatchObject({ state: { kind: 'refused' }, times: 3, asked: { kind: 'sampling' } })
})

test('where a person may speak for a model, their words are the answer; a refusal is an error', async () => {
  const { questions, waiting } = stage({ sampling: () => 'person' })
  const answer = questions.ask(sample)
  expect(codeOf(() => questions.answer(only(waiting()).id, { action: 'accept', text: ' ' }, 'w'))).toBe(
    'questions/does-not-fit',
  )
  questions.answer(only(waiting()).id, { action: 'accept', text: 'hello yourself' }, 'w')
  expect(await answer).toMatchObject({ role: 'assistant', model: 'person', content: { text: 'hello yourself' } })
  const second = questions.ask(sample)
  questions.answer(only(waiting()).id, { action: 'decline' }, 'w')
  await expect(second).rejects.toMatchObject({ code: 'questions/refused' })
  const third = questions.ask(sample)
  questions.close()
  await expect(third).rejects.toMatchObject({ code: 'questions/unanswered' })
})

test('what a person answers is offered to servers only where one is', () => {
  expect(stage().questions.offers('srv_a')).toEqual({ elicitation: { form: {}, url: {} } })
  expect(stage({ sampling: () => 'person' }).questions.offers('srv_a')).toHaveProperty('sampling')
  expect(stage({ isAlone: () => true }).questions.offers('srv_a')).toEqual({})
})

test('on a machine without a person nothing waits', async () => {
  const { questions } = stage({ isAlone: () => true })
  await expect(questions.ask(from())).rejects.toMatchObject({ code: 'questions/nobody-here' })
})

test('a long message is cut, half characters are mended, secrets of yours are not shown', async () => {
  const { questions, waiting } = stage()
  void questions.ask(from({ params: { ...FORM, message: `\ud800 hunter2 ${'x'.repeat(1_000_000)}` } }))
  const { asked } = only(waiting())
  expect(asked.kind === 'form' && asked.message.slice(0, 8)).toBe('\ufffd ••• xxx'.slice(0, 8))
  expect(JSON.stringify(asked).length).toBeLessThan(25_000)
  expect(asked.kind === 'form' && asked.message.endsWith('… cut here: 1,000,010 characters in all')).toBe(true)
})

test('no part of a long secret is shown where its text is cut', async () => {
  const secret = Array.from({ length: 300 }, (_, n) => `part-${n}`).join('')
  const { questions, waiting } = stage({ redact: text => text.replaceAll(secret, '•••') })
  const properties = { a: { type: 'string', title: `Key: ${secret}`, description: secret, enum: ['x', secret] } }
  void questions.ask(from({ params: { message: secret, requestedSchema: { type: 'object', properties } } }))
  expect(JSON.stringify(only(waiting()))).not.toContain('part-')
})
