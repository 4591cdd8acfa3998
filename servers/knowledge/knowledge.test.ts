import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Started, startServer } from '../kit/test-client.ts'
import { chunksOf } from './chunks.ts'

let base: string
let root: string
const started: Started[] = []
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'knowledge-')))
  root = join(base, 'docs')
  mkdirSync(root)
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.client.close()
  rmSync(base, { recursive: true, force: true })
})

async function start(env: Record<string, string> = {}, folders = [root]): Promise<Started> {
  const file = join(base, 'state', 'knowledge.db')
  const server = await startServer('knowledge', { KNOWLEDGE_FILE: file, RATE_LIMIT: '10000', ...env }, folders)
  started.push(server)
  return server
}

const DOCUMENT = `# Deploying

Run the pipeline, then look at the canary.

# Rolling back

Nothing is lost: the old image is kept for 30 days. Straße, naïve, 東京.
`

test('documents are taken in, found by their words with the place, survive a restart, and are forgotten', async () => {
  writeFileSync(join(root, 'ops.md'), DOCUMENT)
  let server = await start()
  expect(existsSync(join(base, 'state'))).toBe(false)
  const added = await server.call('add_documents', {
    source: 'handbook',
    files: ['ops.md'],
    texts: [{ name: 'note', text: 'The office plants are watered on Monday.' }],
  })
  expect(added.data).toEqual({ source: 'handbook', documents: 2, chunks: 3, problems: [], engine: 'full text (BM25)' })
  await server.client.close()
  server = await start()
  const { data } = await server.call('semantic_search', { query: 'how do I roll back an image?' })
  expect(data.results[0]).toMatchObject({
    source: 'handbook',
    location: 'ops.md:5-8',
    text: expect.stringContaining('Rolling back'),
  })
  expect(data.results[0].score).toBeGreaterThan(data.results[1]?.score ?? 0)
  expect((await server.call('semantic_search', { query: 'naive' })).data.results).toHaveLength(1)
  expect((await server.call('list_sources')).data.sources).toMatchObject([
    { source: 'handbook', documents: 2, chunks: 3 },
  ])
  expect((await server.call('semantic_search', { query: 'image', source: 'other' })).text).toBe('Nothing fits.')
  expect((await server.call('remove_documents', { source: 'handbook' })).data).toEqual({
    source: 'handbook',
    documents: 2,
  })
  expect((await server.call('semantic_search', { query: 'image' })).data.results).toEqual([])
  expect((await server.call('remove_documents', { source: 'handbook' })).text).toContain('not_found')
})

test('a document that is taken in again is in place of what it was', async () => {
  const server = await start()
  const add = (text: string) => server.call('add_documents', { source: 's', texts: [{ name: 'n', text }] })
  await add('the old cucumber')
  await add('the new tomato')
  expect((await server.call('semantic_search', { query: 'cucumber' })).data.results).toEqual([])
  expect((await server.call('semantic_search', { query: 'tomato' })).data.results).toHaveLength(1)
  expect((await server.call('list_sources')).data.sources[0].documents).toBe(1)
})

test.each(['"', "'; DROP TABLE pieces; --", 'a AND NOT', 'text : x', '*', 'NEAR(', '-', '()', '^a', '{text}: x'])(
  'a query of signs harms nothing: %s',
  async query => {
    const server = await start()
    await server.call('add_documents', { source: 's', texts: [{ name: 'n', text: 'a drop of text near x' }] })
    const { failed } = await server.call('semantic_search', { query })
    expect([query, failed]).toEqual([query, false])
    expect((await server.call('semantic_search', { query: 'near' })).data.results).toHaveLength(1)
  },
)

test('files outside, what is no text and what is not there are named; the others are taken in', async () => {
  writeFileSync(join(base, 'outside.md'), 'secret words')
  writeFileSync(join(root, 'bin'), Buffer.from([1, 0, 2]))
  writeFileSync(join(root, 'latin'), Buffer.from([0x67, 0xfc, 0x74]))
  writeFileSync(join(root, 'good.md'), 'good words')
  const server = await start()
  const files = ['../outside.md', 'bin', 'latin', 'gone', 'good.md']
  const { data } = await server.call('add_documents', { source: 's', files })
  expect(data.documents).toBe(1)
  expect(data.problems.map((one: { problem: string }) => one.problem)).toEqual([
    expect.stringContaining('outside the folders'),
    expect.stringContaining('is not text'),
    expect.stringContaining('is not UTF-8'),
    expect.stringContaining('does not exist'),
  ])
  expect((await server.call('semantic_search', { query: 'secret' })).data.results).toEqual([])
  const none = await start({}, [])
  expect(
    (await none.call('add_documents', { source: 's', files: ['/etc/hostname'] })).data.problems[0].problem,
  ).toContain('No folder was named')
  expect((await none.call('add_documents', { source: 's' })).text).toContain('Nothing was given.')
})

test('pieces are short, whole, and know their lines', () => {
  const long = Array.from({ length: 400 }, (_, n) => `line ${n} ${'word '.repeat(n % 40)}`).join('\n')
  const chunks = chunksOf(`${long}\n${'x'.repeat(5_000)}`)
  expect(Math.max(...chunks.map(chunk => chunk.text.length))).toBeLessThanOrEqual(1_501)
  expect(
    chunks
      .map(chunk => chunk.text)
      .join('\n')
      .replaceAll(/\s+/g, ''),
  ).toBe(`${long}${'x'.repeat(5_000)}`.replaceAll(/\s+/g, ''))
  expect(chunks.every((chunk, n) => chunk.from <= chunk.to && (n === 0 || chunk.from >= chunks[n - 1]!.to))).toBe(true)
  expect(chunksOf('\n \n')).toEqual([])
})

test('a long line is cut between its signs and never within one', () => {
  const chunks = chunksOf(`x${'😀'.repeat(5_000)}`)
  expect(chunks.every(chunk => chunk.text.isWellFormed())).toBe(true)
  expect(chunks.map(chunk => chunk.text.trim()).join('')).toBe(`x${'😀'.repeat(5_000)}`)
})

test.each([
  ['東京都に行くのはいつですか。', '東京', '大阪府'],
  ['我們明天部署新版本到生產環境', '部署', '回滾'],
  ['ระบบจะรีสตาร์ทอัตโนมัติ', 'อัตโนมัติ', 'ฐานข้อมูล'],
  ['서버를 다시 시작합니다', '서버를', '데이터'],
  ['सर्वर को पुनः आरंभ करें', 'सर्वर', 'डेटाबेस'],
  ['Перезапустите сервер вечером', 'сервер', 'база'],
  ['أعد تشغيل الخادم', 'الخادم', 'قاعدة'],
])('what is said in any script is found by its words: %s', async (text, inside, outside) => {
  const server = await start()
  await server.call('add_documents', { source: 's', texts: [{ name: 'n', text }] })
  const found = async (query: string) => (await server.call('semantic_search', { query })).data.results.length
  expect([await found(inside), await found(outside), await found([...inside][0]!)]).toEqual([
    1,
    0,
    /\p{scx=Han}|\p{scx=Thai}/u.test(inside) ? 1 : 0,
  ])
})

test('a file is one document however it is asked for, and files of one name in two folders are two', async () => {
  mkdirSync(join(root, 'a'))
  mkdirSync(join(root, 'b'))
  writeFileSync(join(root, 'a', 'index.md'), 'apple')
  writeFileSync(join(root, 'b', 'index.md'), 'banana')
  const server = await start()
  const files = ['a/index.md', './a/../a/index.md', join(root, 'a', 'index.md')]
  await server.call('add_documents', { source: 's', files })
  for (const directory of ['a', 'b']) {
    const { taskId } = (await server.call('add_folder', { source: 's', directory })).data
    await expect
      .poll(async () => (await server.call('check_task', { taskId, waitSeconds: 5 })).data.state, { timeout: 60_000 })
      .toBe('completed')
  }
  expect((await server.call('list_sources')).data.sources).toMatchObject([{ documents: 2, chunks: 2 }])
  const { data } = await server.call('semantic_search', { query: 'apple banana' })
  expect(data.results.map((one: { location: string }) => one.location).toSorted()).toEqual([
    'a/index.md:1',
    'b/index.md:1',
  ])
  mkdirSync(join(base, 'more'))
  writeFileSync(join(base, 'more', 'x.md'), 'cherry')
  const two = await start({ KNOWLEDGE_FILE: ':memory:' }, [root, join(base, 'more')])
  await two.call('add_documents', { source: 's', files: [join(base, 'more', 'x.md')] })
  const [cherry] = (await two.call('semantic_search', { query: 'cherry' })).data.results
  expect(cherry.location).toBe(`${join(base, 'more', 'x.md')}:1`)
})

test.skipIf(process.platform === 'win32')(
  'an empty document can be forgotten, a pipe is not waited for, and no glob takes all',
  async () => {
    execFileSync('mkfifo', [join(root, 'pipe.md')])
    const server = await start()
    const added = await server.call('add_documents', {
      source: 's',
      files: ['pipe.md'],
      texts: [{ name: 'e', text: '\n' }],
    })
    expect(added.data).toMatchObject({ documents: 1, chunks: 0, problems: [{ document: 'pipe.md' }] })
    expect((await server.call('remove_documents', { source: 's' })).data).toEqual({ source: 's', documents: 1 })
    writeFileSync(join(root, 'a'.repeat(250)), '')
    const begun = await server.call('add_folder', { source: 's', directory: '.', pattern: `${'*a'.repeat(50)}*b` })
    const { taskId } = begun.data
    await expect
      .poll(async () => (await server.call('check_task', { taskId, waitSeconds: 5 })).data.state, { timeout: 60_000 })
      .toBe('failed')
    expect((await server.call('add_folder', { source: 's', directory: '.', pattern: '{a' })).failed).toBe(true)
  },
)

test('what an earlier version knew is found by this one', async () => {
  mkdirSync(join(base, 'state'))
  const old = new Database(join(base, 'state', 'knowledge.db'))
  old.exec(`
    CREATE TABLE documents (id INTEGER PRIMARY KEY, source TEXT NOT NULL, document TEXT NOT NULL, added_at TEXT NOT NULL,
      chunks INTEGER NOT NULL, UNIQUE (source, document));
    CREATE VIRTUAL TABLE pieces USING fts5 (text, source UNINDEXED, location UNINDEXED, document UNINDEXED);
    INSERT INTO documents VALUES (7, 's', 'a', '2026-01-01', 2), (8, 's', 'b', '2026-01-01', 1);
    INSERT INTO pieces VALUES ('東京都', 's', 'a:1', 7), ('two', 's', 'a:2', 7), ('three', 's', 'b:1', 8)`)
  old.close()
  const server = await start()
  const found = async (query: string) => (await server.call('semantic_search', { query })).data.results
  expect(await found('京都')).toMatchObject([{ source: 's', location: 'a:1' }])
  await server.call('add_documents', { source: 's', texts: [{ name: 'a', text: 'new' }] })
  expect([await found('京都'), await found('two'), (await found('three')).length]).toEqual([[], [], 1])
})

test('half a configuration is said at start', async () => {
  await expect(start({ PINECONE_API_KEY: 'pk-right-key' })).rejects.toThrow()
})

test('a folder is taken in while other calls are answered; what is no text is named; links lead nowhere', async () => {
  for (let n = 0; n < 60; n++) writeFileSync(join(root, `page-${n}.md`), `# Page ${n}\n\nThe word is zebra${n}.\n`)
  writeFileSync(join(root, 'binary.md'), Buffer.from([1, 0, 2]))
  writeFileSync(join(root, 'code.ts'), 'zebra')
  writeFileSync(join(root, '.hidden.md'), 'zebra')
  writeFileSync(join(base, 'outside.md'), 'zebra-outside')
  symlinkSync(join(base, 'outside.md'), join(root, 'link.md'))
  const server = await start()
  const begun = await server.call('add_folder', { source: 'wiki', directory: '.' })
  expect(begun.data).toMatchObject({ state: 'working', taskId: expect.stringMatching(/^task-/) })
  const { taskId } = begun.data
  expect((await server.call('list_sources')).failed).toBe(false)
  const told: unknown[] = []
  await server.client.callTool(
    { name: 'check_task', arguments: { taskId, waitSeconds: 20 } },
    { onprogress: news => told.push(news) },
  )
  await expect
    .poll(async () => (await server.call('check_task', { taskId })).data, { timeout: 60_000 })
    .toMatchObject({ state: 'completed', progress: 100, result: { source: 'wiki', documents: 60, chunks: 60 } })
  expect(told.length).toBeGreaterThan(0)
  const { result } = (await server.call('check_task', { taskId })).data
  expect(result.problems).toEqual([{ document: 'binary.md', problem: expect.stringContaining('is not text') }])
  expect((await server.call('semantic_search', { query: 'zebra41' })).data.results[0].location).toMatch(/^page-41\.md:/)
  expect((await server.call('semantic_search', { query: 'zebra-outside' })).data.results).toEqual([])

  const outside = await server.call('add_folder', { source: 'x', directory: base })
  expect([outside.failed, outside.data.error.kind]).toEqual([true, 'permission_denied'])
  const none = await server.call('add_folder', { source: 'x', directory: '.', pattern: '*.none' })
  await expect
    .poll(async () => (await server.call('check_task', { taskId: none.data.taskId })).data, { timeout: 60_000 })
    .toMatchObject({ state: 'failed', error: { kind: 'not_found' } })
  const ended = await server.call('cancel_task', { taskId })
  expect(ended.data.state).toBe('completed')
  expect((await server.call('check_task', { taskId: `task-${'0'.repeat(32)}` })).data.error.kind).toBe('not_found')
})

test('a folder that is being taken in stops when it is told to', async () => {
  for (let n = 0; n < 1_500; n++) writeFileSync(join(root, `page-${n}.md`), `# Page ${n}\n\nThe word is zebra${n}.\n`)
  const server = await start()
  const { taskId } = (await server.call('add_folder', { source: 'wiki', directory: '.' })).data
  expect((await server.call('cancel_task', { taskId })).data).toMatchObject({ taskId })
  await expect
    .poll(async () => (await server.call('check_task', { taskId })).data.state, { timeout: 60_000 })
    .toBe('cancelled')
  const known = (await server.call('list_sources')).data.sources[0]?.documents ?? 0
  expect(known).toBeLessThan(1_500)
})
