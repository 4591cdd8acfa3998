import { expect, test } from 'vitest'
import { readPaste, split } from './paste.ts'

test.each([
  ['npx -y @modelcontextprotocol/server-memory', 'memory', 'npx', ['-y', '@modelcontextprotocol/server-memory']],
  ['uvx mcp-server-fetch==2025.4.7', 'fetch', 'uvx', ['mcp-server-fetch==2025.4.7']],
  ['$ npx @playwright/mcp@latest', 'mcp', 'npx', ['@playwright/mcp@latest']],
  ['node servers/files/main.ts "~/my code"', 'files', 'node', ['servers/files/main.ts', '~/my code']],
  ['/usr/bin/github-mcp-server stdio', 'github', '/usr/bin/github-mcp-server', ['stdio']],
  ['docker run -i --rm mcp/time', 'time', 'docker', ['run', '-i', '--rm', 'mcp/time']],
  [
    'docker run -i --rm -e GITHUB_TOKEN ghcr.io/github/github-mcp-server:1.2',
    'github',
    'docker',
    ['run', '-i', '--rm', '-e', 'GITHUB_TOKEN', 'ghcr.io/github/github-mcp-server:1.2'],
  ],
  ['npx -y x-mcp -- --port 3', 'x', 'npx', ['-y', 'x-mcp', '--', '--port', '3']],
  ['```sh\nnpx -y x-mcp\n```', 'x', 'npx', ['-y', 'x-mcp']],
])('%s is a command named %s', (text, name, command, args) => {
  expect(readPaste(text)).toEqual({ kind: 'one', name, launch: { command, args, env: {}, headers: {} } })
})

test('variables before a command become its environment', () => {
  expect(readPaste('API_KEY=a=b DEBUG="1 2" npx thing')).toMatchObject({
    launch: { command: 'npx', args: ['thing'], env: { API_KEY: 'a=b', DEBUG: '1 2' } },
  })
})

test('an address is named after its host', () => {
  expect(readPaste('https://mcp.linear.app/mcp')).toMatchObject({
    name: 'linear',
    launch: { url: 'https://mcp.linear.app/mcp' },
  })
})

test('a block goes to the hub as it is, without its fence', () => {
  expect(readPaste('```json\n{ "mcpServers": {} }\n```')).toEqual({ kind: 'block', text: '{ "mcpServers": {} }' })
  expect(readPaste('"files": { "command": "x" }')).toMatchObject({ kind: 'block' })
})

test('what needs a shell, or is several commands, is not guessed at', () => {
  expect(readPaste('npm ci && npx x')).toMatchObject({ kind: 'unclear' })
  expect(readPaste('npx a\nnpx b')).toMatchObject({ kind: 'unclear' })
  expect(readPaste('npx "a')).toMatchObject({ kind: 'unclear' })
  expect(readPaste('npx a \\\n  --flag')).toMatchObject({ kind: 'one' })
})

test('words are split as a shell would, and nothing is expanded', () => {
  expect(split(`a 'b c' "d \\" $HOME" e\\ f ''`)).toEqual(['a', 'b c', 'd " $HOME', 'e f', ''])
})

test('a section of a README with a block in it is a block', () => {
  const section =
    '## Usage\n\nAdd this:\n\n```json\n{ "mcpServers": { "a": { "command": "b" } } }\n```\n\nThen restart.'
  expect(readPaste(section)).toMatchObject({ kind: 'block' })
})
