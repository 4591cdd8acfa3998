import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestApi, type TestApi } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { startOverHttp } from '../kit/test-http.ts'

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

interface Standin extends TestApi {
  env: Record<string, string>
  records: Map<string, Record<string, unknown>>
}

/** Answers as Pinecone's data plane does: NDJSON upserts, search over integrated embeddings, deletes by id. */
async function pinecone(): Promise<Standin> {
  const records: Standin['records'] = new Map()
  const api = await startTestApi(({ path, headers, body }) => {
    if (headers['api-key'] !== 'pk-right-key') return { status: 401, body: 'Unauthorized' }
    if (path.endsWith('/upsert')) {
      for (const line of body.split('\n')) {
        const record = JSON.parse(line)
        records.set(record.id ?? record._id, record)
      }
      return { status: 201 }
    }
    if (path.endsWith('/search')) {
      const { query } = JSON.parse(body)
      const word = query.inputs.text.split(' ').at(-1)
      const hits = [...records.entries()]
        .filter(([, record]) => !query.filter || record.source === query.filter.source.$eq)
        .map(([id, { id: _, ...fields }]) => ({
          _id: id,
          _score: String(fields.chunk_text).includes(word) ? 0.9 : 0.1,
          fields,
        }))
        .toSorted((a, b) => b._score - a._score)
        .slice(0, query.top_k)
      return { body: { result: { hits }, usage: { read_units: 1, embed_total_tokens: 5 } } }
    }
    if (path === '/describe_index_stats') return { body: { dimension: 1024, totalRecordCount: records.size } }
    if (path !== '/vectors/delete') return refusal(404)
    for (const id of JSON.parse(body).ids) records.delete(id)
    return { body: {} }
  })
  return { ...api, records, env: { PINECONE_API_KEY: 'pk-right-key', PINECONE_INDEX_HOST: api.url } }
}

const refusal = (status: number) => ({ status, body: { error: { code: 'X', message: 'no' }, status } })

test('with Pinecone the pieces are there, are found by meaning, replaced and removed, and it says so', async () => {
  const standin = await pinecone()
  const server = await start(standin.env)
  const texts = Array.from({ length: 120 }, (_, n) => `paragraph ${n} ${'word '.repeat(200)}`).join('\n\n')
  const added = await server.call('add_documents', {
    source: 'big',
    texts: [{ name: 'n', text: `${texts}\n\n# tomato` }],
  })
  expect(added.data).toMatchObject({ engine: 'Pinecone', chunks: standin.records.size })
  expect(standin.seen.filter(one => one.path.endsWith('/upsert')).length).toBeGreaterThan(1)
  const found = await server.call('semantic_search', { query: 'a red tomato', top_k: 2 })
  expect(found.data).toMatchObject({
    engine: 'Pinecone',
    results: [{ text: '# tomato', score: 0.9, source: 'big' }, {}],
  })
  await server.call('add_documents', { source: 'big', texts: [{ name: 'n', text: 'short now' }] })
  expect(standin.records.size).toBe(1)
  await server.call('remove_documents', { source: 'big' })
  expect(standin.records.size).toBe(0)
  await standin.close()
})

test('replicas with one store know the same documents of Pinecone, and what was cut off leaves nothing behind', async () => {
  const standin = await pinecone()
  const STATE_FILE = join(base, 'shared.db')
  const one = await start({ ...standin.env, STATE_FILE, KNOWLEDGE_FILE: join(base, 'one', 'k.db') })
  const two = await start({ ...standin.env, STATE_FILE, KNOWLEDGE_FILE: join(base, 'two', 'k.db') })
  const long = Array.from({ length: 300 }, (_, n) => `# ${n}`).join('\n')
  await one.call('add_documents', { source: 's', texts: [{ name: 'n', text: long }] })
  expect((await two.call('list_sources')).data.sources).toMatchObject([{ source: 's', documents: 1, chunks: 300 }])
  await two.call('add_documents', { source: 's', texts: [{ name: 'n', text: '# 0' }] })
  expect([...standin.records.keys()]).toHaveLength(1)
  expect((await one.call('remove_documents', { source: 's' })).data.documents).toBe(1)
  expect([standin.records.size, (await two.call('list_sources')).data.total]).toEqual([0, 0])
  // The first 96 are taken, then it is refused.
  standin.faults.push({ lateMs: 0 }, refusal(400))
  await one.call('add_documents', { source: 's', texts: [{ name: 'n', text: long }] })
  expect([standin.records.size, (await two.call('list_sources')).data.total]).toEqual([96, 0])
  expect((await two.call('remove_documents', { source: 's' })).failed).toBe(false)
  expect(standin.records.size).toBe(0)
  await standin.close()
})

test('it is ready when Pinecone answers, and does not start beside others with which it would share nothing', async () => {
  const standin = await pinecone()
  const http = {
    HTTP_TOKENS: `[{"name":"a","token":"${'x'.repeat(24)}"}]`,
    HTTP_HOSTS: '127.0.0.1',
    HTTP_DRAIN_MS: '0',
  }
  const shared = { ...http, ...standin.env, STATE_FILE: join(base, 'shared.db'), XDG_STATE_HOME: base }
  const server = await startOverHttp('knowledge/main.ts', shared, [], '0.0.0.0:0')
  expect((await server.ask('/ready')).status).toBe(200)
  await standin.close()
  await expect.poll(async () => (await server.ask('/ready')).status, { timeout: 20_000 }).toBe(503)
  await server.stop()
  await expect(startOverHttp('knowledge/main.ts', { ...shared, HTTP_REPLICAS: '2' })).rejects.toThrow('STATE_URL')
})

test.each([
  [401, 'permission_denied', 'PINECONE_API_KEY'],
  [402, 'permission_denied', 'billing'],
  [403, 'permission_denied', 'Ask the person for the permission'],
  [404, 'not_found', 'PINECONE_INDEX_HOST'],
  [409, 'conflict', 'Read its state again'],
  [429, 'rate_limited', 'go on more slowly'],
  [503, 'upstream_error', 'Try again in a while'],
  [400, 'validation_error', 'PINECONE_TEXT_FIELD'],
])('Pinecone answering %i is %s, says what to correct, and nothing is noted as known', async (status, kind, words) => {
  const standin = await pinecone()
  const server = await start(standin.env)
  standin.faults.push(...Array(10).fill(status === 401 ? { status, body: 'Unauthorized' } : refusal(status)))
  const { data, text } = await server.call('add_documents', { source: 's', texts: [{ name: 'n', text: 'words' }] })
  const told = data.error ? text : data.problems[0].problem
  expect(data.error?.kind ?? kind).toBe(kind)
  expect(told).toContain(words)
  expect((await server.call('list_sources')).data.sources).toEqual([])
  expect(told + server.log()).not.toContain('pk-right-key')
  await standin.close()
})

test('Pinecone gone or talking nonsense is an upstream error; after five it is left alone', async () => {
  const standin = await pinecone()
  const server = await start({ ...standin.env, CALL_TIMEOUT_MS: '60000' })
  for (const nonsense of [
    'garbage',
    { body: { result: {} } },
    { body: { result: { hits: [{ _score: 'high' }] } } },
  ] as const) {
    standin.faults.push(...Array(3).fill(nonsense))
    expect((await server.call('semantic_search', { query: 'x' })).text).toMatch(
      /what cannot be read\. .*\(upstream_error, /,
    )
    expect((await server.call('semantic_search', { query: 'x' })).failed).toBe(false)
  }
  standin.faults.push({ status: 429, headers: { 'retry-after': '0' } })
  expect((await server.call('semantic_search', { query: 'x' })).failed).toBe(false)
  await standin.close()
  const said: string[] = []
  for (let n = 0; n < 6; n++) said.push((await server.call('semantic_search', { query: 'x' })).text)
  expect(said[0]).toMatch(/Pinecone cannot be reached\. .*\(upstream_error, /)
  expect(said.at(-1)).toContain('left alone for a minute')
}, 120_000)
