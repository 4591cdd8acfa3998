// How well the offline check does on a corpus: attacks as they were published, and what well-known servers say of themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkTool } from './check-text.ts'

interface Case {
  description: string
  inputSchema?: object
  /** Names of tools that other servers have, and this one. */
  others?: string[]
  own?: string[]
}

const read = <T>(name: string): T[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../test/corpus', `${name}.json`), 'utf8'))
/** `missed`: known to be beyond what patterns can tell. */
const poisoned = read<Case & { kind: string }>('poisoned')
const honest = read<Case>('honest')

const found = ({ others = [], own = [], ...tool }: Case) =>
  checkTool({ name: 'tool', ...tool }, name => others.includes(name) && !own.includes(name))

test('of the corpus: how many attacks are found and as what, and how many honest descriptions are called so', () => {
  const hits = poisoned.filter(one => found(one).length > 0)
  const named = poisoned.filter(one => found(one).some(({ kind }) => kind === one.kind))
  const alarms = honest.flatMap(one => found(one).map(({ what }) => `${one.description.slice(0, 80)} | ${what}`))
  const percent = (n: number) => `${((n / poisoned.length) * 100).toFixed(0)} %`
  console.log(
    `found ${hits.length} of ${poisoned.length} (${percent(hits.length)}), ${named.length} by the right kind; ` +
      `false alarms ${alarms.length} of ${honest.length}`,
  )
  const missed = poisoned.filter(one => found(one).length === 0 && one.kind !== 'missed')
  expect(missed.map(one => one.description)).toEqual([])
  expect(alarms).toEqual([])
  expect([poisoned.length, honest.length]).toEqual([expect.toSatisfy(n => n >= 80), expect.toSatisfy(n => n >= 150)])
  expect(hits.length / poisoned.length).toBeGreaterThanOrEqual(0.9)
})

test.each(poisoned.filter(one => one.kind !== 'missed'))('$kind: $description', one => {
  const all = found(one)
  expect(all.map(({ kind }) => kind)).toContain(one.kind)
  for (const { field, start, end } of all)
    if (field === 'description') expect([start < end, end <= one.description.length]).toEqual([true, true])
})
