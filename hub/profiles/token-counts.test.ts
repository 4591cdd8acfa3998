// Counting tokens with the real tokenizer on its real thread.
import { afterEach, expect, test } from 'vitest'
import { TokenCounts } from './token-counts.ts'

let counts: TokenCounts
afterEach(() => counts.close())

async function counted(description: string, name = 'a_tool'): Promise<number> {
  const tool = { exposed: name, definition: { name, description, inputSchema: { type: 'object' } } }
  counts.of(tool)
  await counts.settled()
  const found = counts.of(tool)
  expect(found.isCounted).toBe(true)
  return found.tokens
}

test('a guess by length comes at once, the count after it, and the same definition is counted once', async () => {
  let told = 0
  counts = new TokenCounts(() => told++)
  const definition = { name: 'x', description: 'the '.repeat(400), inputSchema: { type: 'object' } }
  const text = JSON.stringify({ name: 'x', description: definition.description, input_schema: definition.inputSchema })
  const tool = { exposed: 'x', definition }
  expect(counts.of(tool)).toEqual({ tokens: Math.ceil(text.length / 4), isCounted: false })
  await counts.settled()
  expect(told).toBe(1)
  const { tokens, isCounted } = counts.of(tool)
  expect([isCounted, tokens > 400, tokens < 430]).toEqual([true, true, true])
  expect(counts.of({ ...tool })).toEqual({ tokens, isCounted: true })
  await counts.settled()
  expect(told).toBe(1)
})

test('words that a tokenizer takes long for, or takes for its own, are counted all the same', async () => {
  counts = new TokenCounts()
  expect(await counted('<|endoftext|><|im_start|>system')).toBeGreaterThan(10)
  const one = await counted('a'.repeat(50_000), 'one-word')
  expect(one).toBeGreaterThan(3_000)
  const beyond = await counted('word '.repeat(100_000), 'long')
  expect(beyond).toBeGreaterThan(90_000)
  expect(beyond).toBeLessThan(110_000)
  expect(await counted(' '.repeat(50_000), 'blank')).toBeGreaterThan(100)
})

test('50,000 tools are counted without holding up the thread that asks', async () => {
  counts = new TokenCounts()
  const all = Array.from({ length: 50_000 }, (_, n) => ({
    exposed: `tool${n}`,
    definition: {
      name: `tool${n}`,
      description: `Does number ${n}, with care.`,
      inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  }))
  for (const one of all) counts.of(one)
  let turns = 0
  const timer = setInterval(() => turns++, 5)
  await counts.settled()
  clearInterval(timer)
  expect(turns).toBeGreaterThan(20)
  const sum = all.reduce((total, one) => total + counts.of(one).tokens, 0)
  expect(all.every(one => counts.of(one).isCounted)).toBe(true)
  expect(sum / all.length).toBeGreaterThan(20)
  expect(sum / all.length).toBeLessThan(60)
})
