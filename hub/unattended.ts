// A data folder for a machine without a person: created with --policy, and only then. A person's folder never becomes one.
import { readFileSync } from 'node:fs'
import { parseTree } from 'jsonc-parser'
import { z } from 'zod'
import type { Rule } from '../contract/policy.ts'
import { HubError, problemOf } from './error.ts'
import { FileRule, saidTwice } from './policy/policy-file.ts'
import { checkRule } from './policy/policy-state.ts'
import type { DataFolder } from './store/data-folder.ts'
import { Kv } from './store/kv.ts'
import type { Db } from './store/open.ts'

const PolicyFile = z.strictObject({
  $schema: z.string().optional(),
  rules: z.array(FileRule),
  /** Names of servers whose own read-only marks count. */
  trust: z.array(z.string()).optional(),
})

export interface Unattended {
  rules: Rule[]
  trust: string[]
}

const KEY = 'mode'

/** The fixed policy, or null on a person's folder. Refuses to mix the two. */
export function readUnattended(options: { folder: DataFolder; db: Db; policy: string | undefined }): Unattended | null {
  const { folder, db, policy } = options
  const kv = new Kv(db)
  if (folder.created) kv.put(KEY, policy === undefined ? 'person' : 'unattended')
  const mode = kv.get(KEY) ?? 'person'
  if (policy !== undefined && mode !== 'unattended') {
    throw new HubError('hub/person-folder', `${folder.path} belongs to a person; --policy is not accepted there.`, {
      hint: 'Name a new folder with --data for a machine without a person.',
    })
  }
  if (policy === undefined) {
    if (mode === 'unattended')
      throw new HubError('hub/policy-missing', `${folder.path} was made for a machine without a person.`, {
        hint: 'Start it with --policy FILE, or name another folder with --data.',
      })
    return null
  }
  const { rules, trust } = parsePolicyFile(policy)
  return {
    rules: rules.map((rule, n) => ({ ...rule, id: rule.id ?? `file-${n + 1}` }) as Rule),
    trust: trust ?? [],
  }
}

/** The keychain remembers what the folder was made for; files that say otherwise were edited. */
export function refuseConversion(mode: 'person' | 'unattended', remembered: 'person' | 'unattended' | null): void {
  if (remembered !== null && remembered !== mode) {
    throw new HubError(
      'hub/person-folder',
      `This data folder was made for ${remembered === 'person' ? 'a person' : 'a machine without a person'}, and its files were changed to say otherwise.`,
      { hint: 'Name a new folder with --data.' },
    )
  }
}

function parsePolicyFile(path: string): z.infer<typeof PolicyFile> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new HubError('policy/unreadable', `Cannot read ${path}.`, {
      cause,
      hint: 'Give the path of a file {"rules": […]}.',
    })
  }
  try {
    const file = PolicyFile.parse(JSON.parse(text))
    const twice = saidTwice(parseTree(text))
    if (twice) throw new Error(`${JSON.stringify(twice.value)} stands there twice.`)
    for (const rule of file.rules) checkRule(rule as Rule)
    return file
  } catch (cause) {
    const what = cause instanceof z.ZodError ? z.prettifyError(cause) : problemOf(cause).message
    throw new HubError('policy/unreadable', `${path} is not a policy: ${what}`, {
      cause,
      hint: 'Expected {"rules": [{"effect": "allow", …}], "trust": ["name"]}.',
    })
  }
}
