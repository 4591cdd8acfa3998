import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openState } from '../store/open.ts'
import { Clients } from './clients.ts'

const ROUNDS = 20

test('killed at any point of a write, the file holds old or new bytes, and the next start leaves no trace', async () => {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-killed-'))
  const path = join(home, '.config/Claude/claude_desktop_config.json')
  mkdirSync(dirname(path), { recursive: true })
  mkdirSync(join(home, 'data'), { mode: 0o700 })
  const before = `{ "mcpServers": {\n      "x": {"command":"y"} },\n "filler": "${'z'.repeat(200_000)}" }`
  writeFileSync(path, before)
  const seen = { old: 0, new: 0, temps: 0, unfinished: 0 }
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/connect-loop.ts'), home], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [said] = await once(child.stdout, 'data')
      await sleep(Math.random() * 2 * Number(said))
      child.kill('SIGKILL')
      await once(child, 'exit')

      const text = readFileSync(path, 'utf8')
      const { gatehouse, ...others } = JSON.parse(text).mcpServers
      expect(others).toEqual({ x: { command: 'y' } })
      expect(text.endsWith('z" }')).toBe(true)
      if (!gatehouse) expect(text).toBe(before)
      seen[gatehouse ? 'new' : 'old']++
      if (readdirSync(dirname(path)).length > 1) seen.temps++

      const db = openState(join(home, 'data'))
      if (db.prepare('SELECT 1 FROM intents').get()) seen.unfinished++
      const key = Buffer.alloc(32, 7)
      const clients = new Clients({
        folder: { path: join(home, 'data') },
        db,
        key: () => key,
        audit: { append: async () => {} },
        announcer: new Announcer(),
        entry: { command: '/n', args: ['/main.ts'] },
        home,
        env: {},
        platform: 'linux',
      })
      expect(readdirSync(dirname(path))).toEqual(['claude_desktop_config.json'])
      expect(db.prepare('SELECT 1 FROM intents').all()).toEqual([])
      const status = (await clients.list([])).find(each => each.id === 'claude-desktop')!
      expect(status.status).toBe(gatehouse ? 'written' : 'found')
      if (gatehouse) {
        expect(readdirSync(join(home, 'data/backups'))).toHaveLength(
          db.prepare('SELECT 1 FROM written WHERE backup IS NOT NULL').all().length,
        )
        expect(clients.clientOf(gatehouse.env.GATEHOUSE_TOKEN)).toBe('claude-desktop')
        await clients.undo('claude-desktop')
      }
      expect(readFileSync(path, 'utf8')).toBe(before)
      clients.close()
      db.close()
    }
    // The kill must have hit the middle of a write now and then, or this shows nothing.
    expect(seen.unfinished).toBeGreaterThan(0)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
  console.log(`killed ${ROUNDS} times:`, JSON.stringify(seen))
}, 120_000)
