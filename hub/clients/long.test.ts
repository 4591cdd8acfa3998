// A client's file of megabytes, as Claude Code's becomes: read, compared and shown around our entry alone.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Node, parseTree } from 'jsonc-parser'
import { afterEach, describe, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { grown, SECRET } from './fixtures/grown.ts'
import { known } from './known.ts'
import { LONG, longTree } from './long-json.ts'
import { readConfig } from './read-config.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

const code = known('claude-code')

function machine(text: string) {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-long-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  mkdirSync(join(home, 'data'), { mode: 0o700 })
  mkdirSync(join(home, '.claude'))
  const path = join(home, '.claude.json')
  writeFileSync(path, text)
  const db = openState(join(home, 'data'))
  closers.push(() => db.close())
  const key = randomBytes(32)
  const clients = new Clients({
    folder: { path: join(home, 'data') },
    db,
    key: () => key,
    audit: { append: async () => {} },
    announcer: new Announcer(),
    entry: { command: '/n', args: ['/main.ts'] },
    home,
    env: {},
    platform: 'linux',
  })
  closers.push(() => clients.close())
  return { path, clients }
}

const count = (node: Node): number => 1 + (node.children ?? []).reduce((sum, child) => sum + count(child), 0)

describe.each([
  ['on lines', 2],
  ['on one line', undefined],
])('2 MB %s', (_, indent) => {
  test('only what is around the entry is parsed into a tree, compared and shown', async () => {
    const text = grown(2_000_000, indent)
    const { path, clients } = machine(text)
    const config = readConfig(Buffer.from(text), code)
    expect(config.kind === 'config' && count(config.root!)).toBeLessThan(100)
    const preview = await clients.preview('claude-code', 'connect')
    expect(preview.diff).toMatch(/^\+.*"gatehouse"/m)
    expect(JSON.stringify(preview).length).toBeLessThan(10_000)
    expect(JSON.stringify(preview)).not.toContain(SECRET)
    expect(preview.warnings.join()).toContain('only the part with its servers is shown')
    await clients.connect('claude-code', preview.before)
    const { gatehouse, ...others } = JSON.parse(readFileSync(path, 'utf8')).mcpServers
    expect([gatehouse.command, Object.keys(others)]).toEqual(['/n', ['mine']])
    await clients.undo('claude-code')
    expect(readFileSync(path, 'utf8') === text).toBe(true)
  })
})

test('a long file that is not JSON is left alone, with its place', () => {
  const text = grown(LONG + 1, 2)
  const read = (changed: string) => readConfig(Buffer.from(changed), code)
  expect(read(text.slice(0, -3))).toMatchObject({ kind: 'unreadable', line: expect.any(Number) })
  expect(read(text.replace('"numStartups": 3,', '"numStartups": 3,,'))).toMatchObject({ kind: 'unreadable', line: 2 })
  expect(read(text.replace('"numStartups"', '"mcpServers"'))).toMatchObject({ what: expect.stringContaining('twice') })
  expect(read(`[${text}]`)).toMatchObject({ what: expect.stringContaining('an object in { } is missing') })
  const commented = readConfig(Buffer.from(`// mine\n${text}`), known('zed'))
  expect(commented).toMatchObject({ what: expect.stringContaining('must be plain JSON') })
  const yaml = `extensions:\n${'  a:\n    cmd: x\n'.repeat(20_000)}`
  expect(readConfig(Buffer.from(yaml), known('goose'))).toMatchObject({ what: expect.stringContaining('larger than') })
})

// Each value in every place where a scanner could lose its way.
const VALUES = [
  '1',
  '-1.5e+7',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"}{]["',
  'true',
  'null',
  '{}',
  '[]',
  '[1,{"a":["]"]}]',
  '{"mcpServers":{"x":1}}',
]

test('the short tree says of each member what the whole one says', () => {
  const place = ({ type, offset, length, children = [] }: Node) =>
    children.map(child => [
      type,
      offset,
      length,
      child.offset,
      child.length,
      child.colonOffset,
      child.children?.[0]?.value,
    ])
  for (const value of VALUES)
    for (const space of ['', ' ', '\r\n\t'])
      for (const parts of [
        ['{', '"a":', value, ',', '"mcpServers":', '{', '"x":', value, '}', ',', '"z"', ':', value, '}'],
        ['{', '"mcpServers"', ':', value, '}'],
        ['{', '}'],
      ]) {
        const text = space + parts.join(space) + space
        const [short, whole] = [longTree(text, ['mcpServers']), parseTree(text)!]
        expect([text, place(short)]).toEqual([text, place(whole)])
        const map = (root: Node) =>
          root.children?.find(child => child.children![0]!.value === 'mcpServers')?.children?.[1]
        if (map(whole)?.type === 'object') expect(place(map(short)!)).toEqual(place(map(whole)!))
      }
})
