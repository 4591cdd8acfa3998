import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDataFolder } from './store/data-folder.ts'
import { openState } from './store/open.ts'
import { readUnattended } from './unattended.ts'

function read(text: string) {
  const root = mkdtempSync(join(tmpdir(), 'unattended-'))
  const policy = join(root, 'policy.json')
  writeFileSync(policy, text)
  const folder = openDataFolder(join(root, 'data'))
  const db = openState(folder.path)
  try {
    return readUnattended({ folder, db, policy })
  } finally {
    db.close()
  }
}

test('rules get numbers; trust is optional', () => {
  expect(read('{"rules":[{"effect":"allow","tool":"read_*"},{"id":"x","effect":"deny"}]}')).toEqual({
    rules: [
      { id: 'file-1', effect: 'allow', tool: 'read_*' },
      { id: 'x', effect: 'deny' },
    ],
    trust: [],
  })
})

test.each([
  ['a mistyped key, which would make a rule wider than meant', '{"rules":[{"effect":"allow","tools":"read_*"}]}'],
  ['a mistyped condition', '{"rules":[{"effect":"allow","arguments":[{"path":"a","equal":1}]}]}'],
  ['a pattern that is none', '{"rules":[{"effect":"allow","arguments":[{"path":"a","pattern":"(?=x)"}]}]}'],
  ['an end that is no number', '{"rules":[{"effect":"allow","until":"tomorrow"}]}'],
  ['a word that is said twice, of which one would count', '{"rules":[{"effect":"deny","effect":"allow"}]}'],
  ['rules that are said twice', '{"rules":[{"effect":"deny"}],"rules":[{"effect":"allow"}]}'],
  ['no JSON', '{"rules":['],
])('%s refuses the whole file', (_, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'policy/unreadable' }))
})
