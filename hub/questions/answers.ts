// What a server gets for what a person said, or did not say, to its question; and what a record says of one.
import type { PersonAnswer, PersonQuestion } from '../../contract/questions.ts'
import { HubError } from '../error.ts'
import { checkContent } from './check-content.ts'

/** What a record says of a question: the names of its fields, its host; never what was answered. */
export function aboutOf(asked: PersonQuestion['asked']): string {
  if (asked.kind === 'url') return `visit ${asked.host}`
  if (asked.kind === 'sampling')
    return asked.messages.length === 1 ? 'one message for a model' : `${asked.messages.length} messages for a model`
  return `fields: ${asked.fields.map(field => field.name).join(', ') || 'none'}`
}

/** What the server gets for a yes. Throws HubError when the values do not fit the form. */
export function resultOf(
  { asked }: PersonQuestion,
  { content, text }: Extract<PersonAnswer, { action: 'accept' }>,
): unknown {
  switch (asked.kind) {
    case 'url':
      return { action: 'accept' }
    case 'form':
      return { action: 'accept', content: checkContent(asked.fields, content ?? {}) }
    case 'sampling':
      if (!text?.trim()) {
        throw new HubError('questions/does-not-fit', 'An answer in place of a model needs words.', {
          hint: 'Or decline.',
        })
      }
      return {
        role: 'assistant',
        content: { type: 'text', text: text.toWellFormed() },
        model: 'person',
        stopReason: 'endTurn',
      }
  }
}

/** What a server hears when nobody answered. */
export function nobody(method: PersonQuestion['method']): unknown {
  if (method === 'elicitation/create') return { action: 'cancel' }
  return Promise.reject(new HubError('questions/unanswered', 'Nobody answered in place of a model.'))
}

export function reasonOf(signal: AbortSignal | undefined, { server }: PersonQuestion): string {
  return typeof signal?.reason === 'string' ? signal.reason : `${server.name} does not wait for it any more.`
}
