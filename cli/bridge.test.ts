// The bridge between a client and hubs that die, refuse, are slow, or are not there.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { runBridge, type Surroundings } from './bridge.ts'
import { dial } from './dial.ts'
import { type FakeHub, fakeHub } from './testing/fake-hub.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}'
const call = (id: string | number) =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":"x"}}`
const result = (id: string) => `{"jsonrpc":"2.0","id":${id},"result":{}}`
const idOf = (line: string) => /"id":("[^"]*"|\d+)/.exec(line)?.[1]

/** Answers everything but calls named in `silent`. */
const answering =
  (silent: string[] = []) =>
  (line: string, socket: Socket) => {
    const id = idOf(line)
    if (id !== undefined && line.includes('"method"') && !silent.includes(id)) socket.write(`${result(id)}\n`)
  }

async function hubThat(answer: (line: string, socket: Socket) => void, welcome?: object | null): Promise<FakeHub> {
  const hub = fakeHub(answer, welcome)
  undo.push(() => hub.remove())
  return hub
}

function bridgeTo(hub: FakeHub, also: Partial<Surroundings> = {}) {
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  const out: string[] = []
  let rest = ''
  let starts = 0
  stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    out.push(...lines)
  })
  const code = runBridge({
    stdin,
    stdout,
    dial: () => dial(hub.data, { role: 'bridge', token: 'gh_1', client: 'cursor' }),
    start: () => {
      starts++
      return ''
    },
    backoffMs: [10],
    graceMs: 100,
    ...also,
  })
  undo.push(async () => {
    stdin.end()
    await code
  })
  const say = (...lines: string[]) => stdin.write(lines.map(line => `${line}\n`).join(''))
  return { say, stdin, stdout, out, code, starts: () => starts }
}

test('lines go both ways unchanged, with the token and the claimed client in the first one', async () => {
  const odd = '{ "jsonrpc":"2.0", "id" : 1e0, "method":"x/y", "big":9007199254740993, "u":"\\u0061" }'
  const hub = await hubThat((line, socket) => socket.write(`${line.replace('"method"', '"was"')}\n`))
  await hub.start()
  const { say, out } = bridgeTo(hub)
  say(odd)
  await expect.poll(() => out).toEqual([odd.replace('"method"', '"was"')])
  expect(hub.lines).toEqual([odd])
  expect(hub.hellos).toMatchObject([{ protocol: 1, role: 'bridge', token: 'gh_1', client: 'cursor' }])
})

test('bytes that are no UTF-8 reach the hub as they are, so that it can refuse them', async () => {
  const seen: Buffer[] = []
  const hub = await hubThat(() => {})
  await hub.start()
  const dialled = await dial(hub.data, { role: 'bridge' })
  if (dialled.kind !== 'connected') throw new Error('not connected')
  const write = dialled.socket.write.bind(dialled.socket)
  dialled.socket.write = (chunk: Buffer) => {
    seen.push(chunk)
    return write(chunk)
  }
  const { stdin } = bridgeTo(hub, { dial: async () => dialled })
  stdin.write(Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]))
  await expect.poll(() => Buffer.concat(seen)).toEqual(Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]))
})

test('a hub that dies mid-call: the call is answered with what happened, the rest goes on with the next hub', async () => {
  const hub = await hubThat(answering(['7', '"a"']))
  await hub.start()
  const { say, out, starts } = bridgeTo(hub)
  say(INITIALIZE)
  await expect.poll(() => out.length).toBe(1)
  say('{"jsonrpc":"2.0","method":"notifications/initialized"}', call(7), call('a'), call(8))
  await expect.poll(() => out.length).toBe(2)
  await hub.kill()
  await expect.poll(() => out.length).toBe(4)
  const lost = out.slice(2).map(line => JSON.parse(line))
  expect(lost).toMatchObject([
    { id: 7, error: { code: -32603, message: expect.stringContaining('may or may not have been carried out') } },
    { id: 'a', error: { code: -32603 } },
  ])
  const before = hub.lines.length
  say(call(9))
  await expect.poll(starts).toBeGreaterThan(0)
  await hub.start()
  await expect.poll(() => out.length).toBe(5)
  // The first request and its notification are said again, its second answer is kept from the client.
  expect(hub.lines.slice(before)).toEqual([
    INITIALIZE,
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    call(9),
  ])
  expect(out.slice(4)).toEqual([result('9')])
})

test('a hub that dies while it is written to: the next line is heard all the same, and starts another', async () => {
  const hub = await hubThat(answering())
  await hub.start()
  let socket: Socket | undefined
  const { say, out, starts } = bridgeTo(hub, {
    async dial() {
      const dialled = await dial(hub.data, { role: 'bridge', token: 'gh_1', client: 'cursor' })
      if (dialled.kind === 'connected') socket = dialled.socket
      return dialled
    },
  })
  say(INITIALIZE)
  await expect.poll(() => out.length).toBe(1)
  // As a write ends that finds nobody at the other end.
  socket!.write = () => {
    void hub.kill()
    socket!.destroy()
    return false
  }
  say(call(7))
  await expect.poll(() => out.length).toBe(2)
  say(call(8))
  await expect.poll(starts).toBeGreaterThan(0)
  await hub.start()
  await expect.poll(() => out.at(-1)).toBe(result('8'))
})

test('a hub that dies before it answered the first request gets it again, and that answer is the client’s', async () => {
  let dies = true
  const hub = await hubThat((line, socket) => {
    if (dies) socket.destroy()
    else answering()(line, socket)
    dies = false
  })
  await hub.start()
  const { say, out } = bridgeTo(hub)
  say(INITIALIZE)
  await expect.poll(() => out).toEqual([result('0')])
  expect(hub.lines).toEqual([INITIALIZE, INITIALIZE])
})

test('a first request that may have done something is never sent twice', async () => {
  const hub = await hubThat((_, socket) => socket.destroy())
  await hub.start()
  const { say, out } = bridgeTo(hub)
  say(call(1))
  await expect.poll(() => out.map(line => JSON.parse(line))).toMatchObject([{ id: 1, error: { code: -32603 } }])
  await sleep(100)
  expect(hub.lines).toEqual([call(1)])
})

test('half a line of a hub that died never reaches the client', async () => {
  const hub = await hubThat((_, socket) => socket.write('{"jsonrpc":"2.0","id":0,"resu', () => socket.destroy()))
  await hub.start()
  const { say, out } = bridgeTo(hub, { tries: 3 })
  say(INITIALIZE)
  await expect.poll(() => hub.lines.length).toBeGreaterThan(2)
  expect(out).toEqual([])
})

test('a hub that refuses: its words are the answer to everything, and it is not asked again', async () => {
  const problem = { code: 'hello/token', message: 'The token was replaced.', hint: 'Connect Cursor again.' }
  const hub = await hubThat(() => {}, { protocol: 1, version: '9.9.9', problem })
  await hub.start()
  const { say, out, starts } = bridgeTo(hub)
  say(INITIALIZE)
  await expect.poll(() => out.length).toBe(1)
  say(call(2), '{"jsonrpc":"2.0","method":"notifications/initialized"}')
  await expect.poll(() => out.length).toBe(2)
  expect(out.map(line => JSON.parse(line))).toEqual(
    [0, 2].map(id => ({
      jsonrpc: '2.0',
      id,
      error: { code: -32000, message: 'The token was replaced. Connect Cursor again.' },
    })),
  )
  expect(hub.hellos).toHaveLength(1)
  expect(starts()).toBe(0)
})

test('no hub at all: after ten tries the client is told why, and the bridge ends with 1', async () => {
  const hub = await hubThat(() => {})
  const { say, out, code, starts } = bridgeTo(hub, { start: () => 'The disk is full.' })
  say(INITIALIZE, call(1))
  expect(await code).toBe(1)
  expect(starts()).toBe(0)
  expect(out.map(line => JSON.parse(line))).toMatchObject([
    { id: 0, error: { code: -32000, message: expect.stringContaining('(10 tries). The disk is full.') } },
    { id: 1, error: { code: -32000 } },
  ])
})

test('a hub that is slow to come is waited for', async () => {
  const hub = await hubThat(answering())
  const { say, out } = bridgeTo(hub, { backoffMs: [50], tries: 1_000 })
  say(INITIALIZE, call(1))
  await sleep(150)
  await hub.start()
  await expect.poll(() => out).toEqual([result('0'), result('1')])
})

test('a socket that accepts and says nothing is no hub', async () => {
  const hub = await hubThat(() => {}, null)
  await hub.start()
  const { say, out, code } = bridgeTo(hub, { tries: 2, dial: () => dial(hub.data, { role: 'bridge' }, 500) })
  say(INITIALIZE)
  expect(await code).toBe(1)
  expect(out.map(line => JSON.parse(line))).toMatchObject([{ id: 0, error: { code: -32000 } }])
  expect(hub.hellos).toHaveLength(2)
})

test('a client that says nothing gets no hub started', async () => {
  const hub = await hubThat(() => {})
  const { stdin, starts, code } = bridgeTo(hub)
  await sleep(100)
  stdin.end()
  expect([await code, starts()]).toEqual([0, 0])
})

test('while the client asks nothing, no hub is started for it', async () => {
  const hub = await hubThat(answering())
  await hub.start()
  const { say, out, starts } = bridgeTo(hub)
  say(INITIALIZE)
  await expect.poll(() => out.length).toBe(1)
  await hub.kill()
  await sleep(300)
  expect(starts()).toBe(0)
})

test('a cancelled call is not answered once more when the hub goes', async () => {
  const hub = await hubThat(answering(['7']))
  await hub.start()
  const { say, out } = bridgeTo(hub)
  say(INITIALIZE)
  await expect.poll(() => out.length).toBe(1)
  say(call(7), '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}')
  await expect.poll(() => hub.lines.length).toBe(3)
  await hub.kill()
  await sleep(100)
  expect(out).toHaveLength(1)
})

test('stdin’s end ends it with 0, after the answers under way', async () => {
  const hub = await hubThat((line, socket) => void setTimeout(() => answering()(line, socket), 50))
  await hub.start()
  const { say, stdin, out, code } = bridgeTo(hub, { graceMs: 60_000 })
  say(INITIALIZE)
  stdin.end()
  expect(await code).toBe(0)
  expect(out).toEqual([result('0')])
})

test('a client that does not read holds the hub up, and nothing is lost', async () => {
  const big = 'x'.repeat(100_000)
  const hub = await hubThat((line, socket) => {
    for (let n = 0; n < 100; n++) socket.write(`{"jsonrpc":"2.0","method":"note","n":${n},"t":"${big}"}\n`)
    answering()(line, socket)
  })
  await hub.start()
  const { say, stdout, out } = bridgeTo(hub)
  stdout.pause()
  say(INITIALIZE)
  await sleep(200)
  stdout.resume()
  await expect.poll(() => out.length).toBe(101)
  expect(out[99]).toContain('"n":99')
})

function realBridge(data: string): { child: ChildProcess; out: string[] } {
  const child = spawn(process.execPath, ['cli/main.ts', 'connect', '--client', 'cursor', '--data', data], {
    env: { ...process.env, GATEHOUSE_TOKEN: 'gh_env' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  undo.push(() => child.kill('SIGKILL'))
  const out: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(...text.trim().split('\n')))
  return { child, out }
}

test('as a process: the token comes from the environment, and it ends when stdin does', async () => {
  const hub = await hubThat(answering())
  await hub.start()
  const { child, out } = realBridge(hub.data)
  child.stdin?.write(`${INITIALIZE}\n`)
  await expect.poll(() => out).toEqual([result('0')])
  expect(hub.hellos).toMatchObject([{ token: 'gh_env', client: 'cursor' }])
  child.stdin?.end()
  expect((await once(child, 'exit'))[0]).toBe(0)
})
