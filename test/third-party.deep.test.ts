// Servers that other people wrote, behind the gate, used by both SDK generations as an AI client would: listed, read, and changed only with a yes.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AiClient, entryIn, startClient } from './e2e/entry.ts'
import { addAndAgree } from './e2e/stories.ts'
import { freshHome, hasKeychain, type RunningHub, root, runJson, startHub, until } from './harness.ts'
import { openWindow, type WindowClient } from './window-client.ts'

let hub: RunningHub
let window: WindowClient
let config: string
let work: string
let memory: string
const home = freshHome()

const program = (name: string) =>
  join(root, 'node_modules', '@modelcontextprotocol', `server-${name}`, 'dist', 'index.js')

beforeAll(async () => {
  if (!hasKeychain) return
  config = join(home.folder, '.config', 'Claude', 'claude_desktop_config.json')
  mkdirSync(join(config, '..'), { recursive: true })
  writeFileSync(config, '{}')
  work = join(realpathSync(home.folder), 'work')
  mkdirSync(work)
  writeFileSync(join(work, 'note.txt'), 'written by hand')
  memory = join(home.folder, 'memory.jsonl')
  hub = await startHub(home)
  window = await openWindow(hub.web, { pin: '4711' })
  await addAndAgree(
    window,
    {
      filesystem: { command: 'node', args: [program('filesystem'), work] },
      memory: { command: 'node', args: [program('memory')], env: { MEMORY_FILE_PATH: memory } },
      thinking: { command: 'node', args: [program('sequential-thinking')] },
      everything: { command: 'node', args: [program('everything'), 'stdio'] },
    },
    { trust: true },
  )
  await window.call.clients.connect({ id: 'claude-desktop' })
})
afterAll(async () => {
  window?.close()
  await hub?.stop()
})

/** The one call that waits is shown with its tool and answered. */
async function answer(tool: string, kind: 'allow' | 'deny') {
  const waiting = async () => (await window.call.approvals.list()).filter(one => one.state.kind === 'waiting')
  await until(`${tool} waits`, async () => (await waiting()).length === 1)
  const [one] = await waiting()
  expect(one).toMatchObject({ tool, client: { id: 'claude-desktop' } })
  await window.call.approvals.answer({ id: one!.id, answer: kind === 'allow' ? { kind, scope: 'once' } : { kind } })
}

describe.skipIf(!hasKeychain).each(['1.x', '2.x'] as const)('an SDK %s client', generation => {
  let client: AiClient
  beforeAll(async () => {
    client = await startClient(generation, entryIn(config), home.folder)
  })
  afterAll(() => client?.close())

  /** Calls, and gives the yes that a person gives. */
  async function allowed(server: string, tool: string, args: Record<string, unknown>) {
    const result = client.call(`${server}_${tool}`, args)
    await answer(tool, 'allow')
    return result
  }

  test('finds the tools of all of them in one list', async () => {
    const names = await client.tools()
    for (const name of [
      'filesystem_read_text_file',
      'filesystem_write_file',
      'memory_read_graph',
      'memory_create_entities',
      'thinking_sequentialthinking',
      'everything_echo',
    ])
      expect(names).toContain(name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('filesystem: reads at once, writes after a yes, and not after a no', async () => {
    const path = join(work, `${generation}.txt`)
    expect(await client.call('filesystem_read_text_file', { path: join(work, 'note.txt') })).toEqual({
      isError: false,
      text: 'written by hand',
    })
    const denied = client.call('filesystem_write_file', { path, content: 'too early' })
    await answer('write_file', 'deny')
    expect(await denied).toMatchObject({ isError: true })
    expect(() => readFileSync(path)).toThrow('ENOENT')
    expect(await allowed('filesystem', 'write_file', { path, content: `by ${generation}` })).toMatchObject({
      isError: false,
    })
    expect(readFileSync(path, 'utf8')).toBe(`by ${generation}`)
    expect(await client.call('filesystem_read_text_file', { path: '/etc/hostname' })).toMatchObject({ isError: true })
  })

  test('memory: what is remembered after a yes can be read', async () => {
    const entities = [{ name: `Ada ${generation}`, entityType: 'person', observations: ['likes gates'] }]
    expect(await allowed('memory', 'create_entities', { entities })).toMatchObject({ isError: false })
    expect(readFileSync(memory, 'utf8')).toContain(`Ada ${generation}`)
    expect(await client.call('memory_read_graph', {})).toMatchObject({
      isError: false,
      text: expect.stringContaining(`Ada ${generation}`),
    })
  })

  test('sequential-thinking and everything: answers arrive as they were given', async () => {
    const thought = { thought: 'one', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }
    const thinking = await window.call.policy.explain({ server: 'thinking', tool: 'sequentialthinking' })
    const thought1 =
      thinking.effect === 'allow'
        ? await client.call('thinking_sequentialthinking', thought)
        : await allowed('thinking', 'sequentialthinking', thought)
    expect(JSON.parse(thought1.text)).toMatchObject({ thoughtNumber: 1, nextThoughtNeeded: false })
    expect(await client.call('everything_echo', { message: 'through the gate' })).toEqual({
      isError: false,
      text: 'Echo: through the gate',
    })
  })
})

test.skipIf(!hasKeychain)('what was asked, allowed and denied is in the log, which is whole', async () => {
  const rows = await window.call.audit.list({ limit: 1000 })
  const whats = rows.filter(row => row.event?.tool === 'write_file').map(row => row.event?.what)
  expect(whats.filter(what => what === 'call/denied')).toHaveLength(2)
  expect(whats.filter(what => what === 'call/allowed')).toHaveLength(2)
  expect(await runJson(home, ['audit', 'verify'])).toMatchObject({ intact: true, anchored: true, problems: [] })
})
