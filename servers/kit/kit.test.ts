import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { Failure } from './failure.ts'
import { Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { page, pageOfText, toCursor } from './paging.ts'
import { COMMON, readSettings, SettingsError, type SettingsShape, secretsOf, settingsTable } from './settings.ts'
import { type Call, Kit, READS } from './tools.ts'

const SECRET = 'tok-4f9aB7c2"Qx/81'
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

/** A server with one tool that does `run`. */
async function withTool(run: (call: Call) => Promise<void> | void, settings: Record<string, string> = {}) {
  const lines: string[] = []
  const metrics = new Metrics('odd', '1')
  const kit = new Kit({
    log: new Log('odd', { secrets: [SECRET], write: line => lines.push(line) }),
    metrics,
    settings: readSettings(COMMON, settings),
  })
  const server = new McpServer({ name: 'odd', version: '1' })
  const spec = { title: 'Odd', description: '', input: z.object({}), output: z.object({}), annotations: READS }
  kit.tool(server, 'odd', spec, async (_, call) => {
    await run(call)
    return { text: 'done', data: {} }
  })
  const input = z.strictObject({ name: z.string().min(5), size: z.number().max(5).default(3) })
  const takes = { ...spec, input, output: z.object({ size: z.number() }) }
  kit.tool(server, 'takes', takes, ({ name, size }) => {
    return { text: 'done', data: { size: name.startsWith('lies') ? ('big' as never) : size, more: 'unasked' } }
  })
  const client = new Client({ name: 'test', version: '1' })
  clients.push(client)
  const [a, b] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(a), client.connect(b)])
  const call = async () => {
    const { isError, content, structuredContent } = await client.callTool({ name: 'odd', arguments: {} })
    const { error } = (structuredContent ?? {}) as { error?: { kind: string; correlationId: string } }
    return { isError: isError === true, text: (content as { text: string }[])[0]!.text, error }
  }
  return { call, client, lines, metrics: () => metrics.registry.metrics() }
}

test('of two secrets that begin the same way nothing is left', () => {
  const log = new Log('odd', { secrets: ['abcd', 'abcd-efgh'] })
  expect(log.redact('x abcd-efgh y abcd')).toBe('x ‹secret› y ‹secret›')
})

test('settings: all that are wrong are named together, empty ones are not set', () => {
  const shape = { ...COMMON, PLACE: z.string().describe('Where'), KEY: z.string().optional().meta({ secret: true }) }
  const read = () => readSettings(shape, { RATE_LIMIT: 'many', LOG_LEVEL: 'loud', MAX_AT_ONCE: '' })
  expect(read).toThrow(SettingsError)
  expect(read).toThrow(/LOG_LEVEL.*RATE_LIMIT.*PLACE/s)
  const good = readSettings(shape, { PLACE: 'here', KEY: SECRET, CALL_TIMEOUT_MS: '500' })
  expect(good).toMatchObject({ PLACE: 'here', RATE_LIMIT: 100, CALL_TIMEOUT_MS: 500 })
  expect(secretsOf(shape, good)).toEqual([SECRET])
  expect(settingsTable(shape)).toContain('| `RATE_LIMIT` | `100` | Calls in 60 s |')
})

test('a failure is words, a kind and an id that the log has too; what nobody foresaw says nothing of the inside', async () => {
  const known = await withTool(() => {
    throw new Failure('not_found', `No ${SECRET} here.`, 'Look elsewhere.', { name: SECRET })
  })
  const told = await known.call()
  expect(told).toMatchObject({ isError: true, error: { kind: 'not_found', suggestion: 'Look elsewhere.' } })
  expect(told.text).toMatch(/^No ‹secret› here\. Look elsewhere\. \(not_found, [0-9a-f]{12}\)$/)
  expect(JSON.parse(known.lines[0]!)).toMatchObject({
    correlation: told.error!.correlationId,
    level: 'warn',
    server: 'odd',
  })
  expect(JSON.stringify([told, known.lines])).not.toContain('4f9aB7c2')

  const unknown = await withTool(() => {
    throw new TypeError(`cannot read ${SECRET} of undefined`)
  })
  const hidden = await unknown.call()
  expect(hidden.text).toMatch(/^Something went wrong\. .*\(internal_error, /)
  expect(unknown.lines[0]).toContain('cannot read ‹secret› of undefined')
  expect(await unknown.metrics()).toMatch(/mcp_tool_errors_total\{tool="odd",kind="internal_error"\} 1/)
})

test('wrong arguments, and answers that are not what was promised, are failures like any other', async () => {
  const { client, lines, metrics } = await withTool(() => {})
  const ask = async (name: string, args: Record<string, unknown>) => {
    const { isError, content, structuredContent } = await client.callTool({ name, arguments: args })
    return { isError, text: (content as { text: string }[])[0]!.text, data: structuredContent }
  }
  expect(await ask('takes', { size: 7, name: 'x' })).toEqual({
    isError: true,
    text: expect.stringMatching(
      /^takes cannot take these arguments: name: .*; size: .*\. Correct them and call again\. \(validation_error, [0-9a-f]{12}\)$/,
    ),
    data: {
      error: {
        kind: 'validation_error',
        message: expect.any(String),
        suggestion: 'Correct them and call again.',
        details: {
          issues: [
            { path: 'name', message: expect.any(String) },
            { path: 'size', message: expect.any(String) },
          ],
        },
        correlationId: expect.stringMatching(/^[0-9a-f]{12}$/),
      },
    },
  })
  expect(await ask('takes', { name: 'long enough' })).toEqual({ isError: undefined, text: 'done', data: { size: 3 } })
  const long = await ask('takes', { name: 'long enough', ['k'.repeat(100_000)]: 1 })
  expect(long.isError).toBe(true)
  expect(long.text.length).toBeLessThan(1_000)
  expect(await ask('takes', { name: 'lies to you' })).toMatchObject({
    isError: true,
    data: { error: { kind: 'internal_error' } },
  })
  expect(await metrics()).toMatch(/mcp_tool_errors_total\{tool="takes",kind="validation_error"\} 2/)
  expect(lines.filter(line => line.includes('validation_error'))).toHaveLength(2)
  const { tools } = await client.listTools()
  expect(tools[1]!.inputSchema).toMatchObject({
    properties: { size: { maximum: 5, default: 3 } },
    additionalProperties: false,
  })
  expect(tools[1]!.outputSchema).toMatchObject({ required: ['size'] })
})

test('a call that does not end is given up, also when it does not listen; one taken back stops', async () => {
  const deaf = await withTool(() => new Promise(() => {}), { CALL_TIMEOUT_MS: '100' })
  expect((await deaf.call()).text).toContain('odd was not done after 0.1 s.')
  let stopped = false
  const listening = await withTool(
    ({ signal }) =>
      new Promise(resolve =>
        signal.addEventListener('abort', () => {
          stopped = true
          resolve()
        }),
      ),
  )
  const abort = new AbortController()
  const call = listening.client.callTool({ name: 'odd', arguments: {} }, { signal: abort.signal })
  setTimeout(() => abort.abort(), 50)
  await expect(call).rejects.toThrow()
  await expect.poll(() => stopped).toBe(true)
})

test('so many calls a minute and so many at once, no more', async () => {
  const rated = await withTool(() => {}, { RATE_LIMIT: '3' })
  const said = await Promise.all([1, 2, 3, 4].map(rated.call))
  expect(said.map(one => one.error?.kind)).toEqual([undefined, undefined, undefined, 'rate_limited'])
  expect(said[3]!.text).toMatch(/Wait \d+ s/)

  let running = 0
  let most = 0
  const many = await withTool(
    async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setTimeout(resolve, 50))
      running--
    },
    { MAX_AT_ONCE: '2' },
  )
  const ended = await Promise.all(Array.from({ length: 6 }, many.call))
  expect(most).toBe(2)
  expect(ended.filter(one => one.isError).map(one => one.text)).toEqual(
    Array(2).fill(expect.stringContaining('Too many calls run at once.')),
  )
})

test('pages: everything once, in order, never cut in the middle of a letter', () => {
  const items = Array.from({ length: 25 }, (_, n) => 'x'.repeat(n * 10))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const one = page(items, { cursor, limit: 10, mostChars: 500 })
    seen.push(...one.items)
    cursor = one.nextCursor
  } while (cursor)
  expect(seen).toEqual(items)
  const text = '🙂'.repeat(10)
  const first = pageOfText(text, undefined, 5)
  expect(first.text + pageOfText(text, first.nextCursor, 100).text).toBe(text)
  expect(() => page(items, { cursor: toCursor(-1), limit: 1 })).toThrow('This cursor is not one of ours.')
})

const servers = readdirSync(join(import.meta.dirname, '..'), { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'kit')
  .map(entry => entry.name)

test.each(servers)('%s: its README has its settings as they are', async name => {
  const readme = readFileSync(join(import.meta.dirname, '..', name, 'README.md'), 'utf8')
  const cells = (text: string) => text.split('\n').map(line => line.replaceAll(/\s*\|\s*/g, '|').trim())
  const place = join(import.meta.dirname, '..', name, 'settings.ts')
  const own = existsSync(place) ? ((await import(place)).SETTINGS as SettingsShape) : {}
  for (const row of cells(settingsTable({ ...COMMON, ...own })).slice(2)) expect(cells(readme)).toContain(row)
})
