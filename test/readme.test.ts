// The README says what is: every command and option it names exists, every command is in it, and every server that comes along.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../cli/commands.ts'
import { bundledServers } from '../hub/registry/bundled.ts'
import { root } from './harness.ts'

const text = readFileSync(join(root, 'README.md'), 'utf8')
/** The lines of the table of commands, each with those that go on with it. */
const block = text.slice(text.indexOf('## The command line'), text.indexOf('What tightens works'))
const entries = block.split(/\n {4}(?=\S)/).slice(1)

/** Of every command. */
const COMMON = '--data --json --yes --timeout --help'

test('every command stands in its table, and every option named there is one', async () => {
  for (const { name } of COMMANDS) {
    const [group = '', word = group] = name.split(' ')
    const entry = entries.filter(one => one.split(/\s/, 1)[0] === group || one.startsWith('status | stop | open'))
    expect([name, entry.some(one => new RegExp(`(^|[\\s|])${word}(\\s|$|\\|)`).test(one))]).toEqual([name, true])
  }
  for (const entry of entries) {
    // `status | stop | open`: three in one line.
    const groups = entry.startsWith('status') ? ['status', 'stop', 'open'] : [entry.split(/\s/, 1)[0]]
    const named = COMMANDS.filter(({ name }) => groups.includes(name.split(' ')[0]))
    expect([entry, named.length > 0]).toEqual([entry, true])
    const said = await Promise.all(named.map(async one => one.load()))
    const known = said.map(
      ({ synopsis, help = '', options = {} }) => `${synopsis} ${help} --${Object.keys(options).join(' --')}`,
    )
    const options = [...entry.matchAll(/--[a-z][a-z-]*/g)].map(match => match[0])
    for (const option of options)
      expect([entry, `${COMMON} ${known.join(' ')}`]).toEqual([entry, expect.stringContaining(option)])
  }
})

test('the servers that come along are all in it, and what it links to is there', () => {
  for (const name of bundledServers) expect(text).toContain(`| [${name}](servers/${name}/README.md) |`)
  for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
    expect([path, existsSync(join(root, path))]).toEqual([path, true])
})
