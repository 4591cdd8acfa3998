import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { removeLeftovers } from '../store/leftovers.ts'
import { ConfigFile } from './config-file.ts'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-config-killed-'))
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A write to a file beside it has begun. */
async function begun(folder: string): Promise<void> {
  const watcher = watch(folder)
  await once(watcher, 'change')
  watcher.close()
}

const FILLER = 'z'.repeat(1_000_000)
const text = (n: number) =>
  `{\n  // kept ${FILLER}\n  "mcpServers": { "one": { "command": "x", "args": ["${n}"] } }\n}\n`

test.each(['in its folder', 'in dotfiles'])(
  'config.json (%s), its writer killed at any moment, holds what was there before or after, and the next start clears up',
  async where => {
    const folder = join(root, where)
    const dotfiles = join(root, `${where} dotfiles`)
    for (const made of [folder, dotfiles]) mkdirSync(made, { recursive: true })
    const target = where === 'in dotfiles' ? join(dotfiles, 'mcp.json') : join(folder, 'config.json')
    writeFileSync(target, text(0))
    if (where === 'in dotfiles') symlinkSync(target, join(folder, 'config.json'))
    writeFileSync(join(dotfiles, 'mine.json.tmp-1234567890abcdef'), 'not ours')
    let unfinished = 0
    let last = 0
    for (let round = 0; round < 200 && (round < 8 || unfinished === 0); round++) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../../test/fixtures/write-config.ts'), folder],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      await once(child.stdout, 'data')
      // At any moment, and as soon as a write has begun.
      if (round % 2 === 0) await sleep(Math.random() * 30)
      else await begun(dirname(target))
      child.kill('SIGKILL')
      await once(child, 'exit')
      const written = readFileSync(target, 'utf8')
      const n = Number(/"args": \["(\d+)"/.exec(written)?.[1])
      expect(n).toBeGreaterThanOrEqual(last)
      expect(written).toBe(text(n))
      last = n
      const tmp = () => [...readdirSync(folder), ...readdirSync(dotfiles)].filter(name => name.includes('.tmp-'))
      unfinished += tmp().length - 1
      removeLeftovers(folder)
      expect(tmp()).toEqual(['mine.json.tmp-1234567890abcdef'])
      expect('entries' in new ConfigFile(folder, () => false).read()).toBe(true)
    }
    // A kill must have hit the middle of a write, or this shows nothing.
    expect(unfinished).toBeGreaterThan(0)
    expect(last).toBeGreaterThan(0)
  },
)
