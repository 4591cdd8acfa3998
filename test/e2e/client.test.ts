// Stories 3 to 5 without the looks: connect a client, start its entry with both SDKs, hold a deletion for a person, and prove the log.
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import {
  freshHome,
  type Home,
  hasKeychain,
  isAlive,
  type RunningHub,
  run,
  runJson,
  startHub,
  until,
} from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'
import { type AiClient, entryIn, startClient } from './entry.ts'
import { addAndAgree } from './stories.ts'

/** Hand-written, odd, and somebody else's: tabs and spaces, CRLF in places, an order of its own. */
export const ODD_CONFIG =
  '{\r\n\t"globalShortcut":   "Ctrl+Space",\n  "mcpServers" : {\n\t\t"mine":{"command":"node","args":[ "a.js" , "b" ],"env":{"KEY":"plain-text-key-1234567"}}\n\t},\n\n  "preferences": {"z":1,  "a":[1,2 ,3]}}'

let hub: RunningHub | undefined
let window: WindowClient | undefined
const clients: AiClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  window?.close()
  await hub?.stop()
})

async function machine(env: NodeJS.ProcessEnv = {}): Promise<{ home: Home; config: string; work: string }> {
  const home = freshHome()
  const config = join(home.folder, '.config', 'Claude', 'claude_desktop_config.json')
  mkdirSync(join(config, '..'), { recursive: true })
  writeFileSync(config, ODD_CONFIG)
  const work = join(home.folder, 'work')
  mkdirSync(work)
  writeFileSync(join(work, 'keep.txt'), 'precious')
  hub = await startHub(home, [], env)
  window = await openWindow(hub.web, { pin: '4711' })
  return { home, config, work: realpathSync(work) }
}

async function connected(generation: '1.x' | '2.x', home: Home, config: string, work: string): Promise<AiClient> {
  await addAndAgree(
    window!,
    { files: { command: 'gatehouse:files', args: [work, '--allow-writing'] } },
    { trust: true },
  )
  await window!.call.clients.connect({ id: 'claude-desktop' })
  const client = await startClient(generation, entryIn(config), home.folder)
  clients.push(client)
  return client
}

describe.skipIf(!hasKeychain).each(['1.x', '2.x'] as const)(
  'an SDK %s client, started as the config says',
  generation => {
    test('lists and calls, and its deletion waits for a person', async () => {
      const { home, config, work } = await machine()
      const client = await connected(generation, home, config, work)
      const victim = join(work, 'keep.txt')
      expect(await client.tools()).toContain('files_delete_file')
      expect(await client.call('files_read_file', { path: victim })).toMatchObject({ isError: false, text: 'precious' })

      const denied = client.call('files_delete_file', { path: victim })
      const answer = async (kind: 'allow' | 'deny') => {
        await until('it waits', async () =>
          (await window!.call.approvals.list()).some(one => one.state.kind === 'waiting'),
        )
        expect(existsSync(victim)).toBe(true)
        const waiting = (await window!.call.approvals.list()).find(one => one.state.kind === 'waiting')!
        expect(waiting).toMatchObject({ tool: 'delete_file', risk: 'destroys', client: { id: 'claude-desktop' } })
        await window!.call.approvals.answer({
          id: waiting.id,
          answer: kind === 'allow' ? { kind, scope: 'once' } : { kind, word: 'keep it until Friday' },
        })
      }
      await answer('deny')
      expect(await denied).toMatchObject({ isError: true, text: expect.stringContaining('keep it until Friday') })
      expect(existsSync(victim)).toBe(true)

      const allowed = client.call('files_delete_file', { path: victim })
      await answer('allow')
      expect(await allowed).toMatchObject({ isError: false })
      expect(existsSync(victim)).toBe(false)
    })

    test('a hub that is killed under it costs one call, not the client', async () => {
      const { home, config, work } = await machine()
      const client = await connected(generation, home, config, work)
      await client.tools()
      process.kill(hub!.pid, 'SIGKILL')
      await until('it is gone', () => !isAlive(hub!.pid))
      const after = await client
        .call('files_read_file', { path: join(work, 'keep.txt') })
        .catch(() => client.call('files_read_file', { path: join(work, 'keep.txt') }))
      expect(after).toMatchObject({ isError: false, text: 'precious' })
      expect((await run(home, ['stop'])).code).toBe(0)
    })
  },
)

test.skipIf(!hasKeychain)(
  'nobody answers within the life of the question: denied, and the file is still there',
  async () => {
    const { home, config, work } = await machine({ GATEHOUSE_APPROVAL_LIFE_MS: '2000' })
    const client = await connected('1.x', home, config, work)
    const result = await client.call('files_delete_file', { path: join(work, 'keep.txt') })
    expect(result.isError).toBe(true)
    expect(result.text).toMatch(/nobody|no answer|No person/i)
    expect(existsSync(join(work, 'keep.txt'))).toBe(true)
  },
)

test.skipIf(!hasKeychain)('a client that goes while its call waits: nothing is run', async () => {
  const { home, config, work } = await machine()
  const client = await connected('2.x', home, config, work)
  const call = client.call('files_delete_file', { path: join(work, 'keep.txt') }).catch(() => {})
  await until('it waits', async () => (await window!.call.approvals.list()).some(one => one.state.kind === 'waiting'))
  const [waiting] = (await window!.call.approvals.list()).filter(one => one.state.kind === 'waiting')
  await clients.pop()!.close()
  await call
  await until('it is withdrawn', async () =>
    (await window!.call.approvals.list()).every(one => one.state.kind !== 'waiting'),
  )
  await expect(
    window!.call.approvals.answer({ id: waiting!.id, answer: { kind: 'allow', scope: 'once' } }),
  ).rejects.toThrow()
  expect(existsSync(join(work, 'keep.txt'))).toBe(true)
})

test.skipIf(!hasKeychain)(
  'only our entry is added to an oddly written config, and undo gives the same bytes back',
  async () => {
    const { config } = await machine()
    const preview = await window!.call.clients.preview({ id: 'claude-desktop' })
    expect(preview.diff).toContain('gatehouse')
    expect(JSON.stringify(preview)).not.toContain('plain-text-key-1234567')
    await window!.call.clients.connect({ id: 'claude-desktop', before: preview.before })
    const after = readFileSync(config, 'utf8')
    const { gatehouse, ...others } = JSON.parse(after).mcpServers
    expect({ ...JSON.parse(after), mcpServers: others }).toEqual(JSON.parse(ODD_CONFIG))
    expect(gatehouse.args).toEqual(expect.arrayContaining(['connect', '--client', 'claude-desktop']))
    expect(gatehouse.args.join(' ')).not.toContain(gatehouse.env.GATEHOUSE_TOKEN)
    await window!.call.clients.undo({ id: 'claude-desktop' })
    expect(readFileSync(config, 'utf8')).toBe(ODD_CONFIG)
  },
)

test.skipIf(!hasKeychain)(
  'audit verify finds on copies what was changed, removed, cut off or put back, and names it',
  async () => {
    const { home, config, work } = await machine()
    const client = await connected('1.x', home, config, work)
    const read = () => client.call('files_read_file', { path: join(work, 'keep.txt') })
    await read()
    const yesterday = join(home.folder, 'yesterday')
    await window!.call.servers.stop({ id: 'files' })
    window!.close()
    await clients.pop()!.close()
    await hub!.stop()
    cpSync(home.data, yesterday, { recursive: true })
    hub = await startHub(home)
    await hub.stop()

    const verify = (data: string) =>
      runJson<{ intact: boolean; anchored: boolean; rows: number; problems: { kind: string; seq: number | null }[] }>(
        home,
        ['audit', 'verify', '--data', data],
      )
    const whole = await verify(home.data)
    expect(whole).toMatchObject({ intact: true, anchored: true, problems: [] })
    expect(whole.rows).toBeGreaterThan(6)
    expect((await run(home, ['audit', 'verify'])).code).toBe(0)

    const tampered = async (name: string, sql: string) => {
      const copy = join(home.folder, name)
      cpSync(home.data, copy, { recursive: true })
      const db = new DatabaseSync(join(copy, 'audit.db'))
      db.exec(sql)
      db.close()
      const { code, stdout } = await run(home, ['audit', 'verify', '--json', '--data', copy])
      const { intact, problems } = JSON.parse(stdout)
      return [code, intact, problems[0]?.kind, problems[0]?.seq]
    }
    expect(
      await tampered('edited', "UPDATE audit SET content = replace(content, 'started', 'stopped') WHERE seq = 1"),
    ).toEqual([1, false, 'edited', 1])
    expect((await tampered('removed', 'DELETE FROM audit WHERE seq = 3')).slice(0, 3)).toEqual([1, false, 'removed'])
    expect((await tampered('cut', `DELETE FROM audit WHERE seq > ${whole.rows - 2}`)).slice(0, 3)).toEqual([
      1,
      false,
      'cut-off',
    ])
    const old = await verify(yesterday)
    expect([old.intact, old.problems[0]?.kind]).toEqual([false, 'rolled-back'])
  },
)
