// Counts tokens on a thread of its own: the tables take a second to load and some 70 MB, and go when the thread ends.
import { parentPort } from 'node:worker_threads'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'

/** Of one text; what is longer is taken to go on as it began. */
const MOST_CHARS = 100_000
/** Of all texts of one question. */
const MOST_MS = 10_000
const PIECE = 256
/** A word without an end takes time that grows with its square. */
const LONG_WORD = /\S{512}|\s{512}/
const NONE = { disallowedSpecial: new Set<string>() }

function count(text: string): number {
  if (!LONG_WORD.test(text)) return countTokens(text, NONE)
  let tokens = 0
  for (let at = 0; at < text.length; at += PIECE) tokens += countTokens(text.slice(at, at + PIECE), NONE)
  return tokens
}

function estimate(text: string): number {
  const head = text.slice(0, MOST_CHARS)
  return Math.round((count(head) * text.length) / Math.max(1, head.length))
}

parentPort?.on('message', (texts: string[]) => {
  const began = performance.now()
  let [chars, tokens] = [0, 0]
  const counts = texts.map(text => {
    if (performance.now() - began > MOST_MS) return Math.ceil((text.length * tokens) / Math.max(1, chars))
    const found = estimate(text)
    chars += text.length
    tokens += found
    return found
  })
  parentPort?.postMessage(counts)
})
