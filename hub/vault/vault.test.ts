// On a real gnome-keyring, where GATEHOUSE_TEST_KEYRING=1 says that one is here.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { type DataFolder, openDataFolder } from '../store/data-folder.ts'
import { Kv } from '../store/kv.ts'
import { type Db, openState } from '../store/open.ts'
import { Keychain } from './keychain.ts'
import { Vault } from './vault.ts'

const noKeyring = process.env.GATEHOUSE_TEST_KEYRING !== '1'
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
  // A busy keychain may take longer than a start waits for it.
  await expect.poll(() => vault.status().kind).not.toBe('waiting')
  return vault
}

describe.skipIf(noKeyring)(
  'on a real keyring (GATEHOUSE_TEST_KEYRING=1 inside dbus-run-session with an unlocked gnome-keyring)',
  () => {
    test('secrets are kept over restarts, long ones too, and replaced and removed whole', async () => {
      const long = `${'ü€😀x'.repeat(800)}\nend`
      let vault = await open()
      expect(vault.status()).toMatchObject({ kind: 'open', hint: null })
      await vault.set('SHORT', 'hunter2hunter2')
      await vault.set('LONG', 'older'.repeat(540))
      await vault.set('LONG', long)
      await vault.close()
      vault = await open()
      expect([await vault.read('SHORT'), await vault.read('LONG')]).toEqual(['hunter2hunter2', long])
      expect(vault.names()).toEqual([
        { name: 'LONG', chars: 3204, setAt: expect.any(Number), usedAt: expect.any(Number) },
        { name: 'SHORT', chars: 14, setAt: expect.any(Number), usedAt: expect.any(Number) },
      ])
      await vault.remove('LONG')
      expect(vault.has('LONG')).toBe(false)
      await expect(vault.read('LONG')).rejects.toThrow(expect.objectContaining({ code: 'vault/not-stored' }))
    })

    test('the redactor knows every stored secret before any is used', async () => {
      await (await open()).set('TOKEN', 'hunter2hunter2')
      const again = await open()
      expect(again.redactor.redact(`x hunter2hunter2 ${Buffer.from('hunter2hunter2').toString('hex')}`)).toBe(
        'x ‹secret:TOKEN› ‹secret:TOKEN›',
      )
    })

    test('no value lies in any file of the data folder', async () => {
      const value = 'Zq8-unique-value-71c3'
      const vault = await open()
      await vault.set('TOKEN', value)
      await vault.read('TOKEN')
      const { privateKey } = vault.signing()!
      const keys = [
        vault.key('seal')!,
        vault.key('backup')!,
        privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(16),
      ]
      const needles = [...keys, Buffer.from(value)].flatMap(b => [
        b,
        ...(['hex', 'base64'] as const).map(e => Buffer.from(b.toString(e))),
      ])
      for (const file of readdirSync(folder.path, { recursive: true, encoding: 'utf8' })) {
        const path = join(folder.path, file)
        if (!statSync(path).isFile()) continue
        const bytes = readFileSync(path)
        expect(needles.filter(needle => bytes.includes(needle))).toEqual([])
      }
    })

    test('keys stay the same over restarts, differ by purpose and by folder, and another folder sees no secret', async () => {
      const first = await open()
      await first.set('TOKEN', 'hunter2hunter2')
      const second = await open()
      expect(second.key('seal')).toEqual(first.key('seal'))
      expect(second.key('seal')).not.toEqual(second.key('backup'))
      const other = openDataFolder(join(root, 'other'))
      const otherDb = openState(other.path)
      try {
        const third = await open({ folder: other, db: otherDb })
        expect(third.key('seal')).not.toEqual(first.key('seal'))
        await expect(third.read('TOKEN')).rejects.toThrow(expect.objectContaining({ code: 'vault/not-stored' }))
      } finally {
        otherDb.close()
      }
    })

    test('the anchor is kept', async () => {
      const vault = await open()
      expect(await vault.anchor.read()).toBeNull()
      await vault.anchor.write('1:abc')
      await vault.anchor.write('2:def')
      expect(await (await open()).anchor.read()).toBe('2:def')
    })

    test('a person’s folder stays one, whatever its files are made to say', async () => {
      expect((await open({ mode: 'person' })).mode()).toBe('person')
      new Kv(db).put('mode', 'unattended')
      expect((await open({ folder: { ...folder, created: false }, mode: 'unattended' })).mode()).toBe('person')
      const copied = openDataFolder(join(root, 'copy'))
      const copiedDb = openState(copied.path)
      try {
        expect((await open({ folder: { ...copied, id: folder.id }, db: copiedDb, mode: 'unattended' })).mode()).toBe(
          'person',
        )
      } finally {
        copiedDb.close()
      }
    })

    test('a folder that is said to be another kind gets no key and no secret', async () => {
      await (await open({ mode: 'person' })).set('TOKEN', 'hunter2hunter2')
      const converted = await open({ folder: { ...folder, created: false }, mode: 'unattended' })
      expect([converted.status().kind, converted.mode(), converted.key('seal'), converted.signing()]).toEqual([
        'denied',
        'person',
        null,
        null,
      ])
      await expect(converted.read('TOKEN')).rejects.toThrow('made for another kind of use')
      await expect(converted.set('TOKEN', 'mine')).rejects.toThrow('made for another kind of use')
    })

    test('a secret is stored although its name was taken out of our list', async () => {
      const vault = await open()
      await vault.set('TOKEN', 'hunter2hunter2')
      db.prepare('DELETE FROM secrets').run()
      expect([vault.has('TOKEN'), await vault.isStored('TOKEN'), await vault.isStored('OTHER')]).toEqual([
        false,
        true,
        false,
      ])
    })

    test('what guards pairing outlives the state database, and no copy of the folder is without it', async () => {
      const first = await open()
      expect([first.knewFolder, first.door.read()]).toEqual([false, null])
      await first.door.write('{"pin":"x"}')
      const copied = openDataFolder(join(root, 'copy'))
      const copiedDb = openState(copied.path)
      try {
        const copy = await open({ folder: { ...copied, id: folder.id }, db: copiedDb })
        expect([copy.knewFolder, copy.door.read()]).toEqual([true, '{"pin":"x"}'])
      } finally {
        copiedDb.close()
      }
    })

    test('an unattended folder remembers that it is one', async () => {
      expect((await open({ mode: 'unattended' })).mode()).toBe('unattended')
      expect((await open({ folder: { ...folder, created: false } })).mode()).toBe('unattended')
    })

    test('accesses at the same time do not disturb each other, and one that is not there is null', async () => {
      const keychain = new Keychain(`gatehouse-test-${folder.id}`, 60_000)
      await Promise.all(Array.from({ length: 20 }, (_, n) => keychain.set(`n${n}`, `value ${n}`)))
      expect(await Promise.all(Array.from({ length: 20 }, (_, n) => keychain.get(`n${n}`)))).toEqual(
        Array.from({ length: 20 }, (_, n) => `value ${n}`),
      )
      expect(await keychain.get('none')).toBeNull()
      await keychain.close()
    })
  },
)

test.skipIf(noKeyring || process.platform !== 'linux')(
  'a locked keyring is said and nothing is lost: the hub opens, secrets wait',
  async () => {
    const script = `
    import { Keychain } from ${JSON.stringify(join(import.meta.dirname, 'keychain.ts'))}
    const keychain = new Keychain('gatehouse-locked', Number(process.env.WAIT))
    const done = op => op.then(v => ['fine', v], e => [e.kind, e.message.includes('hunter2')])
    console.log(JSON.stringify(await done(keychain.set('a', 'hunter2hunter2'))))
    await keychain.close()`
    // Made and unlocked by one daemon, then found locked by the next.
    const shell = `printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null; WAIT=60000 "$NODE" --input-type=module -e "$SCRIPT"; gnome-keyring-daemon --replace --components=secrets >/dev/null; WAIT=3000 "$NODE" --input-type=module -e "$SCRIPT"`
    const child = spawn('dbus-run-session', ['--', 'sh', '-c', shell], {
      env: {
        PATH: process.env.PATH,
        HOME: root,
        XDG_DATA_HOME: join(root, 'share'),
        XDG_RUNTIME_DIR: root,
        NODE: process.execPath,
        SCRIPT: script,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    let out = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 100_000)
    await once(child, 'exit')
    clearTimeout(timer)
    // What it wrote last may come after its end is told.
    await expect.poll(() => out.trim().split('\n').length).toBe(2)
    const [unlocked, locked] = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(unlocked).toEqual(['fine', null])
    expect([
      ['locked', false],
      ['denied', false],
      ['waiting', false],
    ]).toContainEqual(locked)
  },
)
