import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, expect, test } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')
let base: string
let root: string
let home: string
const clients: Client[] = []

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
  root = join(base, 'root')
  home = join(base, 'home')
  mkdirSync(root)
  mkdirSync(join(home, '.ssh'), { recursive: true })
  writeFileSync(join(home, '.ssh', 'id_ed25519'), 'PRIVATE')
  writeFileSync(join(base, 'outside.txt'), 'outside')
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

async function start(args: string[], env: Record<string, string> = {}) {
  const client = new Client({ name: 'test', version: '1' })
  clients.push(client)
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [main, ...args],
      env: { HOME: home, PATH: process.env.PATH ?? '', FILES_TRASH: join(base, 'trash'), ...env },
      stderr: 'ignore',
    }),
  )
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args })
    const all = result.content as { type: string; text?: string }[]
    return {
      failed: result.isError === true,
      text: all[0]?.text ?? '',
      // biome-ignore lint/suspicious/noExplicitAny: each tool has its own shape, read by the test that called it
      data: result.structuredContent as any,
      content: all,
    }
  }
  return { client, call }
}

test('a file is written, read, found, moved, deleted and restored', async () => {
  const { call } = await start([root, '--allow-writing'])
  const written = await call('write_file', { path: 'a.txt', content: 'eins\nzwei ü\n' })
  expect(written.data).toMatchObject({ path: join(root, 'a.txt'), bytes: 13, previousTrashId: null })
  expect((await call('read_file', { path: 'a.txt' })).data).toMatchObject({ text: 'eins\nzwei ü\n', nextOffset: null })
  expect((await call('search_files', { directory: '.', query: 'ZWEI' })).data.matches).toEqual([
    { path: join(root, 'a.txt'), line: 2, text: 'zwei ü' },
  ])
  await call('move_file', { from: 'a.txt', to: 'b.txt' })
  const { trashId } = (await call('delete_file', { path: 'b.txt' })).data
  expect(readdirSync(root)).toEqual([])
  await call('restore_file', { trashId })
  expect(readFileSync(join(root, 'b.txt'), 'utf8')).toBe('eins\nzwei ü\n')
})

test('writing over a file keeps what was there, and ifMatch refuses a file that changed', async () => {
  const { call } = await start([root, '--allow-writing'])
  writeFileSync(join(root, 'a.txt'), 'one')
  const { sha256 } = (await call('get_file_info', { path: 'a.txt' })).data
  writeFileSync(join(root, 'a.txt'), 'two')
  const refused = await call('write_file', { path: 'a.txt', content: 'three', ifMatch: sha256 })
  expect(refused.text).toContain('conflict')
  const { previousTrashId } = (await call('write_file', { path: 'a.txt', content: 'three' })).data
  await call('restore_file', { trashId: previousTrashId, to: 'old.txt' })
  expect(readFileSync(join(root, 'old.txt'), 'utf8')).toBe('two')
})

test('nothing outside the root can be reached: dots, absolute paths, links, links made of folders, zero bytes', async () => {
  const { call } = await start([root, '--allow-writing'])
  symlinkSync(join(base, 'outside.txt'), join(root, 'link'))
  symlinkSync(base, join(root, 'up'))
  symlinkSync(join(base, 'not-there-yet'), join(root, 'dangling'))
  for (const path of [
    '../outside.txt',
    join(base, 'outside.txt'),
    'link',
    'up/outside.txt',
    '/etc/passwd',
    'x/../../outside.txt',
    '../nothing-here',
    'a\0b',
  ]) {
    for (const [tool, args] of [
      ['read_file', { path }],
      ['get_file_info', { path }],
      ['write_file', { path, content: 'x' }],
    ] as const) {
      const result = await call(tool, args)
      expect([tool, path, result.failed, /permission_denied|validation_error|not_found/.test(result.text)]).toEqual([
        tool,
        path,
        true,
        true,
      ])
    }
  }
  // A link that points nowhere is replaced, never followed.
  await call('write_file', { path: 'dangling', content: 'x' })
  expect(readdirSync(base)).not.toContain('not-there-yet')
  expect(readFileSync(join(base, 'outside.txt'), 'utf8')).toBe('outside')
  expect((await call('move_file', { from: '../outside.txt', to: 'mine' })).failed).toBe(true)
  expect((await call('delete_file', { path: 'up/outside.txt' })).failed).toBe(true)
  expect((await call('delete_file', { path: '.' })).failed).toBe(true)
})

test('keys are refused even inside a root, by name and through the folder that holds them', async () => {
  const { call } = await start([home, '--allow-writing'])
  expect((await call('read_file', { path: '.ssh/id_ed25519' })).text).toContain('never enters')
  expect((await call('delete_file', { path: '.ssh' })).failed).toBe(true)
  mkdirSync(join(home, '.config', 'Claude'), { recursive: true })
  expect((await call('move_file', { from: '.config', to: 'free' })).text).toContain('never touches')
  expect((await call('list_files', { directory: '.', pattern: '**' })).text).not.toContain('id_ed25519')
  expect((await call('search_files', { directory: '.', query: 'PRIVATE' })).data.matches).toEqual([])
})

test('without a root nothing is read, without --allow-writing nothing is changed, and both say so', async () => {
  const none = await start([])
  expect((await none.call('read_file', { path: '/etc/hostname' })).text).toContain('No folder was named')
  const { call, client } = await start([root])
  expect((await call('write_file', { path: 'a', content: 'x' })).text).toContain('for reading only')
  const { tools } = await client.listTools()
  expect(
    Object.fromEntries(
      tools.map(tool => [tool.name, [tool.annotations?.readOnlyHint, tool.annotations?.destructiveHint]]),
    ),
  ).toEqual({
    list_files: [true, false],
    get_file_info: [true, false],
    read_file: [true, false],
    hash_files: [true, false],
    search_files: [true, false],
    write_file: [false, true],
    move_file: [false, false],
    create_folder: [false, false],
    delete_file: [false, true],
    list_trash: [true, false],
    restore_file: [false, false],
  })
})

test('lists come in pages that together hold every entry once, in order', async () => {
  const { call } = await start([root])
  const names = ['a/x.ts', 'a-b.ts', 'a/sub/y.ts', 'b.ts', 'a.ts', 'z/q.ts']
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), 'needle\nneedle\n')
  }
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const { data, text } = await call('list_files', {
      directory: '.',
      pattern: '**/*.ts',
      limit: 2,
      ...(cursor ? { cursor } : {}),
    })
    seen.push(...data.entries.map((one: { path: string }) => one.path.slice(root.length + 1)))
    cursor = data.nextCursor
    if (!cursor) break
    expect(text).toContain(`call again with cursor: "${cursor}"`)
    expect((await call('list_files', { directory: 'a', pattern: '**', cursor })).text).toContain('of another list')
  } while (cursor)
  expect([...seen].sort()).toEqual([...names].sort())
  const lines: string[] = []
  do {
    const { data } = await call('search_files', {
      directory: '.',
      query: 'needle',
      limit: 5,
      ...(cursor ? { cursor } : {}),
    })
    lines.push(
      ...data.matches.map((one: { path: string; line: number }) => `${one.path.slice(root.length + 1)}:${one.line}`),
    )
    cursor = data.nextCursor
    if (cursor)
      expect((await call('search_files', { directory: '.', query: 'x', cursor })).text).toContain('of another list')
  } while (cursor)
  expect([...new Set(lines)].length).toBe(12)
  expect(lines.length).toBe(12)
})

test('binary is refused as text, images come as images, long texts by whole characters', async () => {
  const { call } = await start([root])
  writeFileSync(join(root, 'bin'), Buffer.from([1, 0, 2]))
  expect((await call('read_file', { path: 'bin' })).text).toContain('not utf-8 text')
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  writeFileSync(join(root, 'picture.txt'), png)
  expect((await call('read_file', { path: 'picture.txt' })).content[1]).toMatchObject({
    type: 'image',
    mimeType: 'image/png',
    data: png.toString('base64'),
  })
  writeFileSync(join(root, 'long'), 'aü€😀'.repeat(50))
  let text = ''
  for (let offset: number | null = 0; offset !== null; ) {
    const { data } = await call('read_file', { path: 'long', offset, length: 7 })
    text += data.text
    offset = data.nextOffset
  }
  expect(text).toBe('aü€😀'.repeat(50))
  writeFileSync(join(root, 'latin'), Buffer.from([0x67, 0xfc, 0x74]))
  expect((await call('read_file', { path: 'latin' })).text).toContain('latin1')
})

test('a pattern that would hang other engines is answered at once', async () => {
  const { call } = await start([root])
  writeFileSync(join(root, 'evil'), `${'a'.repeat(50_000)}!`)
  expect((await call('search_files', { directory: '.', query: '(a+)+$', regex: true })).failed).toBe(false)
  expect((await call('search_files', { directory: '.', query: '(?=a)', regex: true })).text).toContain('RE2')
})

test('a folder it is told to keep out of is refused, also as part of a bigger one', async () => {
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'data', 'state.db'), 'rows')
  const { call } = await start([root, '--allow-writing'], { KEEP_OUT: join(root, 'data') })
  expect((await call('read_file', { path: 'data/state.db' })).text).toContain('never enters')
  expect((await call('write_file', { path: 'data/config.json', content: '{}' })).failed).toBe(true)
  expect((await call('move_file', { from: 'data', to: 'elsewhere' })).failed).toBe(true)
  expect((await call('list_files', { directory: '.', pattern: '**' })).text).toBe('Nothing here.')
})

test('many files are hashed at once, in order, with progress; one that may not be read harms no other', async () => {
  const { client } = await start([root])
  for (let n = 0; n < 20; n++) writeFileSync(join(root, `f${n}`), `${n}`)
  const paths = [...Array.from({ length: 20 }, (_, n) => `f${n}`), '../outside.txt', 'gone']
  const told: number[] = []
  const options = { onprogress: ({ progress }: { progress: number }) => void told.push(progress) }
  const { structuredContent } = await client.callTool({ name: 'hash_files', arguments: { paths } }, options)
  const { files } = structuredContent as { files: { path: string; sha256: string | null; problem?: string }[] }
  expect(files.slice(0, 20).map(one => one.sha256)).toEqual(
    Array.from({ length: 20 }, (_, n) => createHash('sha256').update(`${n}`).digest('hex')),
  )
  expect(files.slice(20).map(one => one.problem)).toEqual([
    expect.stringContaining('outside the folders'),
    expect.stringContaining('does not exist'),
  ])
  // Clients lose what comes together with the answer.
  expect(told.length).toBeGreaterThan(0)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
})
