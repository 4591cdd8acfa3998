// What holds for every edit of every file, to the byte: our entry in, another in its place, out again, and undone.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { getNodeValue, parseTree } from 'jsonc-parser'
import { parse } from 'smol-toml'
import { afterEach, describe, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'
import { anyJson, anyToml } from './fixtures/any-file.ts'
import { known } from './known.ts'
import { configPath } from './places.ts'
import { planPut, planTake } from './plan.ts'
import { type FileNow, hashOf } from './replace-file.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

const BOM = '\ufeff'
const ENTRY = { command: '/n', args: ['connect', '--client', 'x'], env: { GATEHOUSE_TOKEN: 'one' } }
const OTHER = { ...ENTRY, args: ['connect'], env: { GATEHOUSE_TOKEN: 'two' } }

const fileOf = (bytes: Buffer | null): FileNow => ({
  path: '/f',
  real: '/f',
  bytes,
  hash: bytes && hashOf(bytes),
  stat: null,
})

/** Another judge than the one that edits: what the text says, in the order it says it. */
const sayings: Record<string, (text: string) => unknown> = {
  json: text => getNodeValue(parseTree(text || '{}', [], { allowTrailingComma: true })!),
  toml: text => parse(text, { integersAsBigInt: true }),
}

/** The same without our entry, and without maps that are empty then. */
function restOf(value: unknown, [key, ...path]: readonly string[]): unknown {
  const map = { ...(value as Record<string, unknown>) }
  if (key === undefined) delete map.gatehouse
  else if (map[key] !== undefined) map[key] = restOf(map[key], path)
  if (key !== undefined && Object.keys((map[key] ?? {}) as object).length === 0) delete map[key]
  return map
}

const told = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each === Infinity ? 'inf' : each))

const wordsOf = (text: string, comments: boolean) =>
  comments ? (text.match(/\/\* , \} \*\/|\/\/ \}|# (about it|eol|c)/g) ?? []) : []

const cases = [
  ['strict JSON', 'claude-code', anyJson(false)],
  ['JSON with comments and trailing commas', 'vscode', anyJson(true)],
  ['strict JSON whose reader takes no mark', 'claude-desktop', anyJson(false)],
  ['TOML', 'codex', anyToml()],
] as const

const nothing = fc.constantFrom('', ' ', '\n', '\r\n\r\n')

describe.each(cases)('%s', (_, id, anyFile) => {
  const client = known(id)
  const { keyPath, bom, comments, format } = client.config
  const read = (bytes: Buffer | null) =>
    sayings[format]!((bytes?.toString() ?? '').replace(BOM, '').replace(/^\s+$/, ''))
  const rest = (bytes: Buffer | null) => told(restOf(read(bytes), keyPath))

  test('property: in, replaced, out', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: anyFile }, nothing), fc.boolean(), (text, marked) => {
        const bytes = Buffer.from((marked ? BOM : '') + text)
        const put = planPut(fileOf(bytes), client, ENTRY)
        const again = planPut(fileOf(put.after), client, OTHER)
        const hadOurs = told(read(bytes)).includes('"gatehouse"')
        for (const [plan, entry] of [
          [put, ENTRY],
          [again, OTHER],
        ] as const) {
          const after = plan.after!
          const servers = keyPath.reduce((map, key) => (map as Record<string, never>)[key]!, read(after)) as {
            gatehouse: unknown
          }
          expect(servers.gatehouse).toEqual(entry)
          expect(rest(after)).toBe(rest(bytes))
          expect(after.toString().startsWith(BOM)).toBe(marked && bom === 'kept')
          if (!hadOurs) expect(wordsOf(after.toString(), comments !== 'no')).toEqual(wordsOf(text, comments !== 'no'))
        }
        // The same entry again changes nothing; the other one changes itself alone.
        expect(planPut(fileOf(put.after), client, ENTRY).after!.equals(put.after!)).toBe(true)
        expect(planPut(fileOf(again.after), client, ENTRY).after!.equals(put.after!)).toBe(true)
        const out = planTake(fileOf(again.after), client, put.created).after!
        expect(planTake(fileOf(put.after), client, put.created).after!.equals(out)).toBe(true)
        expect(rest(out)).toBe(rest(bytes))
        expect(told(read(out))).not.toContain('GATEHOUSE_TOKEN')
        // Line ends are those of the file.
        if (/\r\n/.test(text) && !/[^\r]\n|\r(?!\n)/.test(text)) expect(put.after!.toString()).not.toMatch(/[^\r]\n/)
      }),
      { numRuns: 200, seed: 20261121 },
    )
  })

  test('a file that is not there is made, and taken away', () => {
    const { after, created } = planPut(fileOf(null), client, ENTRY)
    expect(rest(after)).toBe(rest(null))
    expect(told(read(planTake(fileOf(after), client, created).after))).not.toContain('gatehouse')
  })

  test('a name that is there twice is refused, wherever it counts', () => {
    const twice =
      format === 'toml'
        ? ['[mcp_servers.a]\nx=1\n[mcp_servers.a]\n', '[mcp_servers]\na={}\na={}\n', 'mcp_servers={}\n[mcp_servers]\n']
        : [`{"${keyPath[0]}":{"a":{},"a":{}}}`, `{"${keyPath[0]}":{},"b":1,"${keyPath[0]}":{}}`]
    for (const text of twice)
      expect(() => planPut(fileOf(Buffer.from(text)), client, ENTRY)).toThrow(/cannot be read. Line \d+, column \d+/)
  })

  test('undo gives the same bytes back, whatever was done in between', async () => {
    const home = mkdtempSync(join(tmpdir(), 'gatehouse-invariants-'))
    closers.push(() => rmSync(home, { recursive: true, force: true }))
    mkdirSync(join(home, 'data'), { mode: 0o700 })
    for (const folder of ['.claude', '.codex', '.config/Code/User', '.config/Claude'])
      mkdirSync(join(home, folder), { recursive: true })
    const db = openState(join(home, 'data'))
    closers.push(() => db.close())
    const [key, at] = [randomBytes(32), { home, env: {}, platform: 'linux' as const }]
    const [folder, entry] = [{ path: join(home, 'data') }, { command: '/n', args: ['/main.ts'] }]
    const audit = { append: async () => {} }
    const clients = new Clients({
      folder,
      db,
      key: () => key,
      audit,
      announcer: new Announcer(),
      entry,
      guards: false,
      ...at,
    })
    closers.push(() => clients.close())
    const path = configPath(client, at)!
    mkdirSync(dirname(path), { recursive: true })
    const files = [null, ...fc.sample(anyFile, { numRuns: 5, seed: 7 }).flatMap(text => [text, BOM + text])]
    for (const text of files) {
      if (text === null) rmSync(path, { force: true })
      else writeFileSync(path, text)
      await clients.connect(id)
      await clients.replaceToken(id)
      await clients.undo(id)
      expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(text)
    }
  })
})
