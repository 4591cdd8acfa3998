import { expect, test } from 'vitest'
import { importText } from './import-text.ts'

const one = { github: { command: 'npx', args: ['-y', 'gh'] } }
const entry = '{ "command": "npx", "args": ["-y", "gh"] }'
const plain = (text: string) => Object.fromEntries(importText(text).entries)

test.each([
  ['Claude’s shape', `{"mcpServers": {"github": ${entry}}}`],
  ['VS Code’s shape', `{"servers": {"github": ${entry.replace('{', '{"type":"stdio",')}}}`],
  ['VS Code’s settings', `{"mcp": {"servers": {"github": ${entry}}}}`],
  ['a fragment without braces', `"mcpServers": {"github": ${entry}},`],
  ['one named entry', `"github": ${entry},`],
  ['a map of entries', `{"github": ${entry}}`],
  ['comments and trailing commas', `{\n// config\n"mcpServers": {"github": ${entry.replace(' }', ', },')}},}`],
  [
    'a README with a fence',
    `# GitHub\n\nAdd this:\n\n\`\`\`json\n{"mcpServers": {"github": ${entry}}}\n\`\`\`\nDone {"x": 1}.`,
  ],
  [
    'an indented fence in a list',
    `1. Add\n   \`\`\`jsonc\n   "mcpServers": {\n     "github": ${entry}\n   }\n   \`\`\`\n`,
  ],
  ['a block in the middle of prose', `Put\n    {"mcpServers": {"github": ${entry}}}\ninto your config.`],
  ['Windows line ends', `{\r\n"mcpServers": {"github": ${entry}}\r\n}\r\n`],
  ['a byte order mark', `\ufeff{"mcpServers": {"github": ${entry}}}`],
  ['a command as a list', '{"mcp": {"servers": {"github": {"command": ["npx", "-y", "gh"]}}}}'],
])('%s is understood', (_, text) => {
  expect(plain(text)).toEqual(one)
})

test('a bare entry is called after its package', () => {
  expect(plain('{"command":"npx","args":["-y","@scope/server-github@1.2.3"]}')).toHaveProperty('server-github')
  expect(plain('{"url":"https://mcp.example.com/x"}')).toEqual({
    'mcp.example.com': { url: 'https://mcp.example.com/x' },
  })
})

test('of several different blocks the first is taken, and that is said', () => {
  const text = `\`\`\`json\n{"mcpServers":{"a":{"command":"npx"}}}\n\`\`\`\nor\n\`\`\`json\n{"mcpServers":{"a":{"command":"docker"}}}\n\`\`\`\n`
  expect(importText(text)).toMatchObject({
    dropped: ['The text holds 1 more block with definitions; only the first was taken.'],
  })
  expect(plain(text)).toEqual({ a: { command: 'npx' } })
})

test('VS Code’s inputs become secrets', () => {
  const text =
    '{"inputs":[{"id":"gh-token","type":"promptString"}],"servers":{"g":{"command":"x","env":{"T":"${input:gh-token}"}}}}'
  expect(plain(text)).toEqual({ g: { command: 'x', env: { T: '${secret:gh-token}' } } })
})

test.each(['hello', '', '{}', '[1]', '{"mcpServers":{}}', '"', '{"mcpServers":'])(
  '%j holds no server, and that is said',
  text => {
    expect(() => importText(text)).toThrow(expect.objectContaining({ code: 'registry/nothing-to-import' }))
  },
)

test('a mistake in the block is named with its place', () => {
  expect(() => importText('{"mcpServers":{"a":{"command":"x" "args":[]}}}')).toThrow(/line 1, column 35/)
})

test('a megabyte of braces is refused in good time', () => {
  const started = performance.now()
  expect(() => importText('{"mcpServers":{'.repeat(60_000))).toThrow()
  expect(performance.now() - started).toBeLessThan(60_000)
})
