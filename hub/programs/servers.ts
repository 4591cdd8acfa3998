// `servers list` without a hub: what config.json defines and what was known of it. Nothing runs, nothing is written.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { ServerLine } from '../../contract/command-line.ts'
import { HubError } from '../error.ts'
import { readConfig } from '../registry/config-text.ts'
import { Listings } from '../store/listings.ts'
import { ServerIds } from '../store/server-ids.ts'
import { runProgram } from './program.ts'

await runProgram([], async ({ data }) => {
  const path = join(data, 'config.json')
  if (!existsSync(path)) return []
  const read = readConfig(readFileSync(path, 'utf8'))
  if ('problem' in read) {
    const { line, column, what } = read.problem
    throw new HubError('registry/config-unreadable', `${path}, line ${line}, column ${column}: ${what}`, {
      hint: 'Mend the file; nothing was written.',
    })
  }
  return withState(data, known =>
    [...read.entries].map(([name, entry]): ServerLine => {
      const { id, tools } = known(name)
      const because = entry.enabled === false ? 'It is switched off.' : 'No hub is running.'
      return { id, name, title: name, state: 'stopped', tools, because }
    }),
  )
})

type Known = (name: string) => { id: string; tools: number }

function withState<T>(data: string, use: (known: Known) => T): T {
  const path = join(data, 'state.db')
  if (!existsSync(path)) return use(() => ({ id: '', tools: 0 }))
  const db = new Database(path, { readonly: true, fileMustExist: true })
  try {
    const ids = new Map(new ServerIds(db).list().map(row => [row.name, row.id]))
    const listings = new Listings(db)
    return use(name => {
      const id = ids.get(name) ?? ''
      return { id, tools: countTools(listings.get(id)?.json) }
    })
  } finally {
    db.close()
  }
}

function countTools(json: string | undefined): number {
  const listing: unknown = JSON.parse(json ?? '{}')
  const tools = (listing as { tools?: unknown }).tools
  return Array.isArray(tools) ? tools.length : 0
}
