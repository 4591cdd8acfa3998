// On a machine without a person a server's question ends at once; with a window open it waits there.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectHub } from '../cli/hub-connection.ts'
import { openHub } from '../hub/hub.ts'
import { openWindow } from './window-client.ts'

const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } }
const args = JSON.stringify({ params: { message: 'Who are you?', requestedSchema } })

test('nobody is there: the server hears so at once. A window opens: it is asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'alone-'))
  const policy = join(folder, 'policy.json')
  writeFileSync(policy, JSON.stringify({ rules: [{ effect: 'allow' }] }))
  const hub = await openHub({ data: join(folder, 'data'), policy })
  try {
    const cli = (await connectHub(join(folder, 'data')))!
    const window = await openWindow(await hub.newLink(), { pin: '4711' })
    const asker = join(import.meta.dirname, 'fixtures/gateway/asker.mjs')
    const launch = { command: process.execPath, args: [asker], env: {}, headers: {} }
    await window.call.servers.add({ name: 'asker', launch })
    window.close()
    const call = () => cli.call.calls.call({ server: 'asker', tool: 'ask', arguments: args })
    await expect
      .poll(async () => (await call()).result, { timeout: 30_000 })
      .toContain('does not offer elicitation, and no person watches this Gatehouse.')
    const again = await openWindow(await hub.newLink(), { key: window.key })
    const answer = call()
    await expect.poll(async () => (await cli.call.questions.list()).length, { timeout: 30_000 }).toBe(1)
    const [{ id } = { id: '' }] = await again.call.questions.list()
    await again.call.questions.answer({ id, answer: { action: 'accept', content: { name: 'Ada' } } })
    expect((await answer).result).toContain('Ada')
    again.close()
    cli.close()
  } finally {
    await hub.close()
  }
})
