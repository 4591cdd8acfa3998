// Answers what concerns questions of servers. That one was answered is recorded, and by which window; what, never.
import type { PersonQuestion } from '../../contract/questions.ts'
import { aboutOf } from '../questions/answers.ts'
import { type GuardedContract, nameOf } from './caller.ts'
import type { Parts } from './router.ts'
import { Batches, ended } from './stream.ts'

export function answerQuestions(api: GuardedContract, parts: Pick<Parts, 'announcer' | 'audit' | 'questions'>) {
  const { announcer, audit, questions } = parts
  return api.questions.router({
    list: api.questions.list.handler(() => questions.list()),
    watch: api.questions.watch.handler(({ context, signal }) => watch(ended(context.gone, signal))),
    answer: api.questions.answer.handler(async ({ input, context }) => {
      const by = nameOf(context.caller)
      // What can no longer be answered is not recorded as if it had been.
      const { server, clients, asked } = questions.expects(input.id, input.answer)
      const client = clients.map(one => one.id).join(', ')
      const what = `question/${input.answer.action}`
      const about = { server: server.id, client, detail: aboutOf(asked) }
      await audit.append({ kind: 'approval', what, by, ...about }, { durable: true })
      return questions.answer(input.id, input.answer, by)
    }),
  })

  async function* watch(signal: AbortSignal): AsyncGenerator<PersonQuestion[], void> {
    const changes = new Batches<string>(100)
    const push = (id: string) => changes.push(id)
    announcer.on('questions/changed', push)
    try {
      yield questions.list()
      for await (const _ of changes.read(signal)) yield questions.list()
    } finally {
      announcer.off('questions/changed', push)
    }
  }
}
