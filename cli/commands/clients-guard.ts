// `gatehouse clients history|keep|answer`: what happened to our entry in a client's file, and what shall become of it.

import type { Preview } from '../../contract/clients.ts'
import { type Command, UsageError } from '../command.ts'
import { oneLine, printable, say, sayJson } from '../print.ts'
import { PROJECT, placeIn, sayPreview, sayWritten } from './clients.ts'

export const clientsHistory: Command = {
  synopsis: 'ID [--project PATH] [--diff]',
  help: 'Newest first. --diff shows what changed in the file; values that may be secrets are not shown.',
  options: { diff: { type: 'boolean' }, ...PROJECT },
  args: [1, 1],
  async run(input) {
    const { json, flag, hub } = input
    const id = placeIn(input)
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
  synopsis: 'ID on|off [--project PATH] [--dry-run]',
  help: 'on: our entry is put back by itself when the client drops it; at most three times in ten minutes. --dry-run shows what would be written at once, and changes nothing.',
  options: { 'dry-run': { type: 'boolean' }, ...PROJECT },
  args: [2, 2],
  async run(input) {
    const { args, flag, hub, json } = input
    const word = args[1] ?? ''
    if (word !== 'on' && word !== 'off') throw new UsageError(`${oneLine(word)} is neither on nor off.`)
    const dryRun = flag('dry-run')
    const kept = await (await hub()).call.clients.keep({ id: placeIn(input), on: word === 'on', dryRun })
    if (json) sayJson(kept)
    else if (dryRun) sayDry(kept.preview, 'Nothing would be written now.')
    else say(kept.keep ? 'It is put back by itself from now on.' : 'It is not put back by itself any more.')
    return 0
  },
}

export const clientsAnswer: Command = {
  synopsis: 'ID back|out [--project PATH] [--dry-run]',
  help: 'Answers what is asked about a lost entry. back: it is put back this once; only the window can say so for the next time. out: it stays out, its token ends, and it is not asked again. --dry-run shows what would be written, and changes nothing.',
  options: { 'dry-run': { type: 'boolean' }, ...PROJECT },
  args: [2, 2],
  async run(input) {
    const { args, flag, hub, json } = input
    const word = args[1] ?? ''
    if (word !== 'back' && word !== 'out') throw new UsageError(`${oneLine(word)} is neither back nor out.`)
    const dryRun = flag('dry-run')
    const answered = await (await hub()).call.clients.answerGuard({ id: placeIn(input), answer: word, dryRun })
    if (json) sayJson(answered)
    else if (dryRun) sayDry(answered.preview, 'Nothing would be written: it would stay out, and its token would end.')
    else if (answered.written) sayWritten(answered.written)
    else say('It stays out. Its token opens nothing any more.')
    return 0
  },
}

function sayDry(preview: Preview | null, nothing: string): void {
  if (preview) sayPreview(preview)
  else say(nothing)
  say('Nothing was changed.')
}
