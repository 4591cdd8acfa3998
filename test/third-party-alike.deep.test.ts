// Servers that other people wrote, asked the same directly and through the gateway: what their clients hear is the same.
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { cli, root, until } from './harness.ts'
import { startUnattended, type Unattended } from './unattended.ts'

type Step = [method: string, params: Record<string, unknown>]
type Generation = '1.x' | '2.x' | '2.x, modern'
type Way = 'directly' | 'bridge' | 'bridge to all' | 'HTTP'
interface Heard {
  what: string
  answer: unknown
  meanwhile: unknown[]
}

let place: Unattended
let http: { url: string; headers: Record<string, string> }
let work: string
let memory: string

const LISTS = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']
const program = (name: string) => join(root, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js')
const servers = (): Record<string, { args: string[]; env: Record<string, string> }> => ({
  everything: { args: [program('everything'), 'stdio'], env: {} },
  filesystem: { args: [program('filesystem'), work], env: {} },
  memory: { args: [program('memory')], env: { MEMORY_FILE_PATH: memory } },
  thinking: { args: [program('sequential-thinking')], env: { DISABLE_THOUGHT_LOGGING: 'true' } },
})

beforeAll(async () => {
  place = await startUnattended({})
  const folder = realpathSync(place.home.folder)
  work = join(folder, 'work')
  memory = join(folder, 'memory.jsonl')
  mkdirSync(work)
  const { call } = place.window
  const all = Object.entries(servers())
  for (const [name, { args, env }] of all)
    await call.servers.add({ name, launch: { command: process.execPath, args, env, headers: {} } })
  for (const [name] of all)
    await until(`${name} is listed`, async () => ((await call.servers.get({ id: name })).tools ?? 0) > 0, 60_000)
  await call.clients.setHttpPort({ port: await freePort() })
  const { entry } = await call.clients.addOther({ name: 'over http', transport: 'http' })
  http = JSON.parse(entry).mcpServers.gatehouse
}, 120_000)
afterAll(() => place?.close())

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const call = (name: string, args: object = {}): Step => ['tools/call', { name, arguments: args }]
const steps: Record<string, () => Step[]> = {
  everything: () => [
    call('echo', { message: 'é\u0000/\\' }),
    call('echo', {}),
    call('get-sum', { a: 1e21, b: 0.1 }),
    call('get-tiny-image'),
    ...['error', 'success', 'debug'].map(messageType =>
      call('get-annotated-message', { messageType, includeImage: true }),
    ),
    call('get-resource-links', { count: 4 }),
    ...['Text', 'Blob'].map(resourceType => call('get-resource-reference', { resourceType, resourceId: 2 })),
    call('get-resource-reference', { resourceType: 'Text', resourceId: -1 }),
    call('get-structured-content', { location: 'Chicago' }),
    call('gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hello', outputType: 'resource' }),
    call('gzip-file-as-resource', { name: 'b.gz', data: 'data:text/plain,hello', outputType: 'resourceLink' }),
    call('trigger-long-running-operation', { duration: 0.4, steps: 4 }),
    call('trigger-sampling-request', { prompt: 'p', maxTokens: 7 }),
    call('trigger-elicitation-request'),
    call('trigger-url-elicitation', { url: 'https://a.test/', elicitationId: 'one' }),
    call('get-roots-list'),
    ['resources/read', { uri: 'demo://resource/static/document/features.md' }],
    ['resources/read', { uri: 'demo://resource/dynamic/text/3' }],
    ['resources/read', { uri: 'demo://resource/dynamic/blob/3' }],
    ['resources/read', { uri: 'demo://resource/session/b.gz' }],
    ['resources/read', { uri: 'demo://resource/dynamic/text/zero' }],
    ['prompts/get', { name: 'simple-prompt' }],
    ['prompts/get', { name: 'args-prompt', arguments: { city: 'Ghent', state: 'B' } }],
    ['prompts/get', { name: 'args-prompt', arguments: {} }],
    ['prompts/get', { name: 'resource-prompt', arguments: { resourceType: 'Text', resourceId: '1' } }],
    ...['', 'E', 'zzz'].map((value): Step => {
      const argument = { name: 'department', value }
      return ['completion/complete', { ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument }]
    }),
    [
      'completion/complete',
      {
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'name', value: 'A' },
        context: { arguments: { department: 'Engineering' } },
      },
    ],
    [
      'completion/complete',
      {
        ref: { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' },
        argument: { name: 'resourceId', value: '1' },
      },
    ],
  ],
  filesystem: () => [
    call('list_allowed_directories'),
    call('create_directory', { path: join(work, 'a/b') }),
    call('write_file', { path: join(work, 'a/one.txt'), content: 'one\ntwo\n' }),
    call('edit_file', { path: join(work, 'a/one.txt'), edits: [{ oldText: 'two', newText: '2' }], dryRun: true }),
    call('edit_file', { path: join(work, 'a/one.txt'), edits: [{ oldText: 'none', newText: '2' }] }),
    call('read_text_file', { path: join(work, 'a/one.txt'), head: 1 }),
    call('read_media_file', { path: join(work, 'p.png') }),
    call('read_multiple_files', { paths: [join(work, 'a/one.txt'), join(work, 'gone')] }),
    call('list_directory', { path: work }),
    call('list_directory_with_sizes', { path: work }),
    call('directory_tree', { path: work }),
    call('search_files', { path: work, pattern: '**/*.txt' }),
    call('move_file', { source: join(work, 'a/one.txt'), destination: join(work, 'a/1.txt') }),
    call('read_text_file', { path: '/etc/hostname' }),
  ],
  memory: () => [
    call('create_entities', { entities: ['Ada', 'Bo'].map(name => ({ name, entityType: 'p', observations: ['é'] })) }),
    call('create_relations', { relations: [{ from: 'Ada', to: 'Bo', relationType: 'knows' }] }),
    call('add_observations', { observations: [{ entityName: 'Bo', contents: ['tall'] }] }),
    call('add_observations', { observations: [{ entityName: 'Nobody', contents: ['x'] }] }),
    call('read_graph'),
    call('search_nodes', { query: 'tall' }),
    call('open_nodes', { names: ['Ada'] }),
    call('delete_relations', { relations: [{ from: 'Ada', to: 'Bo', relationType: 'knows' }] }),
    call('delete_observations', { deletions: [{ entityName: 'Bo', observations: ['tall'] }] }),
    call('delete_entities', { entityNames: ['Ada', 'Bo'] }),
    call('create_entities', { entities: 'wrong' }),
    call('read_graph'),
  ],
  thinking: () => [
    call('sequentialthinking', { thought: 'one', nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 }),
    call('sequentialthinking', { thought: 'two', thoughtNumber: 'x' }),
  ],
}

const ANSWERS: Record<string, object> = {
  'roots/list': { roots: [{ uri: 'file:///mine', name: 'mine' }] },
  'sampling/createMessage': { model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled!' } },
  'elicitation/create': { action: 'accept', content: { name: 'Ada', check: true } },
}
interface Progress {
  progress: number
  total?: number
  message?: string
}
/** The last step comes together with the result, and SDK clients may lose it; and one tells of its own rounds. */
const isComparable = ({ progress, total, message }: Progress) =>
  progress !== total && !message?.startsWith('Fulfilling input')
const ANY = z.record(z.string(), z.unknown())

interface Client {
  ask(step: Step): Promise<unknown>
  meanwhile: unknown[]
  /** What is asked some time after the greeting. */
  apart: Set<string>
  close(): Promise<void>
}

async function open(generation: Generation, way: Way, name: string): Promise<Client> {
  const info = { name: 'alike', version: '1' }
  // The filesystem server would serve the client's folders in place of its own.
  const roots = name === 'filesystem' ? {} : { roots: { listChanged: true } }
  const capabilities = { ...roots, sampling: {}, elicitation: { form: {}, url: {} } }
  const [one, url] = [servers()[name]!, new URL(`${http.url}/s/${name}`)]
  const only = way === 'bridge to all' ? [] : ['--server', name]
  const program =
    way === 'directly'
      ? { args: one.args, env: one.env }
      : { args: [cli, 'connect', ...only], env: place.home.env as Record<string, string> }
  const stdio = { command: process.execPath, ...program, stderr: 'ignore' as const }
  const requestInit = { headers: http.headers }
  const meanwhile: unknown[] = []
  const apart = new Set<string>()
  const options = {
    timeout: 60_000,
    onprogress: (progress: Progress) => void (isComparable(progress) && meanwhile.push({ progress })),
  }
  const asked = async ({ method, params }: { method: string; params?: unknown }) => {
    if (method === 'roots/list') apart.add(method)
    else meanwhile.push({ method, params: bare(params) })
    return ANSWERS[method] as never
  }
  const told = async ({ method, params }: { method: string; params?: unknown }) => {
    // Said outside of any call, for which the modern era has no way.
    if (JSON.stringify(params).includes('Roots updated')) return
    else if (!method.endsWith('/list_changed')) meanwhile.push({ method, params })
  }
  if (generation === '1.x') {
    const client = new Client1(info, { capabilities })
    Object.assign(client, { fallbackRequestHandler: asked, fallbackNotificationHandler: told })
    await client.connect(way === 'HTTP' ? (new Http1(url, { requestInit }) as never) : new Stdio1(stdio))
    const ask = ([method, params]: Step) => client.request({ method, params } as never, ANY as never, options as never)
    return { ask, meanwhile, apart, close: () => client.close() }
  }
  const mode = generation === '2.x' ? 'legacy' : 'auto'
  const client = new Client2(info, { capabilities, versionNegotiation: { mode } })
  for (const method of Object.keys(ANSWERS))
    if (method !== 'roots/list' || roots.roots) client.setRequestHandler(method as never, asked as never)
  Object.assign(client, { fallbackNotificationHandler: told })
  await client.connect(way === 'HTTP' ? (new Http2(url, { requestInit }) as never) : new Stdio2(stdio))
  const ask = ([method, params]: Step) => client.request({ method, params }, ANY as never, options as never)
  return { ask, meanwhile, apart, close: () => client.close() }
}

/** Everything that is said to this client, step by step. */
async function hear(generation: Generation, way: Way, name: string): Promise<Heard[]> {
  // What it remembers itself begins anew too.
  if (way !== 'directly') await place.window.call.servers.restart({ id: name })
  rmSync(work, { recursive: true, force: true })
  rmSync(memory, { force: true })
  mkdirSync(work)
  writeFileSync(join(work, 'p.png'), Buffer.from([137, 80, 78, 71]))
  const client = await open(generation, way, name)
  const prefix = way === 'bridge to all' ? `${name}_` : ''
  const heard: Heard[] = []
  try {
    if (name === 'everything')
      await until(
        'its last tools are there',
        async () => (await toolsOf(client)).includes(`${prefix}get-roots-list`),
        30_000,
      )
    for (const [method, params] of [...LISTS.map((list): Step => [list, {}]), ...steps[name]!()]) {
      client.meanwhile.length = 0
      const answer = await client.ask([method, prefixed(params, prefix)]).then(
        result => ({ result: bare(only(result as object, method, prefix)) }),
        // A list that a server does not have is an empty one through the gateway.
        ({ code, message, data }) =>
          code === -32601 && LISTS.includes(method)
            ? { result: { [method === 'resources/templates/list' ? 'resourceTemplates' : method.split('/')[0]!]: [] } }
            : { code, message: String(message).replaceAll(prefix, ''), data },
      )
      heard.push({ what: `${method} ${JSON.stringify(params)}`, answer, meanwhile: [...client.meanwhile] })
    }
    heard.push({ what: 'after the greeting', answer: [...client.apart].sort(), meanwhile: [] })
    return heard
  } finally {
    await client.close()
  }
}

async function toolsOf(client: Client): Promise<string[]> {
  const { tools } = (await client.ask(['tools/list', {}])) as { tools: { name: string }[] }
  return tools.map(tool => tool.name)
}

function prefixed(params: Record<string, unknown>, prefix: string): Record<string, unknown> {
  const ref = params.ref as { type: string; name?: string } | undefined
  return {
    ...params,
    ...(typeof params.name === 'string' ? { name: prefix + params.name } : {}),
    ...(ref?.name === undefined ? {} : { ref: { ...ref, name: prefix + ref.name } }),
  }
}

/** Of a list of all servers, what this one offers, under its own names. */
function only(result: object, method: string, prefix: string): object {
  if (prefix === '' || !LISTS.includes(method)) return result
  const isNamed = method === 'tools/list' || method === 'prompts/list'
  const mine = (all: { name: string; uri?: string; uriTemplate?: string }[]) =>
    isNamed
      ? all.flatMap(one => (one.name.startsWith(prefix) ? [{ ...one, name: one.name.slice(prefix.length) }] : []))
      : all.filter(one => (one.uri ?? one.uriTemplate)!.startsWith(OWN[prefix] ?? 'none:'))
  return Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, Array.isArray(value) ? mine(value) : value]),
  )
}

/** Without what the modern era alone says, and without what is new each time. */
function bare(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'UUID')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/\d{1,2}:\d\d:\d\d [AP]M/g, 'TIME')
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  const left = Object.entries(value).flatMap(([key, one]) => {
    if (ERA.has(key)) return []
    const kept = bare(key === 'blob' ? Buffer.from(String(one), 'base64').toString('latin1') : one)
    return key === '_meta' && Object.keys(kept as object).length === 0 ? [] : [[key, kept]]
  })
  return Object.fromEntries(left)
}
const OWN: Record<string, string> = { everything_: 'demo:', memory_: 'memory:' }
const ERA = new Set([
  // Taken off by the SDK of the modern era.
  'elicitationId',
  'resultType',
  'ttlMs',
  'cacheScope',
  'progressToken',
  'io.modelcontextprotocol/serverInfo',
])

const direct = new Map<string, Promise<Heard[]>>()
const ways = (['1.x', '2.x', '2.x, modern'] as const).flatMap(generation =>
  (['bridge', 'bridge to all', 'HTTP'] as const).map(way => [generation, way] as const),
)
for (const name of Object.keys(steps))
  test.each(ways)(
    `${name}, SDK %s over %s: lists, answers, progress and questions are as they are directly`,
    async (generation, way) => {
      const own = generation === '1.x' ? '1.x' : '2.x'
      const key = `${name} ${own}`
      if (!direct.has(key)) direct.set(key, hear(own, 'directly', name))
      const [expected, got] = [await direct.get(key)!, await hear(generation, way, name)]
      expect(got).toEqual(expected)
      expect(got.length).toBe(steps[name]!().length + LISTS.length + 1)
    },
    120_000,
  )
