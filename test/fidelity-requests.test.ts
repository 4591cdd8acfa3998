// What clients send, leaf by leaf as it is written: what a server hears of a raw client directly, and what it hears of the same
// client through bridge and hub. Requests, notifications, and a client's answers to what servers ask.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Compared, compare, type Leaves, leaves, NamedDifferences } from '../hub/gateway/test-alike.ts'
import { cli, root, until } from './harness.ts'
import { startUnattended, type Unattended } from './unattended.ts'

type Era = 'legacy' | 'modern'
const NS = 'io.modelcontextprotocol'
const ENVELOPE = `/"params"/"_meta"/"${NS}/`
const SERVER = join(root, 'test/fixtures/gateway/hears.mjs')
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hears-'))
const heardBy = (era: Era) => join(folder, `${era}-hub.jsonl`)

let place: Unattended
beforeAll(async () => {
  place = await startUnattended({
    legacy: [SERVER, heardBy('legacy'), 'legacy'],
    modern: [SERVER, heardBy('modern'), 'modern'],
  })
  for (const name of ['legacy', 'modern']) {
    await place.window.call.servers.start({ id: name })
    await until(
      `${name} is listed`,
      async () => (await place.window.call.servers.get({ id: name })).tools === 3,
      60_000,
    )
  }
}, 120_000)
afterAll(() => place?.close())

/** What nobody knows, in numbers that JavaScript cannot hold. The mark finds a line again. */
const odd = (mark: string) =>
  `"x-mark":"${mark}","x-odd":[1.0,1e400,-0,9007199254740993,{"":null,"10":1,"9":2}],"x-s":"\\u00e9\\/\\ud83d\\ude00","x-half":"\\ud800"`
const envelope = (era: Era, more = '') =>
  era === 'modern'
    ? `"${NS}/protocolVersion":"2026-07-28","${NS}/clientInfo":{"name":"raw","version":"1.0","x":1.0},"${NS}/clientCapabilities":{"roots":{},"sampling":{},"elicitation":{},"x":9007199254740993},"${NS}/logLevel":"debug"${more && `,${more}`}`
    : more

/** By mark: method and params. NAME stands for what a server's names are prefixed with, URI for its resource, META for `_meta`. */
const REQUESTS: [mark: string, method: string, params: string][] = [
  ['call', 'tools/call', '"name":"NAMEact","arguments":{"n":9007199254740993,"1":1e400,"0":-0,"name":"act","uri":"x"}'],
  ['call without arguments', 'tools/call', '"name":"NAMEact"'],
  ['prompt', 'prompts/get', '"name":"NAMEgreet","arguments":{"who":"\\u00e9"}'],
  ['read', 'resources/read', '"uri":"URI"'],
  [
    'complete',
    'completion/complete',
    '"ref":{"type":"ref/prompt","name":"NAMEgreet","x":1.0},"argument":{"name":"who","value":"a","x":1e400},"context":{"arguments":{"a":"\\u00e9"}}',
  ],
]
const ONLY_LEGACY: typeof REQUESTS = [
  ['level', 'logging/setLevel', '"level":"debug"'],
  ['subscribe', 'resources/subscribe', '"uri":"URI"'],
  ['unsubscribe', 'resources/unsubscribe', '"uri":"URI"'],
]
/** Of one server alone. */
const VENDOR: typeof REQUESTS = [['vendor', 'vendor/thing', '"anything":[1.0]']]
const TOKENS = ['"t\\u0031"', '""', '"9007199254740993"', '7', '-0', '1.50', '1e400', '9007199254740993']
const NO_TOKENS = ['null', '{"a":1.0}', '[1e400]', 'true']

/** What a client answers, by the question's place in its list. */
const RESULTS = [
  `{"roots":[{"uri":"file:///a","x":1.0}],${odd('roots')}}`,
  `{"role":"assistant","model":"m","content":{"type":"text","text":"\\u00e9","x":1e400},${odd('sampled')}}`,
  `{"action":"accept","content":{"n":9007199254740993,"x":1e400},${odd('form')}}`,
  `{"action":"decline",${odd('declined')}}`,
]

interface Client {
  write(frame: string): void
  /** Writes and waits for the answer. */
  ask(frame: string, id: string): Promise<string>
  lines: string[]
  end(): void
}

function speak(child: ChildProcess, answerTo: (question: string) => string | undefined): Client {
  const lines: string[] = []
  let wake = () => {}
  const write = (frame: string) => child.stdin!.write(`${frame}\n`)
  createInterface({ input: child.stdout! }).on('line', line => {
    lines.push(line)
    const answer = isQuestion(line) ? answerTo(line) : undefined
    if (answer) write(answer)
    wake()
  })
  return {
    lines,
    write,
    async ask(frame, id) {
      const isAnswer = (line: string) => line.startsWith(`{"jsonrpc":"2.0","id":${id},`) && methodOf(line) === undefined
      write(frame)
      while (!lines.some(isAnswer)) await new Promise<void>(resolve => (wake = resolve))
      return lines.find(isAnswer)!
    },
    end: () => child.kill('SIGKILL'),
  }
}

/** Lines by mark: as they left the client, but for prefixes, and as the server heard them. `progress`: what came back. */
interface Said {
  sent: Map<string, string[]>
  heard: Map<string, string[]>
  progress: string[]
}

/** All that a client can say, said once; `alike`: what only one era knows, too. `file`: where the server writes what it hears. */
async function sayAll(
  { speaks, server, alike }: { speaks: Era; server: Era; alike: boolean },
  child: ChildProcess,
  file: string,
  prefix: string | null,
): Promise<Said> {
  const from = linesOf(file).length
  const sent: Said['sent'] = new Map()
  const said = (method: string, params: string, meta: string, mark: string, id?: string) => {
    const own = [params.replaceAll('URI', `hears://${server}/one`), odd(mark), `"_meta":{${envelope(speaks, meta)}}`]
    const inside = own.filter(Boolean).join(',')
    const frame = `{"jsonrpc":"2.0",${id ? `"id":${id},` : ''}"method":"${method}","params":{${inside}},${odd(mark)}}`
    sent.set(mark, [...(sent.get(mark) ?? []), frame.replaceAll('NAME', '')])
    return frame.replaceAll('NAME', prefix ?? '')
  }
  const full = (mark: string) => `"x-note":"n",${odd(mark)}`
  const client = speak(child, question => {
    const { method } = JSON.parse(question) as { method: string }
    const id = /"id":("(?:[^"\\]|\\.)*"|[-0-9][-+0-9.eE]*)/.exec(question)![1]!
    const at = ['roots/list', 'sampling/createMessage', 'Who?', 'Sure?'].findIndex(
      one => method === one || question.includes(one),
    )
    if (at < 0) return undefined
    const token = /"progressToken":("(?:[^"\\]|\\.)*"|\d+)/.exec(question)?.[1]
    const said = `"progressToken":${token},"progress":0.10,${odd('progress')}`
    const progress = `{"jsonrpc":"2.0","method":"notifications/progress","params":{${said}},${odd('progress')}}\n`
    const beside = alike ? `,${odd('beside')}` : ''
    const done = `{"jsonrpc":"2.0","result":${RESULTS[at]}${beside},"id":${id}}`
    const failed = `{"jsonrpc":"2.0","id":${id},"error":{${odd('error')},"code":-1.0,"message":"\\u00e9","data":{${odd('error')}}}${beside}}`
    return (alike && token ? progress : '') + (alike && at === 3 ? failed : done)
  })
  let n = 0
  const ask = (mark: string, method: string, params: string, meta = full(mark)) => {
    const id = `"${mark} ${++n}"`
    return client.ask(said(method, params, meta, mark, id), id)
  }
  try {
    if (speaks === 'legacy') {
      const hello = `{"protocolVersion":"2025-11-25","capabilities":{"roots":{"listChanged":true},"sampling":{},"elicitation":{}},"clientInfo":{"name":"raw","version":"1.0"}}`
      await client.ask(`{"jsonrpc":"2.0","id":"i","method":"initialize","params":${hello}}`, '"i"')
      client.write('{"jsonrpc":"2.0","method":"notifications/initialized"}')
    }
    for (const [mark, method, params] of REQUESTS) await ask(mark, method, params)
    if (alike && speaks === 'legacy') for (const [mark, method, params] of ONLY_LEGACY) await ask(mark, method, params)
    if (prefix === null) for (const [mark, method, params] of VENDOR) await ask(mark, method, params)
    for (const token of [...TOKENS, ...NO_TOKENS])
      await ask(
        `token ${token.replaceAll('"', "'").replaceAll('\\', '/')}`,
        'tools/call',
        '"name":"NAMEact"',
        `"progressToken":${token}`,
      )
    const progress = client.lines.filter(line => line.includes('notifications/progress"'))

    const answer = await ask('ask', 'tools/call', '"name":"NAMEask"')
    const { result } = JSON.parse(answer) as {
      result: { requestState?: string; inputRequests?: Record<string, unknown> }
    }
    if (result.inputRequests) await resume(result as Required<typeof result>, answer)
    async function resume({ inputRequests }: { inputRequests: Record<string, unknown> }, first: string): Promise<void> {
      const state = /"requestState":("(?:[^"\\]|\\.)*")/.exec(first)![1]
      const responses = Object.entries(inputRequests).map(([key, one]) => {
        const text = JSON.stringify(one)
        const at = ['roots/list', 'sampling/createMessage', 'Who?', 'Sure?'].findIndex(what => text.includes(what))
        return `${JSON.stringify(key)}:${RESULTS[at]}`
      })
      const next = await ask(
        'ask',
        'tools/call',
        `"name":"NAMEask","inputResponses":{${responses}},"requestState":${state}`,
      )
      const again = (JSON.parse(next) as typeof answer & { result: { inputRequests?: Record<string, unknown> } }).result
      if (again.inputRequests) await resume({ inputRequests: again.inputRequests }, next)
    }

    client.write(said('tools/call', '"name":"NAMEhold"', full('hold'), 'hold', '"hold"'))
    await until(
      'the call that is held is heard',
      () =>
        linesOf(file)
          .slice(from)
          .some(line => line.includes('"x-mark":"hold"')),
      60_000,
    )
    client.write(
      said('notifications/cancelled', '"requestId":"hold","reason":"\\u00e9 enough"', full('cancelled'), 'cancelled'),
    )
    if (alike && speaks === 'legacy')
      client.write(said('notifications/roots/list_changed', '', full('changed'), 'changed'))
    if (prefix === null) client.write(said('notifications/vendor/thing', '', full('told'), 'told'))
    // What was said before was heard before.
    const lastMark = prefix === null ? 'told' : alike && speaks === 'legacy' ? 'changed' : 'cancelled'
    await until(
      `"${lastMark}" is heard`,
      () =>
        linesOf(file)
          .slice(from)
          .some(line => line.includes(`"x-mark":"${lastMark}"`)),
      60_000,
    )
    return { sent, heard: byMark(linesOf(file).slice(from)), progress }
  } finally {
    client.end()
  }
}

const methodOf = (line: string) => (JSON.parse(line) as { method?: string }).method
const isQuestion = (line: string) => methodOf(line) !== undefined && 'id' in (JSON.parse(line) as object)

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

/** By the last mark of what is said, by the first of an answer; what is not marked was not said by the client. */
function byMark(lines: string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const line of lines) {
    const mark = (methodOf(line) ? /.*"x-mark":"([^"]*)"/ : /"x-mark":"([^"]*)"/).exec(line)?.[1]
    if (mark !== undefined) found.set(mark, [...(found.get(mark) ?? []), line])
  }
  return found
}

/** Ids of requests are exchanged, and so are their tokens; those of a server come back as it wrote them. */
function comparable(line: string, mark: string): Leaves {
  const all = leaves(line)
  const isRequest = all.has('/"method"') && all.has('/"id"')
  if (isRequest) all.delete('/"id"')
  const token = all.get('/"params"/"_meta"/"progressToken"')
  if (isRequest && token && /^["\d-]/.test(token)) all.set('/"params"/"_meta"/"progressToken"', 'exchanged')
  if (mark === 'cancelled') all.delete('/"params"/"requestId"')
  return all
}

const named = new NamedDifferences()
const CASES = (['legacy', 'modern'] as const).flatMap(server =>
  (['legacy', 'modern'] as const).flatMap(speaks => [false, true].map(prefixed => ({ speaks, server, prefixed }))),
)

test.each(CASES)(
  '$speaks client, $server server (prefixed: $prefixed): all that a client says arrives once, as it was written',
  async ({ speaks, server, prefixed }) => {
    const file = join(folder, `${speaks}-${server}-${prefixed}.jsonl`)
    const alike = speaks === server
    const itself = spawn(process.execPath, [SERVER, file, server], { stdio: ['pipe', 'pipe', 'inherit'] })
    const direct = await sayAll({ speaks: server, server, alike }, itself, file, prefixed ? '' : null)
    const args = prefixed ? [] : ['--server', server]
    const bridge = spawn(process.execPath, [cli, 'connect', ...args], {
      env: place.home.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const through = await sayAll({ speaks, server, alike }, bridge, heardBy(server), prefixed ? `${server}_` : null)
    const all: Compared = { values: 0, lost: [], changed: [], added: [] }
    for (const [mark, lines] of direct.heard) {
      const got = through.heard.get(mark) ?? []
      expect(got.length, mark).toBe(lines.length)
      for (const [n, line] of lines.entries()) {
        // A client of the other era says the same in its own words, and fewer of them: its answers in one era are requests in the other.
        const own = alike ? undefined : through.sent.get(mark)?.[n]
        const said = comparable(own ?? line, mark)
        if (!alike && !own) for (const path of said.keys()) if (path.startsWith(ENVELOPE)) said.delete(path)
        compare(said, comparable(got[n]!, mark), mark, all)
      }
    }
    console.log(
      `${speaks} client, ${server} server${prefixed ? ', prefixed' : ''}: ${all.lost.length} lost, ${all.changed.length} changed, ${all.added.length} added of ${all.values}`,
    )
    if (alike) expect({ ...all, values: 0 }).toEqual({ values: 0, lost: [], changed: [], added: [] })
    else expect(named.unnamed(`${speaks} client, ${server} server`, 'requests', all)).toEqual([])
    expect([...through.heard.keys()].filter(mark => !direct.heard.has(mark))).toEqual([])
    expect(all.values).toBeGreaterThan(400)
    // Progress comes back under the token as the client wrote it.
    expect(through.progress.map(line => /"progressToken":([^,]*)/.exec(line)![1])).toEqual(TOKENS)
  },
)

test('every row of the table on requests is true', () => {
  expect(named.idle('requests')).toEqual([])
})
