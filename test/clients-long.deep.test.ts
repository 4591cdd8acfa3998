// A hub that connects a client whose file has 20 MB goes on answering others.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectHub } from '../cli/hub-connection.ts'
import { serve } from '../cli/testing/serve.ts'
import { grown } from '../hub/clients/fixtures/grown.ts'

test('20 MB: previewed, connected and undone while the hub answers others', async () => {
  const home = mkdtempSync(join(tmpdir(), 'gh-long-'))
  const path = join(home, '.claude.json')
  mkdirSync(join(home, '.claude'))
  const text = grown(20_000_000, 2)
  writeFileSync(path, text)
  writeFileSync(join(home, 'policy.json'), '{ "rules": [] }')
  const data = join(home, 'data')
  const hub = await serve(data, ['--policy', join(home, 'policy.json')], { HOME: home })
  const [writer, asker] = [(await connectHub(data))!, (await connectHub(data))!]
  try {
    let isDone = false
    const work = async () => {
      const { before } = await writer.call.clients.preview({ id: 'claude-code' })
      await writer.call.clients.connect({ id: 'claude-code', before })
      await writer.call.clients.undo({ id: 'claude-code' })
    }
    const began = performance.now()
    const done = work().finally(() => {
      isDone = true
    })
    const waits: number[] = []
    while (!isDone) {
      const asked = performance.now()
      await asker.call.hub.status()
      waits.push(performance.now() - asked)
    }
    await done
    const all = Math.round(performance.now() - began)
    process.stdout.write(`20 MB: ${all} ms, ${waits.length} answers, the slowest ${Math.round(Math.max(...waits))} ms`)
    expect(waits.length).toBeGreaterThan(10)
    expect(readFileSync(path, 'utf8') === text).toBe(true)
  } finally {
    writer.close()
    asker.close()
    await hub.end()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}, 120_000)
