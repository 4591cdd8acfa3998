import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, expect, test } from 'vitest'

const ERAS = { 'the older era': 'legacy', 'the newer era': { pin: '2026-07-28' } } as const
let base: string
let root: string
const clients: Client[] = []

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
  root = join(base, 'root')
  mkdirSync(join(root, '.ssh'), { recursive: true })
  writeFileSync(join(root, '.ssh', 'id_ed25519'), 'PRIVATE')
  writeFileSync(join(base, 'outside.txt'), 'outside')
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  rmSync(base, { recursive: true })
})

const uriOf = (...parts: string[]) => pathToFileURL(join(...parts)).href

/** HOME is the root, so that its .ssh is one. */
async function start(mode: (typeof ERAS)[keyof typeof ERAS] | 'auto' = 'auto') {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  clients.push(client)
  const updated: string[] = []
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri))
  const env = { HOME: root, PATH: process.env.PATH ?? '', FILES_TRASH: join(base, 'trash'), LOG_LEVEL: 'debug' }
  const args = [join(import.meta.dirname, 'main.ts'), root]
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }))
  const read = async (uri: string) =>
    (await client.readResource({ uri })).contents[0] as { text?: string; blob?: string; mimeType?: string }
  const watch = async (...uris: string[]) => {
    if (mode === 'legacy') for (const uri of uris) await client.subscribeResource({ uri })
    else return await client.listen({ resourceSubscriptions: uris })
    return { close: async () => void (await Promise.all(uris.map(uri => client.unsubscribeResource({ uri })))) }
  }
  return { client, updated, read, watch }
}

test('a file is a resource: text as text with its type, a picture as bytes, a name with odd signs too', async () => {
  const { client, read } = await start()
  expect((await client.listResourceTemplates()).resourceTemplates.map(one => one.uriTemplate)).toEqual([
    'file://{+path}',
  ])
  writeFileSync(join(root, 'ä #?%.md'), '# ü')
  expect(await read(uriOf(root, 'ä #?%.md'))).toMatchObject({ text: '# ü', mimeType: 'text/markdown' })
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  writeFileSync(join(root, 'picture'), Buffer.from(png, 'base64'))
  expect(await read(uriOf(root, 'picture'))).toMatchObject({ blob: png, mimeType: 'image/png' })
  writeFileSync(join(root, 'big'), 'x'.repeat(10 * 1024 * 1024 + 1))
  await expect(read(uriOf(root, 'big'))).rejects.toThrow('by pages with read_file')
  const { completion } = await client.complete({
    ref: { type: 'ref/resource', uri: 'file://{+path}' },
    argument: { name: 'path', value: `${root}/p` },
  })
  expect(completion.values).toEqual([join(root, 'picture')])
})

test('no resource, subscription, completion or prompt reaches what read_file refuses', async () => {
  const { client, read } = await start('legacy')
  symlinkSync(join(base, 'outside.txt'), join(root, 'link'))
  symlinkSync(base, join(root, 'up'))
  const outside = [
    uriOf(base, 'outside.txt'),
    `file://${root}/../outside.txt`,
    `file://${root}/%2e%2e/outside.txt`,
    `file://${root}/..%2foutside.txt`,
    uriOf(root, 'link'),
    uriOf(root, 'up', 'outside.txt'),
    'file:///etc/passwd',
    'file://elsewhere/etc/passwd',
    uriOf(root, '.ssh', 'id_ed25519'),
    `file://${root}/a%00b`,
    `file://${root}/link?x#y`,
  ]
  for (const uri of outside) {
    await expect(read(uri), uri).rejects.toThrow(/permission_denied|validation_error/)
    await expect(client.subscribeResource({ uri }), uri).rejects.toThrow('cannot be watched')
  }
  for (const file_path of ['../outside.txt', 'link', '.ssh/id_ed25519', '/etc/passwd'])
    await expect(client.getPrompt({ name: 'analyze_code', arguments: { file_path } })).rejects.toThrow(
      'permission_denied',
    )
  const ref = { type: 'ref/resource' as const, uri: 'file://{+path}' }
  for (const value of [`${base}/`, '/etc/', `${root}/.s`, `${root}/up/`, `${root}/.ssh/`])
    expect((await client.complete({ ref, argument: { name: 'path', value } })).completion.values).toEqual([])
})

test.each(Object.entries(ERAS))(
  'in %s a watched file is told of when it changes, is replaced, goes and comes back; not after',
  async (_, mode) => {
    const { client, updated, watch } = await start(mode)
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28')
    const file = join(root, 'a.txt')
    const next = async (change: () => void) => {
      updated.length = 0
      change()
      await expect.poll(() => updated, { timeout: 20_000 }).toContain(uriOf(file))
    }
    const watched = await watch(uriOf(file), uriOf(root, 'b.txt'))
    await next(() => writeFileSync(file, 'comes'))
    await next(() => writeFileSync(file, 'other'))
    await next(() => {
      writeFileSync(join(root, 'new'), 'again')
      renameSync(join(root, 'new'), file)
    })
    await next(() => rmSync(file))
    expect(new Set(updated)).toEqual(new Set([uriOf(file)]))
    await watched.close()
    updated.length = 0
    const still = await watch(uriOf(root, 'b.txt'))
    writeFileSync(file, 'unheard')
    writeFileSync(join(root, 'b.txt'), 'heard')
    await expect.poll(() => [...new Set(updated)], { timeout: 20_000 }).toEqual([uriOf(root, 'b.txt')])
    await still.close()
  },
)

test('in the newer era no more is acknowledged than is watched', async () => {
  const { client } = await start(ERAS['the newer era'])
  const uris = [uriOf(root, 'a.txt'), uriOf(base, 'outside.txt'), 'log://application', 'config://settings', 'odd://x']
  const { honoredFilter } = await client.listen({ resourceSubscriptions: uris })
  expect(honoredFilter.resourceSubscriptions).toEqual([uris[0], uris[2], uris[3]])
})

test.each(Object.entries(ERAS))('in %s its log and settings are there to be read and listened to', async (_, mode) => {
  const { client, updated, read, watch } = await start(mode)
  const listed = (await client.listResources()).resources.map(one => one.uri)
  expect(listed.toSorted()).toEqual(['config://settings', 'log://application'])
  const settings = JSON.parse((await read('config://settings')).text!)
  expect(settings).toMatchObject({ folders: [root], mayWrite: false, LOG_LEVEL: 'debug' })
  await watch('log://application', 'config://settings')
  await client.callTool({ name: 'read_file', arguments: { path: 'nowhere' } })
  await expect.poll(() => updated, { timeout: 20_000 }).toContain('log://application')
  const lines = (await read('log://application')).text!.split('\n').map(line => JSON.parse(line))
  expect(lines).toContainEqual(expect.objectContaining({ tool: 'read_file', kind: 'not_found', level: 'warn' }))
})

test('the prompt hands over the file and says what to look at', async () => {
  const { client } = await start()
  writeFileSync(join(root, 'a.ts'), 'let x = 1')
  const args = { file_path: 'a.ts', focus_areas: 'security, tests' }
  const { messages } = await client.getPrompt({ name: 'analyze_code', arguments: args })
  const [words, file] = messages.map(one => one.content as { text?: string; resource?: object })
  expect(words?.text).toContain('Look above all at: security, tests.')
  expect(file?.resource).toEqual({ uri: uriOf(root, 'a.ts'), mimeType: 'text/x-typescript', text: 'let x = 1' })
  const ref = { type: 'ref/prompt' as const, name: 'analyze_code' }
  const { completion } = await client.complete({ ref, argument: { name: 'focus_areas', value: 'bugs,se' } })
  expect(completion.values).toEqual(['bugs, security'])
})
