// Clients that take only so many tools or so long a name are shown what fits, and are told of the rest; what a server adds,
// and what is held back, with a profile.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { fixture, type House, openHouse, type TestClient } from './test-house.ts'

let folder: string
let house: House
afterEach(async () => {
  await house.close()
  rmSync(folder, { recursive: true, force: true })
})

const tool = (name: string) => ({ name, description: `Does ${name}.`, inputSchema: { type: 'object' } })
const tools = (count: number, name = 'tool') => Array.from({ length: count }, (_, n) => tool(`${name}${n}`))

async function open(offers: Record<string, object[]>): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-fits-'))
  const servers = Object.fromEntries(
    Object.entries(offers).map(([name, own]) => {
      say(name, own)
      return [name, [fixture('gateway/changes.mjs'), join(folder, name), join(folder, 'calls')]]
    }),
  )
  house = await openHouse({ servers, rules: [{ id: '', effect: 'allow' }], path: join(folder, 'data') })
}

function say(name: string, own: object[]): void {
  writeFileSync(join(folder, name), JSON.stringify(own))
}

async function as(client: string): Promise<TestClient> {
  const one = house.client({ client, title: client })
  await one.initialize()
  return one
}

const listed = async (client: TestClient) =>
  ((await client.request('tools/list')).result as { tools: { name: string }[] }).tools.map(one => one.name)
const executed = () =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []
const words = async (client: TestClient, name: string) => JSON.stringify((await client.call(name)).result)

test('Cursor is shown 80 tools: small servers whole, of the largest what its server lists first; others see all', async () => {
  await open({ large: tools(90), small: tools(3) })
  const cursor = await as('cursor')
  const names = await listed(cursor)
  expect(names).toHaveLength(80)
  expect(names.filter(name => name.startsWith('small_'))).toHaveLength(3)
  expect(names.filter(name => name.startsWith('large_'))).toEqual(tools(77).map(({ name }) => `large_${name}`))
  expect(await words(cursor, 'large_tool77')).toContain(
    'large_tool77 is left out for cursor, which takes at most 80 tools',
  )
  expect(await words(cursor, 'tool89')).toContain('left out for cursor')
  expect(executed()).toEqual([])
  expect(await listed(await as('claude-code'))).toHaveLength(93)
  expect(await listed(await as('vscode'))).toHaveLength(93)
  const server = house.id('large')
  house.profiles.change('cursor', [{ server, tool: 'tool0' }], [])
  expect(await listed(cursor)).toContain('large_tool77')
  expect(await listed(cursor)).toHaveLength(80)
})

test('a name too long for Cursor is shortened for it alone, and leads to the same tool', async () => {
  const long = tool(`does_${'very_'.repeat(8)}much`)
  await open({ files: [long, tool('short')] })
  const cursor = await as('cursor')
  const [name, short] = await listed(cursor)
  expect(name).toMatch(/^files_does_very_[\w-]*_[0-9a-f]{8}$/)
  expect(`gatehouse ${name}`.length).toBeLessThanOrEqual(60)
  expect(short).toBe('files_short')
  expect(await listed(await as('zed'))).toEqual([`files_${long.name}`, 'files_short'])
  expect(await words(cursor, name!)).toContain('done')
  expect(executed()).toEqual([long.name])
  house.profiles.change('cursor', [{ server: house.id('files'), tool: long.name }], [])
  expect(await words(cursor, name!)).toContain('hidden from cursor')
  expect(executed()).toEqual([long.name])
})

test('what a server adds is held until it was looked at, then shown; what was hidden by name stays hidden when it changes', async () => {
  await open({ files: [tool('read'), tool('write')] })
  const id = house.id('files')
  house.profiles.change('zed', [{ server: id, tool: 'write' }], [])
  const zed = await as('zed')
  expect(await listed(zed)).toEqual(['files_read'])
  say('files', [tool('read'), { ...tool('write'), description: 'Writes more.' }, tool('added')])
  const before = house.supervisor.listing(id)!.at
  const state = house.supervisor.state(id)
  process.kill((state as { pid: number }).pid, 'SIGUSR2')
  await expect.poll(() => house.supervisor.listing(id)!.at, { timeout: 30_000 }).toBeGreaterThan(before)
  expect(await listed(zed)).toEqual(['files_read'])
  expect(await words(zed, 'files_write')).toContain('hidden from zed')
  expect(await words(zed, 'files_added')).toContain('held back')
  const held = house.pins.pins(id).held.map(({ name, hash }) => ({ name, hash }))
  house.pins.accept(id, held, false)
  expect(await listed(zed)).toEqual(['files_read', 'files_added'])
  expect(await words(zed, 'files_write')).toContain('hidden from zed')
  expect(executed()).toEqual([])
})
