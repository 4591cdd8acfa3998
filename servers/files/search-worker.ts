// The thread's program: looks for a pattern. No pattern runs forever, but one can keep a processor busy for minutes.
import { answering } from '../kit/in-thread.ts'
import { matchesIn, patternFinder } from './search-lines.ts'

export interface Work {
  pattern: string
  text: string
  afterLine: number
  limit: number
}

let last = { pattern: '', find: patternFinder('') }

export default answering(({ pattern, text, afterLine, limit }: Work) => {
  if (last.pattern !== pattern) last = { pattern, find: patternFinder(pattern) }
  return matchesIn(text, last.find, afterLine, limit)
})
