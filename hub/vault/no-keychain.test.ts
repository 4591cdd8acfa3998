// With no bus at all: libdbus reads its address once in a process's life, so these have a file, and a process, of their own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Announcer } from '../announce.ts'
import { type DataFolder, openDataFolder } from '../store/data-folder.ts'
import { type Db, openState } from '../store/open.ts'
import { failureOf, keychainHint } from './keychain.ts'
import { Vault } from './vault.ts'

const realBus = /unix:path=([^,;]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS ?? '')?.[1]
const nowhere = mkdtempSync(join(tmpdir(), 'gatehouse-no-bus-'))
const noBus = join(nowhere, 'bus')
process.env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${noBus}`
afterAll(() => rmSync(nowhere, { recursive: true }))

let root: string
let folder: DataFolder
let db: Db
let announcer: Announcer
const opened: Vault[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-vault-'))
  folder = openDataFolder(join(root, 'data'))
  db = openState(folder.path)
  announcer = new Announcer()
})
afterEach(async () => {
  for (const vault of opened.splice(0)) await vault.close()
  db.close()
  rmSync(root, { recursive: true, force: true })
})

async function open(more: Partial<Parameters<typeof Vault.open>[0]> = {}): Promise<Vault> {
  const vault = await Vault.open({ folder, db, announcer, ...more })
  opened.push(vault)
  return vault
}

test.runIf(process.platform === 'linux')(
  'the vault opens at once, says what is missing and what to do, and hangs nowhere',
  async () => {
    const started = performance.now()
    const vault = await open()
    expect(performance.now() - started).toBeLessThan(30_000)
    expect(vault.status()).toMatchObject({ kind: 'missing', hint: expect.stringContaining('gnome-keyring') })
    expect([vault.key('seal'), vault.signing(), vault.mode(), vault.names(), await vault.anchor.read()]).toEqual([
      null,
      null,
      null,
      [],
      null,
    ])
    const refused = expect.objectContaining({ code: 'vault/missing', hint: expect.stringContaining('gnome-keyring') })
    await expect(vault.set('TOKEN', 'hunter2hunter2')).rejects.toThrow(refused)
    await expect(vault.read('TOKEN')).rejects.toThrow(refused)
    await expect(vault.anchor.write('x')).rejects.toThrow(refused)
  },
)

test.runIf(process.platform === 'linux')(
  'a bus that never answers is waited for in the background, given up at the deadline, and does not hold up the exit',
  async () => {
    const silent = createServer(() => {}).listen(join(root, 'bus'))
    await once(silent, 'listening')
    const script = `
      import { Announcer } from ${JSON.stringify(join(import.meta.dirname, '../announce.ts'))}
      import { openDataFolder } from ${JSON.stringify(join(import.meta.dirname, '../store/data-folder.ts'))}
      import { openState } from ${JSON.stringify(join(import.meta.dirname, '../store/open.ts'))}
      import { Vault } from ${JSON.stringify(join(import.meta.dirname, 'vault.ts'))}
      const folder = openDataFolder(process.argv[1])
      const started = performance.now()
      const vault = await Vault.open({ folder, db: openState(folder.path), announcer: new Announcer(), deadlineMs: 4500 })
      console.log(JSON.stringify([vault.status().kind, performance.now() - started < 4400]))
      const failed = await vault.anchor.write('x').catch(e => e.code)
      for (let n = 0; n < 60 && !vault.status().what.includes('in time'); n++) await new Promise(r => setTimeout(r, 100))
      console.log(JSON.stringify([failed, vault.status().what]))
      await vault.close()
      console.log('closed')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, join(root, 'other')], {
      env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${root}/bus` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 100_000)
    await once(child, 'close')
    clearTimeout(timer)
    silent.close()
    expect(out.trim().split('\n')).toEqual([
      '["waiting",true]',
      expect.stringContaining('did not answer in time'),
      'closed',
    ])
  },
)

test.each([
  ['Secret Service: locked collection', 'locked'],
  ['User interaction is not allowed.', 'locked'],
  ['prompt dismissed', 'denied'],
  ['The user canceled the operation (-128)', 'denied'],
  ['DBus error: Failed to connect to socket /nonexistent', 'missing'],
  ['Secret Service: no result found', 'missing'],
  ['Platform failure: blocked?', 'missing'],
])('the keychain’s words %j mean %s', (words, kind) => {
  expect(failureOf(words)).toBe(kind)
})

test('each system has a hint of its own', () => {
  expect(new Set(['linux', 'darwin'].map(platform => keychainHint('missing', platform as NodeJS.Platform))).size).toBe(
    2,
  )
})
test.runIf(process.platform === 'linux')(
  'without a keychain the vault lives in the file, and is locked at the next start',
  async () => {
    const passphrase = 'orbit lemon granite fox'
    const code = (text: string) => expect.objectContaining({ code: text })
    const vault = await open()
    expect(vault.status().file).toBeUndefined()
    await vault.createFile(passphrase)
    expect(vault.status()).toMatchObject({ kind: 'open', store: 'encrypted file', file: 'open' })
    await vault.set('TOKEN', 'hunter2hunter2')
    const seal = vault.key('seal')
    await expect(vault.createFile(passphrase)).rejects.toThrow(code('vault/is-open'))
    await vault.close()
    const next = await open()
    expect([next.status().kind, next.status().file, next.key('seal')]).toEqual(['locked', 'locked', null])
    await expect(next.read('TOKEN')).rejects.toThrow(code('vault/locked'))
    await expect(next.createFile(passphrase)).rejects.toThrow(code('vault/file-exists'))
    await expect(next.unlock('not this passphrase')).rejects.toThrow(code('vault/wrong-passphrase'))
    expect(next.key('seal')).toBeNull()
    await next.unlock(passphrase)
    expect([await next.read('TOKEN'), next.key('seal')?.equals(seal!)]).toEqual(['hunter2hunter2', true])
  },
)

test.skipIf(process.env.GATEHOUSE_TEST_KEYRING !== '1' || !realBus)(
  'when the keychain appears, work goes on and it is announced',
  async () => {
    const vault = await open()
    expect(vault.status().kind).toBe('missing')
    symlinkSync(realBus!, noBus)
    const announced = vi.fn()
    announcer.on('vault/changed', announced)
    await vault.retry()
    expect([vault.status().kind, announced.mock.calls.length]).toEqual(['open', 1])
    await vault.set('TOKEN', 'hunter2hunter2')
    expect(await vault.read('TOKEN')).toBe('hunter2hunter2')
  },
)

test('without a keychain what guards pairing lives in memory', async () => {
  const vault = await open()
  await vault.door.write('{}')
  expect(vault.door.read()).toBe('{}')
})
