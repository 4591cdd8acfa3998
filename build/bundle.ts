// The production build under dist/: the window, and every program as JavaScript, laid out like the checkout so that
// what is found by its place in a folder (workers, migrations, programs) is found the same way.
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'
import { build as buildWindow } from 'vite'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const FOLDERS = ['hub', 'cli', 'servers', 'electron']
/** Started by path, or loaded as workers: nobody imports them. */
const STARTED = /(^|\/)(main|preload|worker|[a-z-]+-worker|sentry|sentry-main)\.ts$|^hub\/programs\//

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
}

/** `new URL('./worker.ts', import.meta.url)` and joins of that kind name files that are .js here. */
const renameStarted: Plugin = {
  name: 'rename-started-files',
  transform: code => ({ code: code.replaceAll(/(['"]\.?\/?[\w/-]+)\.ts(['"])(?=\s*[,)])/g, '$1.js$2'), map: null }),
}

rmSync(dist, { recursive: true, force: true })
await buildWindow({ logLevel: 'warn', configFile: join(root, 'vite.config.ts') })

const entries = FOLDERS.flatMap(sources).filter(path => STARTED.test(path))
const build = await rolldown({
  input: Object.fromEntries(entries.map(path => [path.replace(/\.ts$/, ''), join(root, path)])),
  platform: 'node',
  external: id => !id.startsWith('.') && !id.startsWith('/') && !/^[A-Z]:/.test(id),
  plugins: [renameStarted],
})
await build.write({
  dir: dist,
  format: 'esm',
  preserveModules: true,
  preserveModulesRoot: root,
  entryFileNames: '[name].js',
})
cpSync(join(root, 'hub', 'store', 'migrations'), join(dist, 'hub', 'store', 'migrations'), { recursive: true })
// The preload runs in Electron's sandbox: plain CommonJS, as it is.
for (const name of readdirSync(join(root, 'electron')).filter(name => /\.(cjs|png)$/.test(name))) {
  cpSync(join(root, 'electron', name), join(dist, 'electron', name))
}
writeFileSync(join(dist, 'package.json'), '{ "type": "module" }\n')
process.stdout.write(`Built ${entries.length} programs and the window into dist/.\n`)
