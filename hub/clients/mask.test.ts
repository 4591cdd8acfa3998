import { expect, test } from 'vitest'
import { excerpts, unifiedDiff } from './diff.ts'
import { masked } from './mask.ts'
import { readConfig } from './read-config.ts'
import { KNOWN_CLIENTS } from './table.ts'

const vscode = KNOWN_CLIENTS.find(client => client.id === 'vscode')!

function shown(text: string): string {
  const config = readConfig(Buffer.from(text), vscode)
  if (config.kind === 'unreadable') throw new Error(config.what)
  return masked(config)
}

test.each([
  [
    'env and headers',
    '{"env":{"A":"x","N":1},"headers":{"X":"y"}}',
    '{"env":{"A":"•••","N":"•••"},"headers":{"X":"•••"}}',
  ],
  [
    'names that sound like it',
    '{"apiKey":"x","emailAddress":"a@b","theme":"dark"}',
    '{"apiKey":"•••","emailAddress":"•••","theme":"dark"}',
  ],
  [
    'arguments after a flag',
    '{"args":["--api-key","hunter2","--token=x","-y","pkg"]}',
    '{"args":["--api-key","•••","--token=•••","-y","pkg"]}',
  ],
  ['shapes', '{"a":"ghp_0123456789abcdefghij","b":"Bearer x","c":"https://u:p@h/"}', '{"a":"•••","b":"•••","c":"•••"}'],
  ['a query', '{"url":"https://h/mcp?key=1"}', '{"url":"https://h/mcp?•••"}'],
  ['comments', '{ // "KEY": "x" sk-live-4f9aB7c2Qx81LmZ0\n}', '{ // "KEY": "•••" •••\n}'],
  [
    'nothing in the way',
    '{"command":"/usr/local/bin/node20","args":["-y","@scope/server-filesystem@2026.1.14","/home/me/Projects/a1"]}',
    '{"command":"/usr/local/bin/node20","args":["-y","@scope/server-filesystem@2026.1.14","/home/me/Projects/a1"]}',
  ],
])('values that may be secrets are not shown: %s', (_, text, expected) => {
  expect(shown(text)).toBe(expected)
})

test('a diff names the lines, and far lines of a long file are left out', () => {
  expect(unifiedDiff('a\nb\nc\nd\ne\n', 'a\nb\nc\nX\nd\ne\n', 'f')).toBe(
    '--- f\n+++ f\n@@ -1,5 +1,6 @@\n a\n b\n c\n+X\n d\n e',
  )
  expect(unifiedDiff('', 'a\n', 'f')).toBe('--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a')
  expect(unifiedDiff('a\n', 'a\n', 'f')).toBe('')
  const long = `${'x\n'.repeat(1000)}y\n${'z\n'.repeat(1000)}`
  const [before, after] = excerpts(long, long.replace('y\n', 'y\nnew\n'))
  expect(before.split('\n')).toHaveLength(102)
  expect(after).toContain('… 951 lines above …')
  expect(after).toContain('y\nnew\nz')
})
