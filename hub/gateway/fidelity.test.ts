// Every value that server and client say to each other, leaf by leaf as it is written: what a raw client hears from a raw
// server directly, and what it hears through the gateway.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { elements } from '../../contract/wire.ts'
import { type Compared, compare, leaves, NamedDifferences } from './test-alike.ts'
import { fixture, type House, openHouse } from './test-house.ts'

const NS = 'io.modelcontextprotocol'
type Era = 'legacy' | 'modern'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: { legacy: [fixture('gateway/odd.mjs'), 'legacy'], modern: [fixture('gateway/odd.mjs'), 'modern'] },
    rules: [{ id: '', effect: 'allow' }],
  })
})
afterAll(async () => {
  await house?.close()
})

const META: Record<Era, string> = {
  legacy: '',
  modern: `"${NS}/protocolVersion":"2026-07-28","${NS}/clientInfo":{"name":"raw","version":"1.0","x":1.0},"${NS}/clientCapabilities":{"elicitation":{},"x":9007199254740993},"${NS}/logLevel":"debug","traceparent":"00-a",`,
}
/** `NAME` stands for what a server's names are prefixed with. Every request says things nobody knows. */
const REQUESTS: [method: string, params: string][] = [
  ['tools/list', '{META}'],
  ['prompts/list', '{META}'],
  ['resources/list', '{META}'],
  ['resources/templates/list', '{META}'],
  ['tools/call', '{"x":[1.0],"name":"NAMEact","arguments":{"n":9007199254740993,"1":1e400,"0":-0},META_TOKEN}'],
  ['tools/call', '{"name":"NAMEact","arguments":{"fail":true},META}'],
  ['prompts/get', '{"name":"NAMEgreet","arguments":{"who":"\\u00e9"},META}'],
  ['resources/read', '{"uri":"odd://one","x":1.0,META}'],
  [
    'completion/complete',
    '{"ref":{"type":"ref/prompt","name":"NAMEgreet","x":1},"argument":{"name":"who","value":"a"},META}',
  ],
]
const ODD = '"x":[1.0,1e400,{"":null}],"s":"\\u00e9\\/","n":9007199254740993'
/** What a server hears of other requests. */
const HEARD: [method: string, params: string][] = [
  ['resources/read', `{"uri":"odd://one",${ODD},META_TOKEN}`],
  ['prompts/get', `{"name":"NAMEgreet","arguments":{"who":"\\u00e9"},${ODD},META_TOKEN}`],
  [
    'completion/complete',
    `{"ref":{"type":"ref/prompt","name":"NAMEgreet",${ODD}},"argument":{"name":"who","value":"a",${ODD}},${ODD},META_TOKEN}`,
  ],
  ['vendor/thing', `{${ODD},META_TOKEN}`],
]
const INITIALIZE = '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1.0"}}'

interface Said {
  answer: string
  before: string[]
}
type Speak = (frame: string, id: string) => Promise<Said>

function frameOf(era: Era, method: string, params: string, prefix = ''): string {
  const filled = params
    .replaceAll('NAME', prefix)
    .replace('META_TOKEN', `"_meta":{${META[era]}"progressToken":"t1","x-note":"n"}`)
    .replace('META', `"_meta":{${META[era]}"x-note":"n"}`)
  return `{"jsonrpc":"2.0","id":$ID,"method":"${method}","params":${filled}}`
}

async function speakDirectly(era: Era): Promise<{ speak: Speak; end: () => void }> {
  const child = spawn(process.execPath, [fixture('gateway/odd.mjs'), era], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  let wake = () => {}
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line)
    wake()
  })
  const speak: Speak = async (frame, id) => {
    const from = lines.length
    child.stdin.write(`${frame.replace('$ID', id)}\n`)
    const isAnswer = (line: string) => line.startsWith(`{"jsonrpc":"2.0","id":${id},`)
    while (!lines.slice(from).some(isAnswer)) await new Promise<void>(resolve => (wake = resolve))
    const said = lines.slice(from)
    return { answer: said.find(isAnswer)!, before: said.filter(line => !isAnswer(line)) }
  }
  if (era === 'legacy') await speak(`{"jsonrpc":"2.0","id":$ID,"method":"initialize","params":${INITIALIZE}}`, '"i"')
  return { speak, end: () => child.kill() }
}

async function speakThrough(era: Era, server: string | undefined): Promise<Speak> {
  const client = house.client(server ? { server } : {})
  const speak: Speak = async (frame, id) => {
    const from = client.frames.length
    const answer = await client.send(frame, id)
    return { answer, before: client.frames.slice(from).filter(one => one !== answer) }
  }
  if (era === 'legacy') {
    await speak(`{"jsonrpc":"2.0","id":$ID,"method":"initialize","params":${INITIALIZE}}`, '"i"')
    await speak(`{"jsonrpc":"2.0","id":$ID,"method":"logging/setLevel","params":{"level":"debug"}}`, '"l"')
  }
  return speak
}

const resultOf = (answer: string) => new Map([...leaves(answer)].filter(([path]) => path.startsWith('/"result"/')))
const nothingYet = (): Compared => ({ values: 0, lost: [], changed: [], added: [] })

/** `speaks`: the client's era; `server`: the server's, by which it is named here. */
async function compareAll(
  speaks: Era,
  server: Era,
  prefixed: boolean,
): Promise<{ answers: Compared; requests: Compared }> {
  const [answers, requests] = [nothingYet(), nothingYet()]
  const direct = await speakDirectly(server)
  const through = await speakThrough(speaks, prefixed ? undefined : server)
  const unprefix = (text: string) => text.replaceAll(`"${server}_`, '"')
  const greets: [string, string][] = speaks === 'modern' && server === 'modern' ? [['server/discover', '{META}']] : []
  const alone: [string, string][] = [...greets, ['vendor/thing', '{"n":9007199254740993,META}']]
  // One address is offered by both servers: in the aggregate it is nobody's.
  const asked = [...REQUESTS, ...(prefixed ? [] : alone)].filter(([method]) => !prefixed || method !== 'resources/read')
  let n = 0
  try {
    for (const [method, params] of asked) {
      // Answered here from what the server said last: of one server alone the result is its own.
      const isList = method.endsWith('/list') || method === 'server/discover'
      const id = `"${method} ${++n}"`
      const said = await direct.speak(frameOf(server, method, params), id)
      const got = await through(frameOf(speaks, method, params, prefixed ? `${server}_` : ''), id)
      const onlyOurs = (text: string) => (prefixed && isList ? withoutOthers(text, server) : text)
      const answer = onlyOurs(prefixed ? unprefix(got.answer) : got.answer)
      // Lists of several servers are made by the gateway: their entries are compared.
      const [a, b] = [leaves(said.answer), leaves(answer)]
      if (isList)
        for (const one of [a, b]) for (const path of one.keys()) if (isAround(path, prefixed)) one.delete(path)
      compare(a, b, method, answers)
      expect(got.before.length, method).toBe(said.before.length)
      for (const [at, line] of said.before.entries())
        compare(leaves(line), leaves(got.before[at]!), `${method} notification ${at}`, answers)
    }
    await compareRequests(speaks, server, prefixed, through, requests)
  } finally {
    direct.end()
  }
  return { answers, requests }
}

/** What is said around a list's entries: of one server the result's members count, the answer's own do not. */
function isAround(path: string, prefixed: boolean): boolean {
  if (!path.startsWith('/"result"')) return path.startsWith('/"x-vendor"')
  return prefixed && !/^\/"result"\/"(tools|prompts|resources|resourceTemplates)"\//.test(path)
}

function withoutOthers(text: string, server: Era): string {
  const list = /"(tools|prompts|resources|resourceTemplates)":\[/.exec(text)!
  const start = list.index + list[0].length - 1
  const other = server === 'legacy' ? 'modern_' : 'legacy_'
  const entries = elements(text, start).map(({ start: from, end }) => text.slice(from, end))
  const kept = entries.filter(
    (one, at) => !one.includes(`"name":"${other}`) && (/"name":"/.test(one.slice(0, 9)) || at === 0),
  )
  const end = elements(text, start).at(-1)!.end
  return `${text.slice(0, start)}[${kept.join()}]${text.slice(end + 1)}`
}

/** What the server hears of a request, beside what it hears directly. */
async function compareRequests(
  speaks: Era,
  server: Era,
  prefixed: boolean,
  through: Speak,
  all: Compared,
): Promise<void> {
  const params =
    '{"x":[1.0,1e400],"name":"NAMEheard","arguments":{"n":9007199254740993,"1":-0,"s":"\\u00e9\\/"},META_TOKEN}'
  const sent = frameOf(speaks, 'tools/call', params, prefixed ? `${server}_` : '')
  const { answer } = await through(sent, '"heard"')
  const heard = (JSON.parse(answer) as { result: { content: { text: string }[] } }).result.content[0]!.text
  const [a, b] = [leaves(frameOf(speaks, 'tools/call', params)), leaves(heard)]
  for (const path of ['/"id"', '/"params"/"_meta"/"progressToken"']) for (const one of [a, b]) one.delete(path)
  compare(a, b, 'request', all)
  for (const [method, own] of HEARD) {
    if (prefixed && (method === 'resources/read' || method === 'vendor/thing')) continue
    await through(frameOf(speaks, method, own, prefixed ? `${server}_` : ''), `"heard ${method}"`)
    const which = frameOf(
      speaks,
      'tools/call',
      `{"name":"NAMEheard","arguments":{"of":"${method}"},META}`,
      prefixed ? `${server}_` : '',
    )
    const back = JSON.parse((await through(which, `"of ${method}"`)).answer) as {
      result: { content: { text: string }[] }
    }
    const [direct, got] = [leaves(frameOf(speaks, method, own)), leaves(back.result.content[0]!.text)]
    for (const path of ['/"id"', '/"params"/"_meta"/"progressToken"']) for (const one of [direct, got]) one.delete(path)
    compare(direct, got, 'request', all)
  }
}

const named = new NamedDifferences()

test.each([
  ['legacy', false],
  ['legacy', true],
  ['modern', false],
  ['modern', true],
] as const)('%s client and server (prefixed: %s): nothing is lost, changed or added', async (era, prefixed) => {
  for (const { values, ...differences } of Object.values(await compareAll(era, era, prefixed))) {
    expect(differences).toEqual({ lost: [], changed: [], added: [] })
    expect(values).toBeGreaterThan(30)
  }
})

test.each([
  ['modern', 'legacy', false],
  ['modern', 'legacy', true],
  ['legacy', 'modern', false],
  ['legacy', 'modern', true],
] as const)(
  '%s client, %s server (prefixed: %s): what differs is in the table, and nothing else',
  async (client, server, prefixed) => {
    const { answers, requests } = await compareAll(client, server, prefixed)
    const between = `${client} client, ${server} server`
    expect(named.unnamed(between, 'answers', answers)).toEqual([])
    expect(named.unnamed(between, 'requests', requests)).toEqual([])
    expect(answers.values).toBeGreaterThan(prefixed ? 500 : 700)
    expect(requests.values).toBeGreaterThan(30)
  },
)

test('greetings across the eras keep what is said in both, as it is written', async () => {
  const [legacy, modern] = [await speakDirectly('legacy'), await speakDirectly('modern')]
  try {
    const hello = `{"jsonrpc":"2.0","id":$ID,"method":"initialize","params":${INITIALIZE}}`
    const discover = frameOf('modern', 'server/discover', '{META}')
    const across = await (await speakThrough('modern', 'legacy'))(discover, '"h"')
    const [greeted, found] = [await legacy.speak(hello, '"h"'), await modern.speak(discover, '"h"')]
    for (const [between, own, got] of [
      ['modern client, legacy server', greeted.answer, across.answer],
      ['legacy client, modern server', found.answer, await house.client({ server: 'modern' }).send(hello, '"h"')],
    ] as const) {
      const all = nothingYet()
      compare(resultOf(own), resultOf(got), 'greeting', all)
      expect(named.unnamed(between, 'greetings', all)).toEqual([])
    }
  } finally {
    legacy.end()
    modern.end()
  }
})

// After all others of this file.
test('every row of the table on answers and greetings is true', () => {
  expect(named.idle('answers', 'greetings')).toEqual([])
})
