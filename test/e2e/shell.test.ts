// Story 8: a shell with our command line, files and sockets cannot approve, pair, loosen, agree or read a secret.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { connectHub } from '../../cli/hub-connection.ts'
import { freshHome, hasKeychain, type RunningHub, run, runJson, startHub, until } from '../harness.ts'
import { openWindow, type WindowClient } from '../window-client.ts'
import { addAndAgree, fixture } from './stories.ts'

let hub: RunningHub | undefined
let window: WindowClient | undefined
afterEach(async () => {
  window?.close()
  await hub?.stop()
})

async function whatWasRefused(): Promise<string[]> {
  return (await window!.call.audit.list({ limit: 1000 })).map(row => row.event?.what ?? '')
}

test.skipIf(!hasKeychain)(
  'a shell tries everything while a call waits: nothing is allowed, and each try is on record',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    await window.call.secrets.set({ name: 'TOKEN', value: 'a-value-to-steal' })
    await addAndAgree(window, { normal: { command: 'node', args: [fixture('normal.mjs')] } })

    const waiting = run(home, ['call', 'normal', 'echo', '--args', '{"text":"hi"}', '--timeout', '600'])
    await until('the call waits', async () =>
      (await window!.call.approvals.list()).some(one => one.state.kind === 'waiting'),
    )
    const [approval] = await runJson<{ id: string }[]>(home, ['approvals', 'list'])

    // With our own socket and token, in the role it opens.
    const shell = (await connectHub(home.data))!
    const refused = async (name: string, promise: Promise<unknown>) =>
      expect([
        name,
        await promise.then(
          () => 'done',
          error => error.code,
        ),
      ]).toEqual([name, 'FORBIDDEN'])
    await refused(
      'approve',
      shell.call.approvals.answer({ id: approval!.id, answer: { kind: 'allow', scope: 'tool' } }),
    )
    await refused('grant', shell.call.secrets.grant({ name: 'TOKEN', server: 'normal' }))
    await refused('accept', shell.call.proposals.accept({ id: 'x' }))
    await refused('pin', shell.call.windows.setPin({ pin: null }))
    await refused(
      'edit',
      shell.call.servers.update({ id: 'normal', launch: { command: 'sh', args: [], env: {}, headers: {} } }),
    )

    // A second window: a link is easily had, the PIN is not.
    const { stdout } = await run(home, ['open', '--print'])
    const link = stdout.match(/http:\S+/)![0]
    expect((await openWindow(link)).verdict.kind).toBe('pin-needed')
    expect((await openWindow(link, { pin: '1234' })).verdict.kind).toBe('pin-wrong')
    expect((await openWindow(hub.web)).verdict.kind).toBe('link-used')
    // Using the first link again cost the first window its pairing; the person pairs anew, with the PIN.
    window.close()
    window = await openWindow((await run(home, ['open', '--print'])).stdout.match(/http:\S+/)![0], { pin: '4711' })

    // A new server, with and without --yes.
    const added = await run(home, ['servers', 'add', 'evil', '--yes', '--', 'sh', '-c', 'touch /tmp/never'])
    expect(added.stdout + added.stderr).toContain('window')
    expect(
      (await runJson<{ name?: string; title: string; state: { kind: string } | string }[]>(home, ['servers', 'list']))
        .map(one => JSON.stringify(one.state))
        .join(),
    ).toContain('waiting')
    const start = await run(home, ['servers', 'start', 'evil'])
    expect(start.code).toBe(1)

    // Loosening by file and by call.
    writeFileSync(
      join(home.data, 'policy.json'),
      JSON.stringify({ preset: 'custom', readOnly: false, rules: [{ id: 'r1', effect: 'allow' }] }),
    )
    expect(await shell.call.policy.change({ kind: 'add-rule', rule: { effect: 'allow' } })).toMatchObject({
      applied: false,
    })
    expect(await shell.call.servers.setTrust({ id: 'normal', trust: true })).toMatchObject({ applied: false })
    const config = join(home.data, 'config.json')
    writeFileSync(config, readFileSync(config, 'utf8').replace('"normal": {', '"normal": { "trust": true,'))
    await until('the proposals wait', async () => (await window!.call.proposals.list()).length >= 2)
    expect((await shell.call.policy.explain({ server: 'normal', tool: 'echo' })).effect).toBe('ask')
    expect((await shell.call.servers.get({ id: 'normal' })).trusted).toBe(false)

    // A secret: never read, not replaced.
    const secrets = await run(home, ['secrets', 'list', '--json'])
    expect(secrets.stdout).not.toContain('a-value-to-steal')
    expect((await run(home, ['secrets', 'set', 'TOKEN'], { stdin: 'mine now' })).code).toBe(1)

    await window.call.approvals.answer({ id: approval!.id, answer: { kind: 'deny', word: 'no' } })
    const { code, stdout: answer } = await waiting
    expect([code, answer.includes('denied')]).toEqual([1, true])
    shell.close()
    const record = await whatWasRefused()
    for (const what of [
      'refused/role',
      'window/pin-needed',
      'window/pin-wrong',
      'window/link-used',
      'window/link-made',
      'server/added',
      'proposal/made',
    ])
      expect(record).toContain(what)
  },
)

test.skipIf(!hasKeychain)(
  'rows written into state.db by hand do not count, and a person’s folder takes no --policy',
  async () => {
    const home = freshHome()
    hub = await startHub(home)
    window = await openWindow(hub.web, { pin: '4711' })
    const [server] = await addAndAgree(window, { normal: { command: 'node', args: [fixture('normal.mjs')] } })
    await run(home, ['servers', 'add', 'evil', '--yes', '--', 'node', fixture('stubborn.mjs')])
    window.close()
    await hub.stop()

    const db = new DatabaseSync(join(home.data, 'state.db'))
    const rows = db.prepare('SELECT * FROM sealed').all() as Record<string, unknown>[]
    const evil = (db.prepare("SELECT id FROM server_ids WHERE name = 'evil'").get() as { id: string }).id
    const columns = Object.keys(rows[0]!)
    for (const row of rows.filter(one => JSON.stringify(one).includes(server!.id))) {
      const copy = JSON.parse(JSON.stringify(row).replaceAll(server!.id, evil))
      db.prepare(`INSERT OR REPLACE INTO sealed (${columns.join()}) VALUES (${columns.map(() => '?').join()})`).run(
        ...columns.map(column => (row[column] instanceof Uint8Array ? row[column] : copy[column])),
      )
    }
    db.prepare("UPDATE kv SET value = 'unattended' WHERE key = 'mode'").run()
    db.close()
    writeFileSync(join(home.folder, 'all.json'), '{"rules":[{"effect":"allow"}]}')
    await expect(startHub(home, ['--policy', join(home.folder, 'all.json')])).rejects.toThrow('person')
    const back = new DatabaseSync(join(home.data, 'state.db'))
    back.prepare("UPDATE kv SET value = 'person' WHERE key = 'mode'").run()
    back.close()
    hub = await startHub(home)
    window = await openWindow((await run(home, ['open', '--print'])).stdout.match(/http:\S+/)![0], { pin: '4711' })
    expect((await window.call.servers.get({ id: 'evil' })).state).toMatchObject({ kind: 'waiting', for: 'agreement' })
    // Rows that are not as the keychain knows them put all of them in doubt.
    expect(await whatWasRefused()).toContain('store/rolled-back')
  },
)
