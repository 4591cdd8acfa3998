// `gatehouse clients history|keep|answer`: what happened to our entry in a client's file, and what shall become of it.
import { type Command, UsageError } from '../command.ts'
import { oneLine, printable, say, sayJson } from '../print.ts'
import { sayWritten } from './clients.ts'

export const clientsHistory: Command = {
  synopsis: 'ID [--diff]',
  help: 'Newest first. --diff shows what changed in the file; values that may be secrets are not shown.',
  options: { diff: { type: 'boolean' } },
  args: [1, 1],
  async run({ args: [id = ''], json, flag, hub }) {
    const events = await (await hub()).call.clients.history({ id })
    if (json) {
      sayJson(events)
      return 0
    }
    if (events.length === 0) say(`Nothing was written for ${oneLine(id)}, and nothing happened to it.`)
    for (const { at, by, words, diff } of events) {
      say(`${new Date(at).toISOString()}  ${oneLine(words)} (${oneLine(by)})`)
      if (flag('diff') && diff !== '') say(printable(diff.trimEnd()))
    }
    return 0
  },
}

export const clientsKeep: Command = {
  synopsis: 'ID on|off',
  help: 'on: our entry is put back by itself when the client drops it; at most three times in ten minutes.',
  args: [2, 2],
  async run({ args: [id = '', word = ''], json, hub }) {
    if (word !== 'on' && word !== 'off') throw new UsageError(`${oneLine(word)} is neither on nor off.`)
    const kept = await (await hub()).call.clients.keep({ id, on: word === 'on' })
    if (json) sayJson(kept)
    else say(kept.keep ? 'It is put back by itself from now on.' : 'It is not put back by itself any more.')
    return 0
  },
}

export const clientsAnswer: Command = {
  synopsis: 'ID back|out',
  help: 'Answers what is asked about a lost entry. back: it is put back this once; only the window can say so for the next time. out: it stays out, its token ends, and it is not asked again.',
  args: [2, 2],
  async run({ args: [id = '', word = ''], json, hub }) {
    if (word !== 'back' && word !== 'out') throw new UsageError(`${oneLine(word)} is neither back nor out.`)
    const answered = await (await hub()).call.clients.answerGuard({ id, answer: word })
    if (json) sayJson(answered)
    else if (answered.written) sayWritten(answered.written)
    else say('It stays out. Its token opens nothing any more.')
    return 0
  },
}
