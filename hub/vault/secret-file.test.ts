import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Announcer } from '../announce.ts'
import { type DataFolder, openDataFolder } from '../store/data-folder.ts'
import { type Db, openState } from '../store/open.ts'
import { newRoot } from './keys.ts'
import { placeOfFile, SecretFile } from './secret-file.ts'
import { Vault } from './vault.ts'

const hasKeyring = process.env.GATEHOUSE_TEST_KEYRING === '1'
const passphrase = 'orbit lemon granite fox'
let root: string
let folder: DataFolder
let db: Db
const opened: Vault[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-file-'))
  folder = openDataFolder(join(root, 'data'))
  db = openState(folder.path)
})
afterEach(async () => {
  for (const vault of opened.splice(0)) await vault.close()
  db.close()
  rmSync(root, { recursive: true, force: true })
})

const of = (phrase = passphrase) => ({ folder: folder.path, id: folder.id, passphrase: phrase })
const code = (text: string) => expect.objectContaining({ code: text })

async function openVault(): Promise<Vault> {
  const vault = await Vault.open({ folder, db, announcer: new Announcer() })
  opened.push(vault)
  return vault
}

test('entries come back with the passphrase alone, and stand readable nowhere', async () => {
  const file = await SecretFile.create(of())
  await file.set('a', 'value-one-é€')
  await file.set('b', 'value-two')
  await file.remove('b')
  const again = await SecretFile.open(of())
  expect([await again.get('a'), await again.get('b')]).toEqual(['value-one-é€', null])
  await expect(SecretFile.open(of('orbit lemon granite fux'))).rejects.toThrow(code('vault/wrong-passphrase'))
  await expect(SecretFile.open({ ...of(), id: 'another' })).rejects.toThrow(code('vault/damaged'))
  const text = readFileSync(placeOfFile(folder.path), 'latin1')
  expect(text).not.toMatch(/value-one|orbit/)
  expect(readdirSync(folder.path).filter(name => name.startsWith('secrets.enc'))).toEqual(['secrets.enc'])
  if (process.platform !== 'win32') expect(statSync(placeOfFile(folder.path)).mode & 0o777).toBe(0o600)
})

test('any changed byte is told as damage or as a wrong passphrase, never believed', async () => {
  await (await SecretFile.create(of())).set('a', 'value')
  const path = placeOfFile(folder.path)
  const whole = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  for (const field of ['iv', 'tag', 'body', 'salt', 'check']) {
    const bytes = Buffer.from(whole[field]!, 'base64')
    bytes[0]! ^= 1
    writeFileSync(path, JSON.stringify({ ...whole, [field]: bytes.toString('base64') }))
    await expect(SecretFile.open(of())).rejects.toThrow(/damaged|not the passphrase/)
  }
  for (const text of ['', '{', '{}', JSON.stringify(whole).slice(0, -9)]) {
    writeFileSync(path, text)
    await expect(SecretFile.open(of())).rejects.toThrow(code('vault/damaged'))
  }
})

test('a hub that died while it wrote leaves the old file whole', async () => {
  const file = await SecretFile.create(of())
  await file.set('a', 'old')
  writeFileSync(`${placeOfFile(folder.path)}.new`, '{"version":1,"salt":"')
  const again = await SecretFile.open(of())
  expect(await again.get('a')).toBe('old')
  await again.set('a', 'new')
  expect(await (await SecretFile.open(of())).get('a')).toBe('new')
})

test('the passphrase is changed by who knows the old one; a short one is refused', async () => {
  const file = await SecretFile.create(of())
  await file.set('a', 'value')
  await expect(file.changePassphrase('wrong wrong wrong', 'another good phrase')).rejects.toThrow(
    code('vault/wrong-passphrase'),
  )
  await expect(file.changePassphrase(passphrase, 'short')).rejects.toThrow(code('vault/short-passphrase'))
  await file.changePassphrase(passphrase, 'another good phrase')
  await file.set('b', 'later')
  await expect(SecretFile.open(of())).rejects.toThrow(code('vault/wrong-passphrase'))
  expect((await SecretFile.open(of('another good phrase'))).entries()).toHaveLength(2)
})

test.runIf(hasKeyring)(
  'when the keychain appears, what the file holds is moved there, and the file is gone',
  async () => {
    const file = await SecretFile.create(of())
    await file.set('root', JSON.stringify(newRoot('person')))
    cpSync(placeOfFile(folder.path), join(root, 'kept'))
    const vault = await openVault()
    expect(vault.status()).toMatchObject({ kind: 'locked', file: 'locked' })
    await vault.unlock(passphrase)
    await vault.set('TOKEN', 'hunter2hunter2')
    const seal = vault.key('seal')!
    await vault.moveToKeychain()
    expect(vault.status().file).toBeUndefined()
    expect(readdirSync(folder.path)).not.toContain('secrets.enc')
    await vault.close()
    // A file put beside it later is not asked: the keychain's word counts.
    cpSync(join(root, 'kept'), placeOfFile(folder.path))
    const next = await openVault()
    expect([next.status().kind, next.status().file]).toEqual(['open', undefined])
    expect([await next.read('TOKEN'), next.key('seal')?.equals(seal)]).toEqual(['hunter2hunter2', true])
  },
)
