// Reads every import and repeats what the folders promise: the folder is the process.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** What each folder may import besides itself. `node`: Node's own modules; `npm`: any package. */
const MAY: Record<string, { folders: string[]; node: boolean; packages: (name: string) => boolean }> = {
  contract: { folders: [], node: false, packages: name => name === 'zod' || name === '@orpc/contract' },
  hub: { folders: ['contract'], node: true, packages: name => !/^(electron|react|@mantine)/.test(name) },
  cli: { folders: ['contract'], node: true, packages: name => !/^(electron|react|better-sqlite3|@napi-rs)/.test(name) },
  electron: {
    folders: ['contract'],
    node: true,
    packages: name => !/^(react|better-sqlite3|@napi-rs|@orpc\/server)/.test(name),
  },
  renderer: {
    folders: ['contract'],
    node: false,
    packages: name => !/^(electron|better-sqlite3|@napi-rs|@orpc\/server|ws)/.test(name),
  },
  servers: { folders: [], node: true, packages: name => !/^(electron|react|@orpc)/.test(name) },
}

/** Inside the hub: main → api, gateway → supervisor → registry, policy, audit, clients, vault → store. */
const FLOORS: Record<string, number> = {
  api: 4,
  'gateway-http': 5,
  gateway: 3,
  supervisor: 2,
  registry: 1,
  policy: 1,
  audit: 1,
  metrics: 1,
  clients: 1,
  profiles: 1,
  questions: 1,
  vault: 1,
  store: 0,
}

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : sources(path)
    return /\.(ts|tsx|mjs)$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : []
  })
}

function importsOf(file: string, text: string): Import[] {
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...text.matchAll(pattern)].map(match => ({
    from: file,
    to: (match[2] ?? match[3] ?? match[4])!,
    typeOnly: Boolean(match[1]),
  }))
}

function crossings(imports: Import[]): string[] {
  return imports.flatMap(({ from, to, typeOnly }) => {
    const home = from.split('/')[0]!
    const may = MAY[home]!
    if (!to.startsWith('.')) {
      if (to.startsWith('node:')) return may.node ? [] : [`${from} imports ${to}`]
      return may.packages(to) || typeOnly ? [] : [`${from} imports ${to}`]
    }
    const target = relative(root, resolve(root, dirname(from), to))
    const there = target.split('/')[0]!
    if (target === 'package.json') return []
    if (there !== home) return may.folders.includes(there) ? [] : [`${from} imports ${target}`]
    if (home !== 'hub') return []
    const [a, b] = [FLOORS[from.split('/')[1]!], FLOORS[target.split('/')[1]!]]
    // Files of hub/ itself are above all floors (main, hub) or below (error, announce).
    if (a === undefined || b === undefined) return []
    return b <= a ? [] : [`${from} imports upward: ${target}`]
  })
}

test('no import crosses a border', () => {
  const imports = Object.keys(MAY)
    .flatMap(sources)
    .flatMap(file => importsOf(file, readFileSync(join(root, file), 'utf8')))
  expect(imports.length).toBeGreaterThan(200)
  expect(crossings(imports)).toEqual([])
})

test('crossing imports are seen', () => {
  const bad = [
    ['contract/x.ts', "import { a } from 'node:fs'"],
    ['hub/api/x.ts', "import { app } from 'electron'"],
    ['cli/x.ts', "import { b } from '../hub/hub.ts'"],
    ['renderer/x.tsx', "export * from '../hub/error.ts'"],
    ['servers/files/x.ts', "import type { Tool } from '../../contract/servers.ts'"],
    ['hub/store/x.ts', "const m = await import('../api/router.ts')"],
  ] as const
  expect(bad.flatMap(([file, text]) => crossings(importsOf(file, text))).length).toBe(bad.length)
})
