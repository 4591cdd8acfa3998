import fc from 'fast-check'
import { parse } from 'smol-toml'
import { expect, test } from 'vitest'
import { applySplices } from './edit.ts'
import { anyToml } from './fixtures/any-file.ts'
import { maskedToml } from './mask-toml.ts'
import { outlineOfValue, putToml, readToml, takeToml } from './toml.ts'

const place = { keyPath: ['mcp_servers'], name: 'gatehouse', initial: '' }
const entry = { command: '/n "x"', args: ['a', 'b\\c'], env: { T: 'x' } }
const BLOCK =
  '[mcp_servers.gatehouse]\ncommand = "/n \\"x\\""\nargs = ["a", "b\\\\c"]\n\n[mcp_servers.gatehouse.env]\nT = "x"'

function read(text: string) {
  const config = readToml(text, false)
  if (config.kind !== 'config') throw new Error(config.what)
  return config.toml!
}
const put = (text: string) => applySplices(text, putToml(text, read(text), place, entry)!)
const take = (text: string) => applySplices(text, takeToml(text, read(text), place))

test.each<[name: string, before: string, after: string]>([
  ['no file', '', `${BLOCK}\n`],
  ['other settings', 'model = "x" # mine\n', `model = "x" # mine\n\n${BLOCK}\n`],
  ['no final line end', 'model = "x"', `model = "x"\n\n${BLOCK}\n`],
  [
    'behind the other servers, before what follows',
    '[mcp_servers.a]\ncommand = "y" # c\n\n# about tui\n[tui]\nx = 1\n',
    `[mcp_servers.a]\ncommand = "y" # c\n\n${BLOCK}\n\n# about tui\n[tui]\nx = 1\n`,
  ],
  [
    'Windows line ends',
    '[mcp_servers.a]\r\ncommand = "y"\r\n',
    `[mcp_servers.a]\r\ncommand = "y"\r\n\r\n${BLOCK.replaceAll('\n', '\r\n')}\r\n`,
  ],
  [
    'an older entry of ours, in two places',
    `[mcp_servers.gatehouse]\ncommand = "old"\n\n[tui]\nx = 1\n\n[mcp_servers.gatehouse.env]\nT = "old"\n`,
    `${BLOCK}\n\n[tui]\nx = 1\n`,
  ],
])('%s', (_, before, after) => {
  expect(put(before)).toBe(after)
  expect(parse(put(before))).toMatchObject({ mcp_servers: { gatehouse: entry } })
})

test.each([
  ['inline', 'mcp_servers = { a = { command = "x" } }\n'],
  ['a text', 'mcp_servers = "x"\n'],
  ['our entry in a line', '[mcp_servers]\ngatehouse = { command = "x" }\n'],
])('%s: barred, or found out by reading it again', (_, text) => {
  const splices = putToml(text, read(text), place, entry)
  if (splices) expect(readToml(applySplices(text, splices), false).kind).toBe('unreadable')
})

test('what is not TOML is named with its place', () => {
  expect(readToml('a = 1\nb = \n', false)).toMatchObject({
    kind: 'unreadable',
    line: 2,
    what: expect.stringContaining('Line 2, column'),
  })
  expect(readToml('[a]\nx = 1\n[a]\ny = 2\n', false).kind).toBe('unreadable')
})

test('whatever else is in the file stays, and taking the entry out gives the same text back', () => {
  fc.assert(
    fc.property(anyToml(), text => {
      const after = put(text)
      expect(outlineOfValue(read(after), place)).toBe(outlineOfValue(read(text), place))
      expect(read(after).value).toMatchObject({ mcp_servers: { gatehouse: entry } })
      expect(put(after)).toBe(after)
      if (text.trim() !== '') expect(take(after).trimEnd()).toBe(text.trimEnd())
    }),
    { numRuns: 300 },
  )
})

test('secrets of others are hidden, lines stay', () => {
  const text = [
    'api_key = "abcdef"',
    '[mcp_servers.x]',
    'args = ["--token", "hunter2", "--port=1"]',
    'env = { A = "s1" }',
    '[mcp_servers.x.env]',
    'B = "s2" # ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'url = "https://x.test/#not-a-comment"',
    '',
  ]
    .join('\n')
    .replace('env = { A = "s1" }\n', '')
  const shown = maskedToml(text, read(text))
  for (const secret of ['abcdef', 'hunter2', 's2', 'ghp_aaaa']) expect(shown).not.toContain(secret)
  expect(shown.split('\n')).toHaveLength(text.split('\n').length)
  expect(shown).toContain('--port=1')
})
