// Answers to calls that wait: taken from one window, recorded, and only then in force.
import type { Answer, Approval } from '../../contract/policy.ts'
import { recordWhenItCan } from './loosen.ts'
import type { Parts } from './router.ts'

type Needs = Pick<Parts, 'approvals' | 'audit' | 'policy'>

/** Answers one call for the window `by`. What can no longer be answered is not recorded as if it had been. */
export async function answerCall({ approvals, audit, policy }: Needs, id: string, answer: Answer, by: string) {
  const answering = approvals.begin(id, answer, by)
  const { client, correlation = id, server, tool } = answering.approval
  const about = { by, correlation, client: client.id, server: server.id, tool }
  if (answer.kind === 'deny') {
    const denied = answering.finish()
    await recordWhenItCan({ audit }, { kind: 'approval', what: 'approval/deny', ...about, detail: answer.word ?? '' })
    return denied
  }
  let answered: Approval
  try {
    const row = { kind: 'approval', what: 'approval/allow', ...about, detail: answer.scope } as const
    await audit.append(row, { durable: true })
    if (answering.rule) {
      const { after } = policy.inWords({ kind: 'add-rule', rule: answering.rule })
      const written = `From an answer: ${after}`
      await audit.append({ kind: 'policy', what: 'policy/changed', ...about, detail: written }, { durable: true })
    }
    answered = answering.finish()
  } catch (error) {
    answering.giveUp()
    const why = error instanceof Error ? error.message : String(error)
    // The row before says that it was answered; this one says that nothing came of it.
    const row = { kind: 'approval', what: 'approval/without-effect', ...about, detail: why } as const
    void audit.append(row, { durable: false }).catch(() => {})
    throw error
  }
  return answered
}
