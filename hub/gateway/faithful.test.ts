import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fixture, type House, openHouse, type TestClient } from './test-house.ts'

let house: House
let client: TestClient
let single: TestClient
let direct: Direct

/** The same server without a gate between. */
class Direct {
  readonly child = spawn(process.execPath, [fixture('gateway/witness.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  readonly lines: string[] = []
  constructor() {
    createInterface({ input: this.child.stdout }).on('line', line => this.lines.push(line))
  }
  async send(text: string, id: string): Promise<{ answer: string; before: string[] }> {
    const from = this.lines.length
    this.child.stdin.write(`${text.replace('$ID', id)}\n`)
    await vi.waitFor(() => expect(this.lines.slice(from).some(line => line.includes(`"id":${id},`))).toBe(true), 30_000)
    const said = this.lines.slice(from)
    const at = said.findIndex(line => line.includes(`"id":${id},`))
    return { answer: said[at]!, before: said.slice(0, at) }
  }
}

beforeAll(async () => {
  house = await openHouse({
    servers: { witness: [fixture('gateway/witness.mjs')] },
    rules: [
      { id: '', effect: 'allow' },
      { id: '', effect: 'allow', tool: '*/*' },
      { id: '', effect: 'allow', tool: '*' },
    ],
  })
  client = house.client()
  single = house.client({ server: 'witness' })
  direct = new Direct()
  await client.initialize()
  await single.initialize()
  await direct.send('{"jsonrpc":"2.0","id":$ID,"method":"initialize","params":{}}', '1')
})

afterAll(async () => {
  direct?.child.kill()
  await house?.close()
})

const frame = (method: string, params: string) => `{"jsonrpc":"2.0","id":$ID,"method":"${method}","params":${params}}`

/** Requests with fields and numbers of all kinds; `witness_` stands before names in the aggregate alone. */
const REQUESTS: [what: string, method: string, params: string][] = [
  [
    'a call',
    'tools/call',
    '{"x":[1.0],"name":"NAMEact","arguments":{"n":9007199254740993,"1":1e400,"0":-0},"_meta":{"y":1.50}}',
  ],
  ['a call that fails', 'tools/call', '{"name":"NAMEact","arguments":{"fail":true}}'],
  ['a prompt', 'prompts/get', '{ "name" : "NAMEgreet" , "arguments":{"who":"\\u00e9"}}'],
  ['a resource', 'resources/read', '{"uri":"note://one","x":1.0}'],
  [
    'a completion',
    'completion/complete',
    '{"ref":{"type":"ref/prompt","name":"NAMEgreet","x":1},"argument":{"name":"who","value":"a"}}',
  ],
]

test.each(REQUESTS)(
  '%s gives byte for byte what the server gives, with and without prefixes',
  async (_, method, params) => {
    for (const id of ['77', '9007199254740993', '"a\\u0062"', '1.50']) {
      const { answer } = await direct.send(frame(method, params.replace('NAME', '')), id)
      expect(await client.send(frame(method, params.replace('NAME', 'witness_')), id)).toBe(answer)
      expect(await single.send(frame(method, params.replace('NAME', '')), id)).toBe(answer)
    }
  },
)

test('the server gets byte for byte what the client sent, but for the id, the token and the name', async () => {
  const seen: string[] = []
  const upstream = await house.supervisor.awake(house.id('witness'))
  const request = upstream.request.bind(upstream)
  upstream.request = (text, options) => {
    seen.push(text)
    return request(text, options)
  }
  const text =
    ' { "params" : {"_meta":{"z":1e400},"x":[1.0], "name" : "witness_act","arguments":{"n":9007199254740993,"1":1,"0":"\\u00e9"}}, "method":"tools/call","new":{},"jsonrpc":"2.0","id": 5 } '
  await client.send(text.replace('"id": 5', '"id": $ID'), '5')
  expect(seen).toEqual([text.replace('witness_act', 'act')])
  upstream.request = request
})

test('a vendor method passes to one server alone, and nowhere in the aggregate', async () => {
  const text = frame('vendor/thing', '{"n":9007199254740993}')
  const { answer } = await direct.send(text, '31')
  expect(await single.send(text, '31')).toBe(answer)
  expect(JSON.parse(await client.send(text, '31'))).toMatchObject({ error: { code: -32601 } })
})

test('progress, messages and vendor notifications arrive as they were said, before the result', async () => {
  const params = (name: string) => `{"name":"${name}","arguments":{},"_meta":{"progressToken":"t\\u0031"}}`
  const said = await direct.send(frame('tools/call', params('act')), '41')
  const from = client.frames.length
  const answer = await client.send(frame('tools/call', params('witness_act')), '41')
  const got = client.frames.slice(from)
  expect(got.at(-1)).toBe(answer)
  expect(answer).toBe(said.answer)
  // The direct server writes the token decoded; through the gate it stands as the client wrote it.
  expect(got.slice(0, -1)).toEqual(said.before.map(line => line.replace('"t1"', '"t\\u0031"')))
})

test('lists hold every entry as the server wrote it, but for its name', async () => {
  for (const [method, kind, param] of [
    ['tools/list', 'tools', ''],
    ['prompts/list', 'prompts', ''],
    ['resources/list', 'resources', ''],
    ['resources/templates/list', 'resourceTemplates', ''],
  ] as const) {
    const { answer } = await direct.send(frame(method, `{${param}}`), '51')
    const list = (text: string) => text.slice(text.indexOf('['), text.lastIndexOf(']') + 1)
    expect(list(await single.send(frame(method, '{}'), '51')), kind).toBe(list(answer))
    const prefixed = list(answer)
      .replaceAll(/\{"name":"(look|act|greet)"/g, '{"name":"witness_$1"')
      .replace(
        '"odd.name/with spaces"',
        JSON.stringify(house.gateway.tools().find(t => t.name.startsWith('odd'))?.exposedAs),
      )
    expect(list(await client.send(frame(method, '{}'), '51')), kind).toBe(prefixed)
  }
})

test('one server alone greets with its own words, every field of it', async () => {
  const mine = house.client({ server: 'witness' })
  const own = await direct.send('{"jsonrpc":"2.0","id":$ID,"method":"initialize","params":{}}', '61')
  const got = await mine.send(
    frame('initialize', '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}'),
    '61',
  )
  const result = (text: string) => text.slice(text.indexOf('"result"'), text.indexOf('"Look before you act."'))
  expect(result(got)).toBe(result(own.answer))
  const older = await house
    .client({ server: 'witness' })
    .send(frame('initialize', '{"protocolVersion":"2025-03-26"}'), '61')
  expect(older).toBe(got.replace('2025-11-25', '2025-03-26'))
})

test('a result never leaves in the same turn as the progress before it, though the server sent both at once', async () => {
  let isSameTurn = false
  const turns: boolean[] = []
  const done = Promise.withResolvers<void>()
  const send = (text: string) => {
    const isProgress = text.includes('notifications/progress')
    if (isProgress) setImmediate(() => (isSameTurn = false))
    if (isProgress) isSameTurn = true
    if (!text.includes('"id":3,')) return
    turns.push(isSameTurn)
    done.resolve()
  }
  const link = house.gateway.link({ client: 'quick', title: 'Quick', kind: 'bridge', send })
  link.receive(
    '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"witness_act","_meta":{"progressToken":1}}}',
  )
  await done.promise
  link.close('done')
  expect(turns).toEqual([false])
})
