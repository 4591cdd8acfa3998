// Programs as JavaScript, laid out like the checkout, so that what is found by its place in a folder is found the same way.
import { readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

export const root = join(import.meta.dirname, '..')
/** Started by path, loaded as workers, or read by the catalog: nobody imports all they have. */
const STARTED =
  /(^|\/)(main|preload|worker|[a-z-]+-worker|sentry|sentry-main)\.ts$|^hub\/programs\/|^servers\/([a-z]+\/settings|catalog)\.ts$/

/** `new URL('./worker.ts', import.meta.url)` and joins of that kind name files that are .js here. */
const renameStarted: Plugin = {
  name: 'rename-started-files',
  transform: code => ({ code: code.replaceAll(/(['"]\.?\/?[\w/-]+)\.ts(['"])(?=\s*[,)])/g, '$1.js$2'), map: null }),
}

/** What is started in these folders, and all it imports of ours, into `out`. Returns how many, and the packages they use. */
export async function bundlePrograms(
  folders: readonly string[],
  out: string,
): Promise<{ programs: number; packages: string[] }> {
  const entries = folders.flatMap(sources).filter(path => STARTED.test(path))
  const build = await rolldown({
    input: Object.fromEntries(entries.map(path => [path.replace(/\.ts$/, ''), join(root, path)])),
    platform: 'node',
    external: id => !id.startsWith('.') && !id.startsWith('/') && !/^[A-Z]:/.test(id),
    plugins: [renameStarted],
  })
  const { output } = await build.write({
    dir: out,
    format: 'esm',
    preserveModules: true,
    preserveModulesRoot: root,
    entryFileNames: '[name].js',
  })
  const chunks = output.filter(one => one.type === 'chunk')
  const ours = new Set(chunks.map(chunk => chunk.fileName))
  const named = chunks.flatMap(({ imports, dynamicImports, code }) => [...imports, ...dynamicImports, ...readIn(code)])
  const packages = new Set(named.filter(id => !ours.has(id) && /^[a-z@]/.test(id) && !isBuiltin(id)).map(packageOf))
  return { programs: entries.length, packages: [...packages].toSorted() }
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
}

/** Files of packages that are read and not imported: `import.meta.resolve('x/font.ttf')`, `require.resolve(…)`. */
function readIn(code: string): string[] {
  return [...code.matchAll(/\bresolve\((['"`])([^'"`]+)\1/g)].map(match => match[2]!)
}

const packageOf = (id: string) =>
  id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/')
