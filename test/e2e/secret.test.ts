// Story 6: a secret reaches the server that was granted it, and is found in no file of ours.
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freshHome, hasKeychain, type RunningHub, run, runJson, startHub, until } from '../harness.ts'
import { openWindow } from '../window-client.ts'
import { addAndAgree, filesBelow, fixture, spellingsOf } from './stories.ts'

let hub: RunningHub | undefined
afterEach(() => hub?.stop())

const SECRET = 'k9-Tr0ub4dor&3/zebra=ümlaut'

const SPELLINGS = spellingsOf(SECRET)

function filesThatHold(folder: string): string[] {
  return filesBelow(folder).filter(path => {
    const bytes = readFileSync(path)
    return SPELLINGS.some(
      spelling => bytes.includes(spelling) || bytes.toString('latin1').toLowerCase().includes(spelling.toLowerCase()),
    )
  })
}

test.skipIf(!hasKeychain)(
  'a granted secret is in the environment of its server and in no file, log, record or output',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    const window = await openWindow(hub.web, { pin: '4711' })
    await window.call.secrets.set({ name: 'MY_SECRET', value: SECRET })
    await addAndAgree(
      window,
      { teller: { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:MY_SECRET}' } } },
      { secrets: ['MY_SECRET'] },
    )
    await window.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow', tool: 'tell' } })
    const outcome = await window.call.calls.call({
      server: 'teller',
      tool: 'tell',
      arguments: JSON.stringify({ echo: SECRET }),
    })
    expect(outcome.result).toContain('‹secret:MY_SECRET›')
    const printed = await run(home, ['call', 'teller', 'tell', '--json'])
    const logs = await run(home, ['servers', 'logs', 'teller'])
    expect(logs.stdout).toContain('starting with ‹secret:MY_SECRET›')
    const rows = await runJson<unknown[]>(home, ['audit', 'list'])
    const shown = JSON.stringify([
      outcome,
      printed,
      logs,
      rows,
      await window.call.calls.wire().then(async it => (await it.next()).value),
    ])
    for (const spelling of SPELLINGS) expect(shown).not.toContain(spelling)
    mkdirSync(join(home.folder, '.cursor'))
    expect((await window.call.clients.connect({ id: 'cursor' })).path).toContain('.cursor')
    window.close()
    await hub.stop()
    expect(filesBelow(home.folder).length).toBeGreaterThan(5)
    expect(filesThatHold(home.folder)).toEqual([])
    expect(filesBelow(home.data).filter(path => (statSync(path).mode & 0o077) !== 0)).toEqual([])
  },
)

test.skipIf(!hasKeychain)('a server whose secret is missing or not granted waits and says for what', async () => {
  const home = freshHome()
  hub = await startHub(home)
  const window = await openWindow(hub.web, { pin: '4711' })
  const { servers } = await window.call.servers.import({
    text: JSON.stringify({
      teller: { command: 'node', args: [fixture('tells-secret.mjs')], env: { MY_SECRET: '${secret:MY_SECRET}' } },
    }),
  })
  const id = servers[0]!.id
  const { agreement } = await window.call.servers.get({ id })
  await window.call.servers.agree({ id, digest: agreement!.digest, secrets: [], trust: false })
  expect((await window.call.servers.get({ id })).state).toMatchObject({ kind: 'waiting', for: 'secret' })
  const set = await run(home, ['secrets', 'set', 'MY_SECRET'], { stdin: `${SECRET}\n` })
  expect(set.code).toBe(0)
  // Stored from outside, and still not given to a server: that takes the window.
  expect((await window.call.servers.get({ id })).state).toMatchObject({ kind: 'waiting', for: 'secret' })
  await window.call.secrets.grant({ name: 'MY_SECRET', server: id })
  await until('it runs', async () =>
    ['running', 'sleeping'].includes((await window.call.servers.get({ id })).state.kind),
  )
  const again = await run(home, ['secrets', 'set', 'MY_SECRET'], { stdin: 'other' })
  expect([again.code, again.stderr.includes('set already')]).toEqual([1, true])
  window.close()
})
