// Clients of the SDKs, 1.x and 2.x in each mode, before servers of either era: what a person or a model sees is the same.
import { Client as Client2 } from '@modelcontextprotocol/client'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { ElicitRequestSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link } from './gateway.ts'
import { EVERYTHING, fixture, type House, openHouse } from './test-house.ts'

let house: House

beforeAll(async () => {
  house = await openHouse({
    servers: {
      dual: [fixture('gateway/sdk2.mjs')],
      only: [fixture('gateway/sdk2.mjs'), 'modern'],
      old: [EVERYTHING, 'stdio'],
    },
    rules: [{ id: '', effect: 'allow' }],
  })
})
afterAll(async () => {
  await house?.close()
})

class LinkTransport {
  onmessage?: (message: never) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly #link: Link
  constructor() {
    const send = (text: string) => void setImmediate(() => this.onmessage?.(JSON.parse(text) as never))
    this.#link = house.gateway.link({ client: 'sdk', title: 'SDK', kind: 'bridge', send })
  }
  async start() {}
  async send(message: unknown) {
    this.#link.receive(JSON.stringify(message))
  }
  async close() {
    this.#link.close('closed')
    this.onclose?.()
  }
}

const accepted = { action: 'accept' as const, content: { name: 'Ada' } }
const MODES = { legacy: 'legacy', auto: 'auto', pinned: { pin: '2026-07-28' } } as const
const forms = { capabilities: { elicitation: { form: {} } } }

/** What the tests need of both SDKs' clients. */
interface Either {
  call(name: string, args?: Record<string, unknown>, options?: object): Promise<unknown>
  names(): Promise<string[]>
  close(): Promise<void>
}

async function open(which: 'sdk1' | keyof typeof MODES): Promise<Either> {
  if (which === 'sdk1') {
    const client = new Client1({ name: 'one', version: '1' }, forms)
    client.setRequestHandler(ElicitRequestSchema, () => accepted)
    await client.connect(new LinkTransport() as never)
    return {
      call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, undefined, options),
      names: async () => (await client.listTools()).tools.map(tool => tool.name),
      close: () => client.close(),
    }
  }
  const client = new Client2({ name: 'two', version: '2' }, { ...forms, versionNegotiation: { mode: MODES[which] } })
  client.setRequestHandler('elicitation/create', () => accepted)
  await client.connect(new LinkTransport() as never)
  expect(client.getProtocolEra()).toBe(which === 'legacy' ? 'legacy' : 'modern')
  return {
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options),
    names: async () => (await client.listTools()).tools.map(tool => tool.name),
    close: () => client.close(),
  }
}

describe.each(['sdk1', 'legacy', 'auto', 'pinned'] as const)('a client %s', which => {
  test('lists and calls servers of both eras', async () => {
    const client = await open(which)
    expect(await client.names()).toEqual(expect.arrayContaining(['dual_greet', 'only_greet', 'old_echo']))
    for (const server of ['dual', 'only'])
      expect(JSON.stringify(await client.call(`${server}_greet`, { name: 'Ada' }))).toContain('Hello Ada')
    expect(JSON.stringify(await client.call('old_echo', { message: 'hi' }))).toContain('Echo: hi')
    await client.close()
  })

  test('answers what servers of both eras ask in the middle of a call', async () => {
    const client = await open(which)
    for (const tool of ['dual_ask', 'only_ask', 'old_trigger-elicitation-request'])
      expect(JSON.stringify(await client.call(tool)), tool).toContain('Ada')
    await client.close()
  })

  test('hears of all progress', async () => {
    const client = await open(which)
    for (const [tool, args] of [
      ['only_steps', {}],
      ['old_trigger-long-running-operation', { duration: 0.3, steps: 3 }],
    ] as const) {
      const heard: number[] = []
      await client.call(tool, args, { onprogress: (p: { progress: number }) => heard.push(p.progress) })
      expect(heard, tool).toEqual([1, 2, 3])
    }
    await client.close()
  })

  test('takes a call back, which its server hears', async () => {
    const client = await open(which)
    const waits = async () => {
      const { content } = (await client.call('only_waited')) as { content: [{ text: string }] }
      return JSON.parse(content[0].text) as { begun: number; ended: number }
    }
    const before = await waits()
    const stop = new AbortController()
    const ended = expect(client.call('only_waits', {}, { signal: stop.signal })).rejects.toThrow()
    await expect.poll(waits, { timeout: 20_000 }).toEqual({ begun: before.begun + 1, ended: before.ended })
    stop.abort('enough')
    await ended
    await expect.poll(waits, { timeout: 20_000 }).toEqual({ begun: before.begun + 1, ended: before.ended + 1 })
    await client.close()
  })
})

test('messages of a modern server reach a legacy client at the level it set, and none before', async () => {
  const client = new Client1({ name: 'one', version: '1' })
  const heard: unknown[] = []
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params.data))
  await client.connect(new LinkTransport() as never)
  await client.callTool({ name: 'only_says', arguments: {} })
  expect(heard).toEqual([])
  await client.setLoggingLevel('error')
  await client.callTool({ name: 'only_says', arguments: {} })
  await expect.poll(() => heard, { timeout: 20_000 }).toEqual(['loud'])
  await client.close()
})

test('a modern client listens with the SDK and hears that tools changed', async () => {
  const client = new Client2({ name: 'two', version: '2' }, { versionNegotiation: { mode: MODES.pinned } })
  let changed = 0
  client.setNotificationHandler('notifications/tools/list_changed', () => void changed++)
  await client.connect(new LinkTransport() as never)
  const subscription = await client.listen({ toolsListChanged: true })
  await house.registry.update(house.id('old'), { enabled: false })
  await expect.poll(() => changed, { timeout: 20_000 }).toBe(1)
  await subscription.close()
  await house.registry.update(house.id('old'), { enabled: true })
  await client.close()
})
