// References in a definition's values: `${secret:NAME}`, `${env:NAME}`, `${home}`. Here they are only found, never resolved.
import { SecretName } from '../../contract/secrets.ts'

const SECRET = /\$\{secret:([^}]*)\}/g
const ANY = /\$\{[^}]*\}/g
const KNOWN = /^\$\{(secret:[^}]+|env:[A-Za-z_][A-Za-z0-9_]*|home)\}$/

/** Names of the secrets that the texts refer to, sorted, each once. */
export function secretsIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(text => [...text.matchAll(SECRET)].map(match => match[1]!)))].sort()
}

/** What looks like a reference but is handed on as it stands. */
export function unknownReferences(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(text => (text.match(ANY) ?? []).filter(reference => !KNOWN.test(reference))))]
}

export function isSecretName(name: string): boolean {
  return SecretName.safeParse(name).success
}
