// How each small program begins and ends: JSON on stdout, and when it fails its problem as JSON on stderr.
import { existsSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { HubError, problemOf } from '../error.ts'
import { defaultDataFolder } from '../store/data-folder.ts'

export interface Given {
  data: string
  words: string[]
  values: Record<string, string | undefined>
}

/** `node hub/programs/NAME.ts [WORDS…] --data DIR …`. What `main` resolves with is printed; undefined: it printed itself. */
export async function runProgram(options: readonly string[], main: (given: Given) => Promise<unknown>): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      options: Object.fromEntries(['data', ...options].map(name => [name, { type: 'string' as const }])),
      allowPositionals: true,
    })
    const answer = await main({ data: values.data ?? defaultDataFolder(), words: positionals, values })
    if (answer !== undefined) await write(JSON.stringify(answer))
    await write('')
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${JSON.stringify(problemOf(error))}\n`, () => process.exit(1))
  }
}

/** Resolves when stdout has taken it. */
export function write(text: string): Promise<void> {
  return new Promise(resolve => process.stdout.write(text, () => resolve()))
}

/** These programs look; they never make a data folder. */
export function mustExist(data: string): void {
  if (existsSync(data) && statSync(data).isDirectory()) return
  throw new HubError('store/no-folder', `There is no data folder ${data}.`, {
    hint: 'Name it with --data, or start Gatehouse once.',
  })
}
