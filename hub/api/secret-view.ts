// Credentials as the window and the command line see them: names and uses, never values.
import type { Secret } from '../../contract/secrets.ts'
import type { Registry } from '../registry/registry.ts'
import type { Vault } from '../vault/vault.ts'

/** Stored secrets and those that some server names but nobody stored. */
export function viewSecrets(vault: Vault, registry: Registry): Secret[] {
  const stored = new Map(vault.names().map(one => [one.name, one]))
  const definitions = registry.list()
  const names = new Set([...stored.keys(), ...definitions.flatMap(one => one.secretNames)])
  const locked = vault.status().kind !== 'open'
  return [...names].sort().map(name => {
    const known = stored.get(name)
    return {
      name,
      status: known ? (locked ? 'locked' : 'stored') : 'missing',
      looksLike: known ? `${known.chars} characters` : null,
      setAt: known?.setAt ?? null,
      usedAt: known?.usedAt ?? null,
      usedBy: definitions
        .filter(one => one.secretNames.includes(name))
        .map(one => ({ server: one.id, name: one.name, granted: registry.isGranted(one.id, name) })),
    }
  })
}
