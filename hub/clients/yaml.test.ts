// YAML files: our entry in and out, nothing else moved, in files as people lay them out.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { applySplices } from './edit.ts'
import { placeIn } from './entry.ts'
import { maskedYaml } from './mask-yaml.ts'
import { type Config, readConfig } from './read-config.ts'
import { isSameButFor } from './same-but-for.ts'
import { KNOWN_CLIENTS } from './table.ts'
import { putYaml, takeYaml } from './yaml.ts'

const goose = KNOWN_CLIENTS.find(each => each.id === 'goose')!
const place = placeIn(goose)
const entry = {
  cmd: '/n',
  args: ['/main.ts', 'a: b #c'],
  envs: { GATEHOUSE_TOKEN: 'gh_x' },
  enabled: true,
  timeout: 300,
}

function read(text: string): Config {
  const config = readConfig(Buffer.from(text), goose)
  if (config.kind === 'config') return config
  throw new Error(config.what)
}

function put(text: string, what: { [key: string]: string | string[] } = entry as never): string {
  const splices = putYaml(text, read(text).yaml!, place, what)
  return splices ? applySplices(text, splices) : 'barred'
}

function take(text: string, created = 0): string {
  return applySplices(text, takeYaml(text, read(text).yaml!, place, created))
}

const shown = `gatehouse:
    cmd: "/n"
    args:
      - "/main.ts"
      - "a: b #c"
    envs:
      GATEHOUSE_TOKEN: "gh_x"
    enabled: true
    timeout: 300
`

test('a file with none gets the map and the entry; one that is empty, too', () => {
  for (const before of ['', '# mine\n', '---\n', 'a: 1\n', 'a: 1', '\n\n']) {
    const after = put(before)
    expect(parse(after)).toEqual({ ...(parse(before) as object | null), extensions: { gatehouse: entry } })
    expect(after).toContain(`extensions:\n  ${shown.trimEnd()}`)
  }
  expect(put('a: 1\n# end')).toBe(`a: 1\nextensions:\n  ${shown.trimEnd()}\n# end`)
})

test.each([
  ['two spaces', 'extensions:\n  a:\n    cmd: x\n'],
  [
    'four spaces and comments',
    'extensions: # all\n    # one\n    a: # two\n        cmd: x # three\n    # four\nlast: 1 # five\n',
  ],
  ['no line end at the end', 'extensions:\n  a:\n    args: [ 1,\n      2 ]'],
  ['a block of text at the end', 'extensions:\n  a:\n    text: |\n      one # two\n\n      three\n'],
  ['a block that keeps its line ends', 'extensions:\n  a:\n    text: |+\n      one\n\n\nlast: 1\n'],
  ['a folded block, no line end', 'extensions:\n  a:\n    text: >-\n      one\n      two'],
  ['names in quotes', '"extensions":\n  "a b": {cmd: x}\n'],
  ['the map in one line', 'extensions: {a: {cmd: x}}\nb: 1\n'],
  ['the map in one line over lines', 'extensions: {\n  # why\n  a: {cmd: x}, # x\n}\n'],
  ['JSON', '{"extensions": {"a": {"cmd": "x"}}, "b": 1}'],
  ['anchors', 'base: &base\n  timeout: 3\nextensions:\n  a:\n    <<: *base\n    cmd: x\n'],
  ['a list at the end', 'extensions:\n  a:\n    args:\n    - x\n    - y: 1\n      z: 2\n\n\nlast: ~\n'],
  ['a name without a value at the end', 'extensions:\n  a:\n    cmd:\n'],
  ['umlauts and emoji', 'extensions:\n  ü:\n    cmd: "😀"\n'],
])('%s: the entry goes in and out, and every byte is as before', (_, before) => {
  for (const eol of ['\n', '\r\n']) {
    const text = before.replaceAll('\n', eol)
    const after = put(text)
    expect(isSameButFor(place, read(text), read(after))).toBe(true)
    expect((parse(after) as { extensions: object }).extensions).toMatchObject({ gatehouse: entry })
    if (eol === '\r\n') expect(after.replaceAll('\r\n', '')).not.toContain('\n')
    for (const [comment] of text.matchAll(/(?<=\s)#.*/g)) expect(after).toContain(comment)
    expect(take(after)).toBe(text)
    // Replaced, nothing else moves.
    const again = put(after, { cmd: 'new' })
    expect(parse(again)).toEqual({
      ...(parse(text) as object),
      extensions: { ...(parse(text) as { extensions: object }).extensions, gatehouse: { cmd: 'new' } },
    })
    expect(take(again)).toBe(text)
  }
})

test.each([
  ['extensions:\n', 'extensions: {}\n'],
  ['extensions:   # none yet\nb: 1\n', 'extensions: {}   # none yet\nb: 1\n'],
  ['extensions: {}\n', 'extensions: {}\n'],
  ['extensions: {} # none\nb: 1\n', 'extensions: {} # none\nb: 1\n'],
  ['extensions: null\nb: 1\n', 'extensions: {}\nb: 1\n'],
  ['extensions: ~', 'extensions: {}'],
  ['b: 1\nextensions:', 'b: 1\nextensions: {}'],
])('%j: named but empty', (before, left) => {
  const after = put(before)
  expect(parse(after)).toEqual({ ...(parse(before) as object), extensions: { gatehouse: entry } })
  expect(take(after)).toBe(left)
})

test('maps that were made for it go with it', () => {
  for (const before of ['a: 1\n', '# x\na: 1\n\n', 'a: 1\nb:\n  c: 2\n']) expect(take(put(before), 1)).toBe(before)
})

test('what is no map is left alone', () => {
  expect(put('extensions: 3\n')).toBe('barred')
  expect(put('extensions: [a]\n')).toBe('barred')
  expect(() => read('- a\n')).toThrow('Line 1, column 1')
  expect(() => read('a:\n  b: 1\n c: 2\n')).toThrow(/Line 3, column \d+: \S/)
  expect(() => read('extensions:\n  a: {}\n  a: {}\n')).toThrow(/Line \d, column \d+: .*twice/)
  expect(() => read('a: "x\n')).toThrow(/Line \d/)
})

test('secrets are not shown: by their place, their name, their shape, in comments and blocks', () => {
  const text = `extensions:
  a:
    envs: {LOG: debug, KEY: not-a-real-key} # ghp_0123456789abcdef0123
    headers:
      X: |
        hidden
    api_key: hush
    args: [--token, hush2, plain]
    enabled: true
`
  expect(maskedYaml(text, read(text).yaml!)).toBe(
    `extensions:
  a:
    envs: {LOG: "•••", KEY: "•••"} # •••
    headers:
      X: "•••"
    api_key: "•••"
    args: [--token, "•••", plain]
    enabled: true
`,
  )
})

const name = fc.stringMatching(/^[a-z][a-z0-9_ -]{0,8}[a-z0-9]$/)
const scalar = fc.oneof(
  fc.stringMatching(/^[a-z0-9/._-]{1,12}$/).map(text => JSON.stringify(text)),
  fc.constantFrom('true', '3', '1.0', "'it''s'", 'plain words', '~', '0x1f', '[ 1, 2 ]', '{ x: y }', '""'),
)
const comment = fc.constantFrom('', '', ' # note', '   # {odd: "note', ' #')
/** An extension as lines at four possible indentations, with comments and blank lines between. */
const server = fc.tuple(
  name,
  fc.array(fc.tuple(name, scalar, comment, fc.constantFrom('', '\n', '    # own line\n')), {
    minLength: 1,
    maxLength: 4,
  }),
)

test('invariants: the rest says the same, comments stay, bytes outside are equal, in and out gives the file back', () => {
  const file = fc.tuple(
    fc.uniqueArray(server, { selector: ([key]) => key, minLength: 1, maxLength: 4 }),
    fc.constantFrom('  ', '    '),
    fc.constantFrom('\n', '\r\n'),
    fc.constantFrom('', '# top\n', 'first: 1\n\n'),
    fc.constantFrom('', 'last: 1', 'last: |\n  x\n', '\n\n# end\n'),
    comment,
  )
  let readable = 0
  fc.assert(
    fc.property(file, ([servers, unit, eol, head, tail, note]) => {
      const body = servers.map(([key, members]) => {
        const seen = new Set<string>()
        const own = members.filter(([member]) => !seen.has(member) && seen.add(member))
        return `${unit}${key}:${note}\n${own.map(([member, value, after, gap]) => `${unit}${unit}${member}: ${value}${after}\n${gap}`).join('')}`
      })
      const text = `${head}extensions:${note}\n${body.join('')}${tail}`.replaceAll('\n', eol)
      const config = readConfig(Buffer.from(text), goose)
      if (config.kind !== 'config') return
      readable++
      const after = put(text)
      expect(isSameButFor(place, config, read(after))).toBe(true)
      expect((parse(after) as { extensions: { gatehouse: unknown } }).extensions.gatehouse).toEqual(entry)
      const [splice] = putYaml(text, config.yaml!, place, entry)!
      expect(
        after.startsWith(text.slice(0, splice!.at)) && after.endsWith(text.slice(splice!.at + splice!.remove)),
      ).toBe(true)
      expect(take(after)).toBe(text)
    }),
    { numRuns: 300 },
  )
  expect(readable).toBeGreaterThan(250)
})
