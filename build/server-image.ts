// What an image of one bundled server holds: its program as JavaScript, and the packages it uses. node build/server-image.ts NAME FOLDER
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { bundlePrograms, root } from './programs.ts'

const [name = '', folder = ''] = process.argv.slice(2)
if (!/^[a-z]+$/.test(name) || folder === '' || !existsSync(join(root, 'servers', name, 'main.ts'))) {
  process.stderr.write(`There is no server called “${name}” here. Say: node build/server-image.ts NAME FOLDER\n`)
  process.exit(2)
}

/** Nothing reads these where it runs. */
const UNUSED = /\.(map|[cm]?ts|tsx|md|markdown)$/

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const { packages } = await bundlePrograms([`servers/${name}`], folder)
const places = new Set<string>()
for (const one of packages) addPackage(one, root)
// Into the same places, so that each finds the version it was installed with.
for (const place of places)
  cpSync(place, join(folder, relative(root, place)), {
    recursive: true,
    filter: source => !UNUSED.test(source) && !relative(place, source).split(/[\\/]/).includes('node_modules'),
  })
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
writeFileSync(join(folder, 'main.js'), `import './servers/${name}/main.js'\n`)
process.stdout.write(`${name}: ${places.size} packages in ${folder}\n`)

/** It and all that it needs, found from `from` as Node does. What is optional may be missing. */
function addPackage(id: string, from: string, isOptional = false): void {
  const place = placeOf(id, from)
  if (place === null) {
    if (isOptional) return
    throw new Error(`${id} is not installed (for ${relative(root, from) || 'the server'}).`)
  }
  if (places.has(place)) return
  places.add(place)
  const read = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Record<string, Record<string, unknown>>
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = read
  for (const one of Object.keys(dependencies)) addPackage(one, place, one in optionalDependencies)
  const peers = Object.keys(peerDependencies).filter(one => !(one in peerDependenciesMeta))
  for (const one of [...Object.keys(optionalDependencies), ...peers]) addPackage(one, place, true)
}

function placeOf(id: string, from: string): string | null {
  for (let at = from; ; at = dirname(at)) {
    const place = join(at, 'node_modules', id)
    if (existsSync(join(place, 'package.json'))) return place
    if (at === root || at === dirname(at)) return null
  }
}
