import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applySplices, type Place, putEntry, type Splice, takeEntry } from './edit.ts'
import { anyJson } from './fixtures/any-file.ts'
import { type Config, nodeAt, readConfig } from './read-config.ts'
import { isSameButFor } from './same-but-for.ts'
import { KNOWN_CLIENTS } from './table.ts'

const desktop = KNOWN_CLIENTS.find(client => client.id === 'claude-desktop')!
const vscode = KNOWN_CLIENTS.find(client => client.id === 'vscode')!
const placeOf = (client: typeof desktop): Place => ({
  keyPath: client.config.keyPath,
  name: 'gatehouse',
  initial: client.config.initial,
})
const entry = { command: '/n', args: ['a', 'b'], env: { T: 'x' } }

function read(text: string, client = vscode): Config {
  const config = readConfig(Buffer.from(text), client)
  if (config.kind === 'unreadable') throw new Error(config.what)
  return config
}

function put(text: string, client = vscode, place = placeOf(client)): string {
  return applySplices(text, putEntry(read(text, client), place, entry)!)
}

function take(text: string, client = vscode, place = placeOf(client), created = 0): string {
  return applySplices(text, takeEntry(read(text, client), place, created))
}

const onLines = (indent: string, unit: string, eol = '\n') =>
  ['"gatehouse": {', `${unit}"command": "/n",`, `${unit}"args": ["a", "b"],`, `${unit}"env": { "T": "x" }`, '}'].join(
    eol + indent,
  )

test.each<[name: string, before: string, after: string]>([
  [
    'no file',
    '',
    '{\n  "mcpServers": {\n    "gatehouse": {\n      "command": "/n",\n      "args": ["a", "b"],\n      "env": { "T": "x" }\n    }\n  }\n}\n',
  ],
  ['an empty object', '{}', `{\n  "mcpServers": {\n    ${onLines('    ', '  ')}\n  }\n}`],
  [
    'an empty map',
    '{\n    "mcpServers": {}\n}\n',
    `{\n    "mcpServers": {\n        ${onLines('        ', '    ')}\n    }\n}\n`,
  ],
  [
    'a minified file',
    '{"a":1,"mcpServers":{"x":{"command":"y"}}}',
    '{"a":1,"mcpServers":{"x":{"command":"y"},"gatehouse":{"command":"/n","args":["a","b"],"env":{"T":"x"}}}}',
  ],
  [
    'a minified empty map',
    '{"mcpServers":{}}',
    '{"mcpServers":{"gatehouse":{"command":"/n","args":["a","b"],"env":{"T":"x"}}}}',
  ],
  [
    'a one-line file',
    '{ "mcpServers": { "x": { "command": "y" } } }\n',
    '{ "mcpServers": { "x": { "command": "y" }, "gatehouse": { "command": "/n", "args": ["a", "b"], "env": { "T": "x" } } } }\n',
  ],
  [
    'tabs and Windows line ends',
    '{\r\n\t"mcpServers": {\r\n\t\t"x": {}\r\n\t}\r\n}',
    `{\r\n\t"mcpServers": {\r\n\t\t"x": {},\r\n\t\t${onLines('\t\t', '\t', '\r\n')}\r\n\t}\r\n}`,
  ],
  [
    'no such map yet',
    '{\n  "theme": "dark"\n}\n',
    `{\n  "theme": "dark",\n  "mcpServers": {\n    ${onLines('    ', '  ')}\n  }\n}\n`,
  ],
])('%s gets the entry in its own style', (_, before, after) => {
  expect(put(before, desktop)).toBe(after)
})

test.each<[name: string, before: string, after: string]>([
  [
    'a trailing comma',
    '{\n  "servers": {\n    "x": {},\n  },\n}',
    `{\n  "servers": {\n    "x": {},\n    ${onLines('    ', '  ')},\n  },\n}`,
  ],
  [
    'a comment after the last entry',
    '{\n  "servers": {\n    "x": {} // mine\n  }\n}',
    `{\n  "servers": {\n    "x": {}, // mine\n    ${onLines('    ', '  ')}\n  }\n}`,
  ],
  [
    'a comment after the trailing comma',
    '{\n  "servers": {\n    "x": {}, /* a */ // b\n    // "y": {}\n  }\n}',
    `{\n  "servers": {\n    "x": {}, /* a */ // b\n    ${onLines('    ', '  ')},\n    // "y": {}\n  }\n}`,
  ],
  [
    'only a comment in the map',
    '{\n  "servers": { // none yet\n  }\n}',
    `{\n  "servers": { // none yet\n    ${onLines('    ', '  ')}\n  }\n}`,
  ],
  [
    'only a comment in the file',
    '// mine',
    '// mine\n{\n\t"servers": {\n\t\t"gatehouse": {\n\t\t\t"command": "/n",\n\t\t\t"args": ["a", "b"],\n\t\t\t"env": { "T": "x" }\n\t\t}\n\t}\n}\n',
  ],
  [
    'a line comment on a shared line',
    '{ "servers": { "x": {} // c\n} }',
    '{ "servers": { "x": {}, // c\n\t"gatehouse": {\n\t\t"command": "/n",\n\t\t"args": ["a", "b"],\n\t\t"env": { "T": "x" }\n\t}\n} }',
  ],
])('%s stays', (_, before, after) => {
  const text = put(before)
  expect(text).toBe(after)
  if (!before.startsWith('//')) expect(take(text)).toBe(before)
})

test.each<[name: string, before: string, after: string]>([
  [
    'first on lines',
    '{\n  "servers": {\n    "gatehouse": {},\n    "x": {}\n  }\n}',
    '{\n  "servers": {\n    "x": {}\n  }\n}',
  ],
  ['first on one line', '{ "servers": { "gatehouse": {}, "x": {} } }', '{ "servers": { "x": {} } }'],
  [
    'with a comment of its own',
    '{\n  "servers": {\n    "gatehouse": {}, // c\n    "x": {}\n  }\n}',
    '{\n  "servers": {\n    // c\n    "x": {}\n  }\n}',
  ],
  ['alone', '{\n  "servers": {\n    "gatehouse": {}\n  }\n}', '{\n  "servers": {}\n}'],
  [
    'with the brace on its line',
    '{\n  "servers": {\n    "x": {},\n    "gatehouse": {} } }',
    '{\n  "servers": {\n    "x": {}\n    } }',
  ],
  [
    'comma first',
    '{ "servers": {\n    "x": {}\n  , "gatehouse": {}\n  , "y": {} } }',
    '{ "servers": {\n    "x": {}\n  , "y": {} } }',
  ],
])('an entry is taken out: %s', (_, before, after) => {
  expect(read(take(before)).root).toBeTruthy()
  if (_ !== 'comma first') expect(take(before)).toBe(after)
  expect(isSameButFor(placeOf(vscode), read(before), read(take(before)))).toBe(true)
})

test('maps made for the entry go with it, unless something else is in them by then', () => {
  const made = put('{\n  "theme": "dark"\n}\n', desktop)
  expect(take(made, desktop, placeOf(desktop), 1)).toBe('{\n  "theme": "dark"\n}\n')
  const shared = made.replace('"gatehouse"', '"x": {},\n    "gatehouse"')
  expect(JSON.parse(take(shared, desktop, placeOf(desktop), 1))).toEqual({ theme: 'dark', mcpServers: { x: {} } })
})

test('an entry that is there gives way, and a map that is no map bars the way', () => {
  expect(put('{"servers":{"gatehouse":{"old":1},"x":{}}}')).toBe(
    '{"servers":{"gatehouse":{"command":"/n","args":["a","b"],"env":{"T":"x"}},"x":{}}}',
  )
  expect(putEntry(read('{"servers": null}'), placeOf(vscode), entry)).toBeNull()
})

/** What is left of `after` when the inserted ranges are taken out again. */
function withoutSplices(after: string, splices: readonly Splice[]): string {
  let out = after
  let shift = 0
  for (const splice of [...splices].sort((a, b) => a.at - b.at)) {
    const at = splice.at + shift
    out = out.slice(0, at) + out.slice(at + splice.text.length)
    shift -= splice.remove
  }
  return out
}

const commentsIn = (text: string) => text.match(/\/\* , \} \*\/|\/\/ "x": \{\}, |\/\/ \}/g)?.length ?? 0

test.each([
  ['strict JSON', desktop],
  ['JSON with comments', vscode],
] as const)('property: the entry goes in and out of any file, and every other byte stays (%s)', (_, client) => {
  const place = placeOf(client)
  fc.assert(
    fc.property(anyJson(client === vscode), text => {
      const before = read(text, client)
      const splices = putEntry(before, place, entry)!
      const after = read(applySplices(text, splices), client)
      const isNew = nodeAt(before, [...place.keyPath, place.name]) === undefined
      const written = nodeAt(after, [...place.keyPath, place.name])!
      expect(JSON.parse(after.text.slice(written.offset, written.offset + written.length))).toEqual(entry)
      expect(isSameButFor(place, before, after)).toBe(true)
      expect(commentsIn(after.text)).toBeGreaterThanOrEqual(isNew ? commentsIn(text) : 0)
      if (isNew) {
        expect(splices.every(splice => splice.remove === 0)).toBe(true)
        expect(withoutSplices(after.text, splices)).toBe(text)
      }
      const cuts = takeEntry(after, place, 0)
      const gone = read(applySplices(after.text, cuts), client)
      expect(nodeAt(gone, [...place.keyPath, place.name])).toBeUndefined()
      expect(isSameButFor(place, before, gone)).toBe(true)
      if (isNew) expect(commentsIn(gone.text)).toBe(commentsIn(text))
    }),
    { numRuns: 2000, seed: 20261120 },
  )
})

const fixtures = join(import.meta.dirname, '../../test/fixtures/clients')
const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter(name => /\.jsonc?$/.test(name))

test.each(files)('what a client wrote itself takes the entry and gives it back: %s', name => {
  const text = readFileSync(join(fixtures, name), 'utf8')
  const key =
    ['mcpServers', 'servers', 'mcp', 'amp.mcpServers'].find(each => text.includes(`"${each}"`)) ?? 'mcpServers'
  const place: Place = { keyPath: [key], name: 'gatehouse', initial: desktop.config.initial }
  const before = read(text)
  const splices = putEntry(before, place, entry)!
  const after = read(applySplices(text, splices))
  expect(withoutSplices(after.text, splices)).toBe(text)
  expect(isSameButFor(place, before, after)).toBe(true)
  const hadOthers = (nodeAt(before, place.keyPath)?.children?.length ?? 0) > 0
  if (hadOthers) expect(applySplices(after.text, takeEntry(after, place, 0))).toBe(text)
})
