// What comes at the files server from hostile names, patterns and programs beside it.
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withFile, withFolder } from '../kit/open-file.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { changesInTurn } from './changing.ts'
import { writeWhole } from './writing.ts'

let base: string
let root: string
const started: Started[] = []
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
  root = join(base, 'root')
  mkdirSync(root)
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.client.close()
  rmSync(base, { recursive: true, force: true })
})

async function start(env: Record<string, string> = {}, folder = root): Promise<Started['call']> {
  const all = { HOME: base, FILES_TRASH: join(base, 'trash'), ...env }
  const server = await startServer('files', all, [folder, '--allow-writing'])
  started.push(server)
  return server.call
}

test('a glob of many stars is answered at once, and one that cannot be read is said', async () => {
  const call = await start()
  writeFileSync(join(root, 'a'.repeat(250)), '')
  const { failed, data } = await call('list_files', { directory: '.', pattern: `${'*a'.repeat(30)}*b` })
  expect([failed, data.entries]).toEqual([false, []])
  const odd = await call('search_files', { directory: '.', query: 'x', pattern: '{a' })
  expect(odd.text).toContain('a { is not closed')
})

test('a pattern that keeps a processor busy is ended in time, and other calls are answered meanwhile', async () => {
  const call = await start({ CALL_TIMEOUT_MS: '4000' })
  writeFileSync(join(root, 'long'), 'xab'.repeat(300_000))
  const over: string[] = []
  const slow = call('search_files', { directory: '.', query: '(.?){500}[yz]$', regex: true })
  const quick = call('read_file', { path: 'long', length: 10 })
  await Promise.all([slow.then(() => over.push('slow')), quick.then(() => over.push('quick'))])
  expect([over, (await slow).data.error.kind, (await quick).failed]).toEqual([['quick', 'slow'], 'timeout', false])
  expect((await call('search_files', { directory: '.', query: 'a{1001}', regex: true })).text).toContain('RE2')
})

test('a page holds at least one character, so that every text can be read to its end', async () => {
  const call = await start()
  const text = '\uFEFFa€😀ü'.repeat(3)
  for (const [encoding, bytes] of [
    ['utf-8', Buffer.from(text)],
    ['utf-16le', Buffer.from(text, 'utf16le')],
  ] as const)
    for (const length of [1, 2, 3, 6]) {
      writeFileSync(join(root, 'text'), bytes)
      let whole = ''
      let pages = 0
      for (let offset: number | null = 0; offset !== null && pages < 100; pages++) {
        const { data, content }: Awaited<ReturnType<typeof call>> = await call('read_file', {
          path: 'text',
          offset,
          length,
          encoding,
        })
        whole += data.text
        offset = data.nextOffset
        expect(content[1]?.text ?? null).toEqual(offset === null ? null : expect.stringContaining(`offset ${offset}`))
      }
      expect([encoding, length, whole]).toEqual([encoding, length, text])
    }
  expect((await call('read_file', { path: 'text' })).text).toContain('encoding utf-16le')
})

test('no answer is longer than clients take, and a large file is read by pages to its end', async () => {
  const call = await start()
  const written = await call('write_file', { path: 'big', content: '€'.repeat(3 * 1024 * 1024) })
  expect(written.data.bytes).toBe(9 * 1024 * 1024)
  writeFileSync(join(root, 'odd'), '\x01'.repeat(3 * 1024 * 1024))
  for (const [path, total] of [
    ['big', 9],
    ['odd', 3],
  ] as const) {
    let read = 0
    for (let offset: number | null = 0; offset !== null; ) {
      const { data, failed }: Awaited<ReturnType<typeof call>> = await call('read_file', {
        path,
        offset,
        length: 10 * 1024 * 1024,
      })
      expect([failed, data.offset, data.bytes > 0]).toEqual([false, read, true])
      read += data.bytes
      offset = data.nextOffset
    }
    expect([path, read]).toEqual([path, total * 1024 * 1024])
  }
  writeFileSync(join(root, 'picture'), Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(7 * 1024 * 1024 - 6)]))
  expect((await call('read_file', { path: 'picture' })).data).toMatchObject({ kind: 'image', bytes: 7 * 1024 * 1024 })
  writeFileSync(join(root, 'picture'), Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(7 * 1024 * 1024)]))
  expect((await call('read_file', { path: 'picture' })).text).toContain('smaller copy')
})

test('of many who write what they read at the same time one wins, and no move overwrites another', async () => {
  const call = await start({ MAX_AT_ONCE: '50' })
  const { sha256: ifMatch } = (await call('write_file', { path: 'a', content: 'first' })).data
  const writes = Array.from({ length: 10 }, (_, n) => call('write_file', { path: 'a', content: `${n}`, ifMatch }))
  const kinds = (await Promise.all(writes)).map(one => one.data.error?.kind ?? 'written')
  expect(kinds.toSorted()).toEqual([...Array(9).fill('conflict'), 'written'])
  for (let n = 0; n < 10; n++) writeFileSync(join(root, `from${n}`), `${n}`)
  const moves = Array.from({ length: 10 }, (_, n) => call('move_file', { from: `from${n}`, to: 'to' }))
  const moved = (await Promise.all(moves)).filter(one => !one.failed)
  expect([moved.length, readdirSync(root).length]).toEqual([1, 11])
})

test.skipIf(process.platform !== 'linux')(
  'a folder that was swapped for a link after its path was checked is not entered',
  async () => {
    mkdirSync(join(base, 'secret', 'sub'), { recursive: true })
    writeFileSync(join(base, 'secret', 'key'), 'PRIVATE')
    symlinkSync(join(base, 'secret'), join(root, 'swapped'))
    const swapped = join(root, 'swapped')
    await expect(withFile(join(swapped, 'key'), async () => 'read')).rejects.toThrow('moved or replaced')
    await expect(withFolder(join(swapped, 'sub'), async () => 'read')).rejects.toThrow('moved or replaced')
    await expect(writeWhole(join(swapped, 'key'), 'mine')).rejects.toThrow()
    // And one that is swapped afterwards is still the one that was opened.
    mkdirSync(join(root, 'open'))
    await withFolder(join(root, 'open'), async held => {
      rmSync(join(root, 'open'), { recursive: true })
      symlinkSync(join(base, 'secret'), join(root, 'open'))
      expect(() => readdirSync(held)).not.toThrow()
      expect(readdirSync(held)).toEqual([])
    })
    expect(readFileSync(join(base, 'secret', 'key'), 'utf8')).toBe('PRIVATE')
  },
)

test.skipIf(process.platform === 'win32')('pipes are seen and never waited for', async () => {
  const call = await start()
  execFileSync('mkfifo', [join(root, 'pipe')])
  expect((await call('list_files', { directory: '.' })).data.entries).toMatchObject([{ kind: 'other', size: null }])
  expect((await call('get_file_info', { path: 'pipe' })).data).toMatchObject({ kind: 'other', sha256: null })
  for (const [tool, args] of [
    ['read_file', { path: 'pipe' }],
    ['write_file', { path: 'pipe', content: 'x' }],
  ] as const)
    expect((await call(tool, args)).data.error.kind).toBe('validation_error')
  expect((await call('hash_files', { paths: ['pipe'] })).data.files[0].problem).toContain('not a regular file')
  expect((await call('search_files', { directory: '.', query: 'x' })).data).toEqual({ matches: [], skipped: 0 })
  expect((await call('delete_file', { path: 'pipe' })).failed).toBe(false)
})

test('a list of what is no folder, too long a name, half a character and too many bytes are said', async () => {
  const call = await start()
  writeFileSync(join(root, 'a.txt'), '')
  expect((await call('list_files', { directory: 'a.txt' })).text).toContain('where a folder is needed')
  expect((await call('search_files', { directory: 'a.txt', query: 'x' })).failed).toBe(true)
  const longest = '東'.repeat(85)
  expect((await call('write_file', { path: longest, content: 'x' })).failed).toBe(false)
  const tooLong = await call('write_file', { path: `${longest}東`, content: 'x' })
  expect(tooLong.data.error).toMatchObject({ kind: 'validation_error', message: expect.stringContaining('too long') })
  const half = await call('write_file', { path: 'half', content: 'a\ud83d' })
  expect(half.text).toContain('half of a character')
  const wide = await call('write_file', { path: 'wide', content: '€'.repeat(4 * 1024 * 1024) })
  expect(wide.text).toContain('can be written')
  expect(readdirSync(root).toSorted()).toEqual(['a.txt', longest])
  expect((await call('create_folder', { path: 'new' })).data).toEqual({ path: join(root, 'new') })
  expect((await call('write_file', { path: 'new/a', content: 'x' })).failed).toBe(false)
  expect((await call('create_folder', { path: 'new' })).data.error.kind).toBe('conflict')
  expect((await call('create_folder', { path: '../new' })).data.error.kind).toBe('permission_denied')
})

test('a search shows what it found in a long line, knows a mark at the beginning, and says what it left out', async () => {
  const call = await start()
  writeFileSync(join(root, 'a.min.js'), `\uFEFFstart ${'😀'.repeat(2_000)}needle${'y'.repeat(2_000)}`)
  writeFileSync(join(root, 'binary'), Buffer.from([0]))
  const found = await call('search_files', { directory: '.', query: 'NEEDLE' })
  expect(found.data.matches[0].text).toContain('needle')
  expect(found.data.matches[0].text.length).toBeLessThan(510)
  expect([found.data.skipped, found.text]).toEqual([1, expect.stringContaining('1 files or folders were not searched')])
  expect((await call('search_files', { directory: '.', query: '^start', regex: true })).data.matches).toHaveLength(1)
})

test('a search of very much comes in pages, and one whose file is gone goes on', async () => {
  const call = await start()
  mkdirSync(join(root, 'big'))
  for (let n = 10; n < 70; n++) {
    writeFileSync(join(root, 'big', `${n}`), '')
    truncateSync(join(root, 'big', `${n}`), 5 * 1024 * 1024)
  }
  writeFileSync(join(root, 'z.txt'), 'needle')
  const first = await call('search_files', { directory: '.', query: 'needle' })
  expect(first.data.matches).toEqual([])
  expect(first.text).toContain('so far')
  rmSync(join(root, 'big'), { recursive: true })
  const second = await call('search_files', { directory: '.', query: 'needle', cursor: first.data.nextCursor })
  expect(second.data).toEqual({ matches: [{ path: join(root, 'z.txt'), line: 1, text: 'needle' }], skipped: 0 })
})

test('the trash shows what was deleted here and nowhere else, and is emptied of what is old', async () => {
  const call = await start()
  writeFileSync(join(root, 'a.txt'), 'one')
  const { trashId } = (await call('delete_file', { path: 'a.txt' })).data
  expect((await call('list_trash')).data).toMatchObject({
    trashed: [{ trashId, from: join(root, 'a.txt'), kind: 'file', size: 3 }],
    total: 1,
  })
  mkdirSync(join(base, 'other'))
  const other = await start({}, join(base, 'other'))
  expect((await other('list_trash')).data.trashed).toEqual([])
  expect((await other('restore_file', { trashId, to: 'mine' })).data.error.kind).toBe('permission_denied')
  rmSync(root, { recursive: true })
  mkdirSync(root)
  expect((await call('restore_file', { trashId })).data).toEqual({ path: join(root, 'a.txt') })

  const old = (await call('delete_file', { path: 'a.txt' })).data.trashId
  const note = join(base, 'trash', old, 'note.json')
  const text = readFileSync(note, 'utf8').replace(/"at":"\d{4}/, '"at":"2001')
  writeFileSync(note, text)
  utimesSync(note, 1, 1)
  const later = await start()
  await later('write_file', { path: 'b', content: '1' })
  expect(readdirSync(join(base, 'trash'))).toContain(old)
  await later('write_file', { path: 'b', content: '2' })
  expect(readdirSync(join(base, 'trash'))).not.toContain(old)
})

test('a change that is taken back while others go before it is not made', async () => {
  const change = changesInTurn(true)
  const { promise: begun, resolve: end } = Promise.withResolvers<void>()
  const [stays, goes] = [new AbortController(), new AbortController()]
  const made: string[] = []
  const make = (name: string) => async () => {
    await begun
    made.push(name)
    return { text: name, data: {} }
  }
  const all = [change('a', stays, make('a')), change('b', goes, make('b')), change('c', stays, make('c'))]
  goes.abort()
  end()
  expect((await Promise.allSettled(all)).map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(made).toEqual(['a', 'c'])
})
