// What it costs to take secrets out of a kilobyte, by how many secrets are known: of a frame as clients and servers send them.
import { Redactor } from '../hub/vault/redactor.ts'
import { fixed } from './report.ts'

const KILOBYTES = 1_024
const ROUNDS = 8

export function redactLine(): string {
  const text = frames(KILOBYTES)
  // Warm, and not counted.
  for (let n = 0; n < ROUNDS; n++) new Redactor().redact(text)
  const costs = [0, 20, 200].map(known => {
    const redactor = new Redactor()
    for (let n = 0; n < known; n++)
      redactor.learn(`sk${n}-${(n * 7_919).toString(36)}-Tr0ub4dor-${n}-zebra/x+y`, `S${n}`)
    redactor.redact(text)
    const took = Array.from({ length: ROUNDS }, () => {
      const began = performance.now()
      redactor.redact(text)
      return performance.now() - began
    })
    return `${fixed((Math.min(...took) * 1_000) / KILOBYTES, 1)} µs with ${known}`
  })
  return `secrets out of 1 KB, by how many are known: ${costs.join(', ')}`
}

/** As much JSON, in which nothing is secret and much looks a little like it. */
function frames(kilobytes: number): string {
  const frame = JSON.stringify({
    jsonrpc: '2.0',
    id: 17,
    result: {
      content: [
        { type: 'text', text: 'sk1 is not it; c2stMS1hYmM= neither. https://example.com/a?b=c \\u00fc "quoted"' },
      ],
    },
  })
  return `${frame}\n`.repeat(Math.ceil((kilobytes * 1_024) / (frame.length + 1))).slice(0, kilobytes * 1_024)
}
