// What questions of servers say: who asks what, for whom, and how it ended.
import type { PersonQuestion } from '../../../contract/questions.ts'

/** What the server asks for, after its name. */
export const WANTS: Record<PersonQuestion['asked']['kind'], string> = {
  form: 'asks you to fill in a form',
  url: 'asks you to visit a page',
  sampling: 'asks for the words of a model',
}

/** "for a call of Cursor", "for a call of one of: Cursor, Zed". */
export function forWhom({ clients }: Pick<PersonQuestion, 'clients'>): string {
  if (clients.length === 1 && clients[0]!.id === 'inspector') return 'for your call in the Inspector'
  if (clients.length === 1 && clients[0]!.id === 'cli') return 'for a call from the command line'
  const names = clients.map(client => client.title).join(', ')
  return clients.length > 1 ? `for a call of one of: ${names}` : `for a call of ${names}`
}

/** What it says, in a line, for lists; the server's words. */
export function gist({ asked }: Pick<PersonQuestion, 'asked'>): string {
  if (asked.kind === 'sampling') return asked.messages.at(-1)?.text.slice(0, 300) ?? ''
  if (asked.kind === 'url') return `${asked.host} · ${asked.message.slice(0, 300)}`
  return asked.message.slice(0, 300)
}

/** How it ended: "Answered", "No answer in time. files was told that nobody chose." */
export function ending({ state, server, method }: Pick<PersonQuestion, 'state' | 'server' | 'method'>): string {
  switch (state.kind) {
    case 'waiting':
      return 'Waits for you'
    case 'expired':
      return `No answer in time. ${server.name} was told that nobody chose.`
    case 'withdrawn':
      return `${state.why} Nothing was sent.`
    case 'refused':
      return state.why
    case 'answered':
      if (state.action === 'accept') return 'Answered'
      return state.action === 'cancel' ? 'Cancelled' : method === 'sampling/createMessage' ? 'Refused' : 'Declined'
  }
}

/** How the question in a dialog ended, which closes by itself when it is answered there. */
export const endedElsewhere = (question: PersonQuestion): string =>
  question.state.kind === 'answered' ? `${ending(question)}, in another window.` : ending(question)

/** A name with letters beyond the plain ones reads like another; its real form begins with `xn--`. */
export const hasForeignLetters = (host: string): boolean => /(^|\.)xn--/i.test(host)
