// What the keychain knows of a data folder, read without a hub: the audit log's anchor and the keys. Makes nothing.
import { idOf } from '../store/data-folder.ts'
import { Keychain } from '../vault/keychain.ts'
import { deriveKeys, type Keys, Root } from '../vault/keys.ts'

const DEADLINE_MS = 10_000

/** `why`: in words, why there are no keys. */
export interface Witness {
  anchor: string | null
  keys: Keys | null
  why: string | null
}

export async function readWitness(data: string): Promise<Witness> {
  const id = idOf(data)
  if (!id) return { anchor: null, keys: null, why: 'The folder has no id, so its keychain entries are not known.' }
  const keychain = new Keychain(`gatehouse-${id}`, DEADLINE_MS)
  try {
    const text = await keychain.get('root')
    if (text === null) return { anchor: null, keys: null, why: 'The keychain has no entry for this folder.' }
    // Without a key of ours no signature can be checked, but the anchor still counts.
    const root = Root.safeParse(JSON.parse(text))
    const anchor = await keychain.get('anchor')
    return { anchor, keys: root.success ? deriveKeys(root.data) : null, why: null }
  } catch (error) {
    return { anchor: null, keys: null, why: error instanceof Error ? error.message : String(error) }
  } finally {
    await keychain.close()
  }
}
