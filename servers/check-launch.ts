// What of a launch a server would refuse at its start, by setting, before anything is started. Says no value.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { Facts } from './catalog-facts.ts'
import { Roots } from './kit/roots.ts'
import { type SettingsShape, wrongIn } from './kit/settings.ts'

export const Launch = z.object({ args: z.array(z.string()), env: z.record(z.string(), z.string()) })
type Launch = z.infer<typeof Launch>

/** Its value is not known here: `${secret:NAME}`, `${env:NAME}`, `${home}`. */
const isReference = (text: string) => /\$\{(home|(env|secret):[^}]+)\}/.test(text)

/** Each by its setting, `folders` by that word: what it must be, said of it. */
export function checkLaunch(facts: Facts, shape: SettingsShape, { args, env }: Launch): Record<string, string> {
  const known = Object.entries(env).filter(([, value]) => value !== '' && !isReference(value))
  const needed = Object.entries(facts.along ?? {}).flatMap(([setting, others]) =>
    env[setting] ? others.filter(other => !env[other]).map(other => [other, `is needed with ${setting}`]) : [],
  )
  const plain = Object.fromEntries(known.filter(([name]) => name in shape).map(([name]) => [name, shape[name]!]))
  const folders = args.filter((one, n) => !one.startsWith('-') && args[n - 1] !== '--refuse' && !isReference(one))
  const wrong = facts.folders ? folders.flatMap(folder => wrongFolder(folder, env.KEEP_OUT) ?? []) : []
  return {
    ...Object.fromEntries(needed),
    ...wrongIn(plain, Object.fromEntries(known)),
    ...(wrong[0] ? { folders: wrong[0] } : {}),
  }
}

function wrongFolder(folder: string, keepOut: string | undefined): string | null {
  if (!isAbsolute(folder) && folder !== '~' && !folder.startsWith('~/')) return `${folder} is no whole path.`
  try {
    new Roots([folder], keepOut ? [keepOut] : [])
    return null
  } catch (error) {
    return error instanceof Error ? error.message : `${error}`
  }
}
