import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { freshHome, hasKeychain, root, run } from './harness.ts'

const SECRET = `k9-Tr0ub4dor-${'zebra'.repeat(3)}`

test.skipIf(!hasKeychain)(
  'what goes wrong unforeseen is said without the secrets in it, and ends the hub as it would',
  async () => {
    const home = freshHome()
    const fails = `process.on('SIGUSR2', () => { Promise.reject(new Error('no luck with ${SECRET}')); setTimeout(() => { throw new Error('nor with ${SECRET}') }, 500) })`
    const hub = spawn(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(fails)}`, join(root, 'hub/main.ts'), '--data', home.data],
      { env: home.env, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let said = ''
    hub.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const ended = once(hub, 'close')
    try {
      await once(createInterface({ input: hub.stdout }), 'line')
      expect(await run(home, ['secrets', 'set', 'MY_SECRET'], { stdin: `${SECRET}\n` })).toMatchObject({ code: 0 })
      hub.kill('SIGUSR2')
      expect((await ended)[0]).toBe(1)
      expect(said).toContain('unexpected: no luck with ‹secret:MY_SECRET›')
      expect(said).toContain('unexpected: nor with ‹secret:MY_SECRET›')
      expect(said).not.toContain('Tr0ub4dor')
    } finally {
      hub.kill('SIGKILL')
      await ended
    }
  },
)

test('a promise that nobody waited for is said on stderr, and the hub serves on', async () => {
  const home = freshHome()
  const forget = "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waited for this')))"
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
    hub.kill('SIGUSR2')
    await expect.poll(() => said, { timeout: 30_000 }).toContain('unexpected: nobody waited for this')
    expect(hub.exitCode).toBeNull()
    expect((await run(home, ['status'])).stdout).toContain(`pid ${hub.pid}`)
  } finally {
    const ended = once(hub, 'close')
    hub.kill('SIGTERM')
    await ended
  }
})
