// Bytes that are no frames, and frames that nearly are, thrown at the socket and out of a server: the hub lives, every request
// is answered once, and a server only ever reads whole, unambiguous frames.
import { isUtf8 } from 'node:buffer'
import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { visit } from 'jsonc-parser'
import { afterEach, expect, test } from 'vitest'
import { dial } from '../cli/dial.ts'
import { Hello, PROTOCOL } from '../contract/hello.ts'
import { type Chance, chance } from './chance.ts'
import { fixture } from './e2e/stories.ts'
import { isAlive, until } from './harness.ts'
import { mutated } from './mutate.ts'
import { enterAsBridge, keyOf, type RawPeer } from './raw-peer.ts'
import { startUnattended, type Unattended, verify } from './unattended.ts'

const AT_SOCKET = 7_000
const FROM_SERVER = 3_000
const BATCH = 50

let place: Unattended | undefined
afterEach(() => place?.close())

let id = 0
/** What an honest client says; `single` without prefixes. */
function honest(by: Chance, single: boolean): string {
  const tool = single ? 'echo' : 'tape_echo'
  const [method, params] = by.one([
    ['tools/call', { name: tool, arguments: {} }],
    ['tools/call', { name: tool, arguments: { path: '/a', n: 1.0, list: [{}, null] } }],
    ['tools/call', { name: tool, arguments: {}, _meta: { progressToken: 7 } }],
    ['tools/list', {}],
    ['ping', {}],
    ['initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'f', version: '1' } }],
    ['prompts/get', { name: single ? 'greet' : 'tape_greet', arguments: {} }],
    ['resources/read', { uri: 'note://one', _meta: {} }],
    ['resources/subscribe', { uri: 'note://one' }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: '' } }],
    ['logging/setLevel', { level: 'debug' }],
    ['tasks/get', { taskId: '1', more: {} }],
    ['vendor/thing', { a: {} }],
    ['notifications/cancelled', { requestId: 'nobody', reason: 'x' }],
    ['notifications/progress', { progressToken: 1, progress: 1 }],
    ['notifications/vendor', {}],
  ] as const)
  const named = method.startsWith('notifications/') ? {} : { id: by.one([`c${++id}`, ++id + 100_000]) }
  return JSON.stringify({ jsonrpc: '2.0', ...named, method, params })
}

/** The ids of a line: of a request, which must be answered, or of something that may be refused by its id. */
function idsOf(line: Buffer): { must: boolean; ids: (string | number)[] } {
  const none = { must: false, ids: [] }
  if (!isUtf8(line)) return none
  const text = line.toString()
  let message: Record<string, unknown> | null
  try {
    message = JSON.parse(text)
  } catch {
    return none
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return none
  // Of repeated ids any may be the one it is refused by.
  const ids = idsWritten(text)
  const usable = [message.id, ...ids].filter(one => typeof one === 'string' || typeof one === 'number')
  const isRequest = typeof message.method === 'string' && usable.length > 0 && ids.length === 1
  return isRequest ? { must: true, ids: [message.id as string] } : { must: false, ids: usable }
}

function idsWritten(text: string): unknown[] {
  const ids: unknown[] = []
  try {
    visit(text, {
      onLiteralValue: (value, _offset, _length, _line, _column, path) => path().join('\0') === 'id' && ids.push(value),
    })
  } catch {
    // Too deep for this parser: the id counts as repeated, so that its answer is allowed and not asked for.
    return []
  }
  return ids
}

/** Throws whole cases as one stream, cut anywhere. */
async function throwAt(peer: RawPeer, cases: readonly Buffer[], by: Chance): Promise<void> {
  const may = new Set<string>()
  for (const line of cases.flatMap(linesOf)) {
    const { must, ids } = idsOf(line)
    if (must) void peer.answer(ids[0]!)
    else for (const one of ids) may.add(keyOf(one))
  }
  const stream = Buffer.concat(cases.flatMap(one => [one, NEWLINE]))
  for (let at = 0; at < stream.length; ) {
    const size = by.one([1, 50, 3_000, 200_000])
    peer.write(stream.subarray(at, at + size))
    at += size
    if (by.below(3) === 0) await turn()
  }
  void peer.ask('ping')
  await until('every request is answered', () => peer.open.length === 0, 20_000).catch(error => {
    const lost = cases.filter(one =>
      linesOf(one).some(line => idsOf(line).ids.some(has => peer.open.includes(keyOf(has)))),
    )
    throw new Error(
      `${error.message}: ${peer.open.join(' ')}\n${lost.map(one => JSON.stringify(one.toString('latin1')).slice(0, 2_000)).join('\n')}`,
    )
  })
  // What is too deep is refused unread, by whatever id it seems to have.
  let deep = cases.flatMap(linesOf).filter(line => line.toString('latin1').split(/[[{]/).length > 1_000).length
  const unasked = peer.unasked
    .splice(0)
    .filter(({ id, error }) => !may.has(keyOf(id)) && !(error?.message.includes('too deeply') && deep-- > 0))
  expect(unasked, JSON.stringify(unasked).slice(0, 2_000)).toEqual([])
  expect(peer.junk).toEqual([])
}

const NEWLINE = Buffer.from('\n')

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let at = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
    lines.push(bytes.subarray(at, end))
    at = end + 1
  }
  return [...lines, bytes.subarray(at)]
}

/** Every line a server read is one JSON-RPC message that any two parsers read alike. Gives how many there were. */
function expectWholeFrames(tape: string): number {
  const lines = linesOf(readFileSync(tape))
  expect(lines.pop()).toEqual(Buffer.alloc(0))
  let last = 0
  const bad = lines.filter(line => {
    const text = line.toString()
    if (!isUtf8(line) || text.includes('\r')) return true
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text)
    } catch {
      return true
    }
    if (Array.isArray(message) || message.jsonrpc !== '2.0' || repeats(text)) return true
    if (message.method === undefined) return !('result' in message || 'error' in message)
    if (typeof message.method !== 'string') return true
    if (message.id === undefined) return !message.method.startsWith('notifications/')
    // Ids are the hub's own, each used once.
    const isNew = Number.isInteger(message.id) && (message.id as number) > last
    last = message.id as number
    return !isNew
  })
  expect(bad.slice(0, 5).map(line => line.toString('latin1').slice(0, 500))).toEqual([])
  return lines.length
}

function repeats(text: string): boolean {
  const objects: Set<string>[] = []
  let found = false
  visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty: name => {
      if (objects.at(-1)!.has(name)) found = true
      objects.at(-1)!.add(name)
    },
  })
  return found
}

async function house() {
  const tape = join(mkdtempSync(join(tmpdir(), 'gh-tape-')), 'tape')
  place = await startUnattended({ tape: [fixture('tape.mjs'), tape] })
  const { window, hub, home } = place
  await until('it runs', async () => (await window.call.servers.get({ id: 'tape' })).state.kind === 'running')
  const { state } = await window.call.servers.get({ id: 'tape' })
  const stillWell = async () => {
    expect((await window.call.hub.status()).pid).toBe(hub.pid)
    expect(await window.call.servers.get({ id: 'tape' })).toMatchObject({ state: { ...state, tools: 2 }, restarts: 0 })
    expect(await verify(home)).toMatchObject({ intact: true, problems: [] })
  }
  return { tape, hub, home, stillWell }
}

test(`${AT_SOCKET} mutated frames at the socket: answered once, and only whole frames reach a server`, async () => {
  const by = chance()
  console.log(`fuzz: GATEHOUSE_SEED=${by.seed}`)
  const { tape, hub, stillWell } = await house()
  let refused = 0
  for (let done = 0; done < AT_SOCKET; ) {
    const single = by.below(2) === 0
    const peer = await enterAsBridge(hub.socket, single ? 'tape' : undefined)
    for (let batch = 0; batch < 4 && done < AT_SOCKET; batch++, done += BATCH) {
      const cases = Array.from({ length: BATCH }, () => mutated(() => honest(by, single), by))
      await throwAt(peer, cases, by)
    }
    refused += peer.nameless
    peer.end()
    await peer.closed
  }
  const reached = expectWholeFrames(tape)
  console.log(
    `fuzz: ${AT_SOCKET} at the socket, ${reached} frames reached the server, ${refused} had no id to be answered by`,
  )
  expect(reached).toBeGreaterThan(AT_SOCKET / 20)
  expect(refused).toBeGreaterThan(AT_SOCKET / 20)
  await stillWell()
})

test(`${FROM_SERVER} mutated frames from a server: every call is answered once, with whole frames`, async () => {
  const by = chance()
  console.log(`fuzz: GATEHOUSE_SEED=${by.seed}`)
  const { tape, hub, stillWell } = await house()
  const peer = await enterAsBridge(hub.socket)
  const said = () =>
    by
      .one([
        '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"mine"}],"more":{}}}',
        '{"jsonrpc":"2.0","id":$ID,"result":{}}',
        '{"jsonrpc":"2.0","id":$ID,"error":{"code":-1,"message":"no","data":{}}}',
        '{"jsonrpc":"2.0","id":999999,"result":{}}',
        '{"jsonrpc":"2.0","id":$ID,"method":"ping","params":{}}',
        '{"jsonrpc":"2.0","id":"s1","method":"roots/list","params":{}}',
        '{"jsonrpc":"2.0","id":"s2","method":"sampling/createMessage","params":{"messages":[],"maxTokens":1,"m":{}}}',
        '{"jsonrpc":"2.0","id":"s3","method":"vendor/ask","params":{}}',
        '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$ID,"progress":1,"m":{}}}',
        '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{}}}',
        '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"note://one","m":{}}}',
        '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}}',
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":$ID,"m":{}}}',
        '{"jsonrpc":"2.0","method":"notifications/vendor","params":{}}',
      ])
      .toString()
  for (let done = 0; done < FROM_SERVER; done += BATCH) {
    const cases = Array.from({ length: BATCH }, () => mutated(said, by).toString('base64'))
    const calls = cases.map(bytes => peer.call('tape_spit', { bytes }))
    await until('every call is answered', () => peer.open.length === 0, 30_000).catch(error => {
      throw new Error(`${error.message}: ${peer.open.join(' ')} of ${cases.join(' ').slice(0, 5_000)}`)
    })
    for (const answer of await Promise.all(calls)) expect('result' in answer || 'error' in answer).toBe(true)
    expect([peer.unasked, peer.junk, peer.nameless]).toEqual([[], [], 0])
  }
  expect((await peer.call('tape_echo')).result?.content?.[0]?.text).toBe('done')
  expect(expectWholeFrames(tape)).toBeGreaterThan(FROM_SERVER)
  await stillWell()
})

test('500 hellos that are none: nobody is let in, and the hub goes on', async () => {
  const by = chance()
  console.log(`fuzz: GATEHOUSE_SEED=${by.seed}`)
  const { hub, stillWell } = await house()
  const hello = () => JSON.stringify({ protocol: PROTOCOL, version: 'test', role: 'cli', token: 'guessed', more: {} })
  let turnedAway = 0
  for (let n = 0; n < 500; n++) {
    const bytes = mutated(hello, by)
    const socket = connect(hub.socket).on('error', () => {})
    let said = ''
    socket.setEncoding('utf8').on('data', text => {
      said += text
    })
    socket.end(Buffer.concat([bytes, NEWLINE]))
    await new Promise(resolve => socket.once('close', resolve))
    const letIn = said.includes('"instance"')
    const first =
      linesOf(bytes)
        .map(line => line.toString())
        .find(line => line !== '' && line !== '\r') ?? ''
    expect([first, letIn && !isWindowOrBridge(first)]).toEqual([first, false])
    if (said.includes('"problem"')) turnedAway++
  }
  expect(turnedAway).toBeGreaterThan(100)
  await stillWell()
})

test('500 calls of the command line that are none, with its token: each connection is answered or closed, and the hub goes on', async () => {
  const by = chance()
  console.log(`fuzz: GATEHOUSE_SEED=${by.seed}`)
  const { hub, home, stillWell } = await house()
  const call = () => {
    const [path, body] = by.one([
      ['/hub/status', {}],
      ['/servers/list', { json: {} }],
      ['/servers/get', { json: { id: 'tape' } }],
      ['/audit/list', { json: { limit: 1 } }],
      ['/calls/call', { json: { server: 'tape', tool: 'echo', arguments: '{}' } }],
    ] as const)
    return JSON.stringify({ i: String(by.below(5)), p: { u: path, b: body } })
  }
  for (let n = 0; n < 500; ) {
    const dialled = await dial(home.data, { role: 'cli' })
    if (dialled.kind !== 'connected') throw new Error(`The hub is gone: ${dialled.kind}`)
    const { socket } = dialled
    let isClosed = false
    const gone = new Promise<void>(resolve => socket.once('close', () => resolve())).then(() => {
      isClosed = true
    })
    socket.on('error', () => {}).resume()
    for (let line = 0; line < 5 && !isClosed; line++, n++) {
      socket.write(Buffer.concat([mutated(call, by), NEWLINE]))
      await turn()
    }
    socket.end()
    await gone
  }
  expect(isAlive(hub.pid)).toBe(true)
  await stillWell()
})

/** Windows prove themselves afterwards, a bridge without a token is an unknown client; the guessed token opens nothing. */
function isWindowOrBridge(line: string): boolean {
  try {
    const hello = Hello.parse(JSON.parse(line))
    return hello.role === 'window' || (hello.role === 'bridge' && hello.token === undefined)
  } catch {
    return false
  }
}
