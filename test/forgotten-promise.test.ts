import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { freshHome, root, run } from './harness.ts'

test('a promise that nobody waited for is said on stderr, and the hub serves on', async () => {
  const home = freshHome()
  const forget = "setTimeout(() => Promise.reject(new Error('nobody waited for this')), 2_000)"
  const hub = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${forget}`, join(root, 'hub/main.ts'), '--data', home.data],
    { env: home.env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  hub.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  try {
    await once(createInterface({ input: hub.stdout }), 'line')
    await expect.poll(() => said, { timeout: 30_000 }).toContain('unexpected: nobody waited for this')
    expect(hub.exitCode).toBeNull()
    expect((await run(home, ['status'])).stdout).toContain(`pid ${hub.pid}`)
  } finally {
    const ended = once(hub, 'exit')
    hub.kill('SIGTERM')
    await ended
  }
})
