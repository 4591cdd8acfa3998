// SIGKILL at each step of a write of the encrypted file, of a change of its passphrase, and of its move to the keychain.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { openDataFolder } from '../store/data-folder.ts'
import { openState } from '../store/open.ts'
import { Keychain } from './keychain.ts'
import { newRoot } from './keys.ts'
import { SecretFile } from './secret-file.ts'
import { readSecret, writeSecret } from './stored-secret.ts'
import { Vault } from './vault.ts'

const OLD = 'value-old-value'
const NEW = 'value-new-value'
const BEFORE = 'orbit lemon granite fox'
const AFTER = 'another good phrase'
const LONG = 'long-'.repeat(500)
let root: string
let made: { path: string; id: string }

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-killed-'))
  made = openDataFolder(join(root, 'made'))
  openState(made.path).close()
  const file = await SecretFile.create({ folder: made.path, id: made.id, passphrase: BEFORE })
  await file.set('root', JSON.stringify(newRoot('person')))
  await file.set('a', OLD)
  await writeSecret(file, 'TOKEN', LONG)
}, 60_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A copy of the folder in which a process did `what`, and died at that step. `steps`: how many there were, if it did not. */
async function died(what: string, at: number): Promise<{ folder: string; steps: number | null }> {
  const folder = join(root, `${what}-${at}`)
  cpSync(made.path, folder, { recursive: true })
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fixtures', 'crash-child.ts'), folder, what, String(at)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let out = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  const [code, signal] = await once(child, 'close')
  if (code === 0) return { folder, steps: Number(out) }
  expect(signal).toBe('SIGKILL')
  return { folder, steps: null }
}

/** Until a process lives to the end. Gives what was found after each death. */
async function atEachStep<T>(what: string, look: (folder: string) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (let at = 1; at < 40; at++) {
    const { folder, steps } = await died(what, at)
    found.push(await look(folder))
    mustBeEncrypted(folder)
    rmSync(folder, { recursive: true, force: true })
    if (steps !== null) return found
  }
  throw new Error('It never ended.')
}

function mustBeEncrypted(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name === 'logs') continue
    const text = readFileSync(join(folder, name), 'latin1')
    for (const plain of [OLD, NEW, 'long-long-', BEFORE, AFTER, Buffer.from(OLD).toString('base64').slice(0, 18)])
      expect(text.includes(plain), `${plain} in ${name}`).toBe(false)
  }
}

const opened = (folder: string, passphrase: string) => SecretFile.open({ folder, id: made.id, passphrase })

test('a value that is replaced is the old one or the new one, and what is left lying holds neither', async () => {
  const values = await atEachStep('set', async folder => {
    const file = await opened(folder, BEFORE)
    const value = await file.get('a')
    // And the next write is none the worse for what was left.
    await file.set('b', 'later')
    expect(readdirSync(folder).filter(name => name.startsWith('secrets.enc'))).toEqual(['secrets.enc'])
    return value
  })
  expect(new Set(values)).toEqual(new Set([OLD, NEW]))
  expect(values.indexOf(NEW)).toBe(values.lastIndexOf(OLD) + 1)
}, 120_000)

test('a passphrase that is changed is the old one or the new one, never none', async () => {
  const phrases = await atEachStep('passphrase', async folder => {
    const open = async (phrase: string) => {
      const file = await opened(folder, phrase).catch(() => null)
      return file && (await file.get('a')) === OLD
    }
    return [await open(BEFORE), await open(AFTER)]
  })
  expect(phrases.every(([before, after]) => (before === true) !== (after === true))).toBe(true)
  expect(phrases.at(-1)).toEqual([null, true])
}, 180_000)

test.skipIf(process.env.GATEHOUSE_TEST_KEYRING !== '1')(
  'moved to the keychain: everything is in the file until everything is there',
  async () => {
    const places = await atEachStep('move', async folder => {
      const keychain = new Keychain(`gatehouse-${made.id}`, 30_000)
      const db = openState(folder)
      const vault = await Vault.open({
        folder: { path: folder, id: made.id, created: false },
        db,
        announcer: new Announcer(),
      })
      const { file } = vault.status()
      if (file === 'locked') await vault.unlock(BEFORE)
      expect(vault.key('seal')).not.toBeNull()
      expect(await vault.isStored('TOKEN')).toBe(true)
      const kept = await (file === 'locked' ? opened(folder, BEFORE) : Promise.resolve(keychain))
      expect([await kept.get('a'), await readSecret(kept, 'TOKEN')]).toEqual([OLD, LONG])
      await vault.close()
      db.close()
      // The keychain is as it was, for the next death.
      for (const [account] of (await opened(made.path, BEFORE)).entries()) await keychain.remove(account)
      await keychain.close()
      return file ?? 'keychain'
    })
    expect(places[0]).toBe('locked')
    expect(places.at(-1)).toBe('keychain')
    expect(places.indexOf('keychain')).toBe(places.lastIndexOf('locked') + 1)
  },
  240_000,
)
