// Where the pieces lie: the data folder, and the programs of this installation that the command line starts by path.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import envPaths from 'env-paths'

const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

/** `hub/main`, `hub/programs/audit`: beside cli/ in a checkout (.ts) and in a bundle (.js) alike. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../${name}${ending}`, import.meta.url))
}

/** --data, GATEHOUSE_HOME, or the platform's place (the same rule as the hub's). */
export function dataFolder(given: string | undefined): string {
  const chosen = given ?? process.env.GATEHOUSE_HOME
  return chosen ? resolve(chosen) : envPaths('gatehouse', { suffix: '' }).data
}
