// config.json on disk: read whole, written atomically, never over a file we could not read.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFile, writeFileSync as writeFileAtomically } from 'atomically'
import { z } from 'zod'
import type { ConfigProblem } from '../../contract/hub.ts'
import { HubError } from '../error.ts'
import { EMPTY_CONFIG, type ReadConfig, readConfig } from './config-text.ts'
import { ConfigShape, type Entry, launchOf } from './entry.ts'

export class ConfigFile {
  readonly path: string
  readonly #holdsSecret: (text: string) => boolean

  /** `holdsSecret`: whether a value that is stored as a credential stands in a text. */
  constructor(folder: string, holdsSecret: (text: string) => boolean) {
    this.#holdsSecret = holdsSecret
    this.path = join(folder, 'config.json')
    publishSchema(join(folder, 'config.schema.json'))
    if (!existsSync(this.path)) writeFileAtomically(this.path, EMPTY_CONFIG, { mode: 0o600 })
  }

  read(): { text: string; entries: Map<string, Entry> } | { problem: ConfigProblem } {
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(this.path))
    } catch (error) {
      return { problem: { path: this.path, line: 1, column: 1, what: whyUnreadable(error) } }
    }
    const result: ReadConfig = readConfig(text)
    if ('problem' in result) return { problem: { path: this.path, ...result.problem } }
    return { text, entries: result.entries }
  }

  /** Changes the text that is on disk now; refuses when that cannot be read. */
  async edit(change: (text: string) => string): Promise<void> {
    const now = this.read()
    if ('problem' in now) throw unreadable(now.problem)
    const text = change(now.text)
    if (text === now.text) return
    this.#refuseSecrets(now.entries, readConfig(text))
    const again = this.read()
    if ('problem' in again || again.text !== now.text)
      throw new HubError('registry/config-changed', 'config.json was changed by somebody else just now.', {
        hint: 'Nothing was written. Try again.',
      })
    await writeFile(this.path, text)
  }

  // What a hand wrote there stays that hand's matter, and can be switched off like anything else.
  #refuseSecrets(before: ReadonlyMap<string, Entry>, after: ReadConfig): void {
    const plain = (name: string, entry: Entry) => JSON.stringify([name, launchOf(entry)])
    for (const [name, entry] of 'entries' in after ? after.entries : []) {
      const old = before.get(name)
      if ((old && plain(name, old) === plain(name, entry)) || !this.#holdsSecret(plain(name, entry))) continue
      throw new HubError(
        'registry/holds-secret',
        'A credential stands in this definition, and definitions are kept as plain text.',
        {
          hint: 'Nothing was written. Name it instead: ${secret:NAME}, in env, headers or the address.',
        },
      )
    }
  }
}

function unreadable({ path, line, column, what }: ConfigProblem): HubError {
  return new HubError('registry/config-unreadable', `${path}, line ${line}, column ${column}: ${what}`, {
    hint: 'Nothing was written. Mend the file first; what ran before goes on running.',
  })
}

function whyUnreadable(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return 'The file is gone. Put it back, or restart Gatehouse to begin with an empty one.'
  if (error instanceof TypeError) return 'The file is not UTF-8 text.'
  return `The file cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`
}

function publishSchema(path: string): void {
  const schema = JSON.stringify(z.toJSONSchema(ConfigShape, { io: 'input' }), null, 2)
  if (existsSync(path) && readFileSync(path, 'utf8') === schema) return
  writeFileAtomically(path, schema, { mode: 0o600 })
}
