// The production build under dist/: the window, and every program as JavaScript.
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build as buildWindow } from 'vite'
import { bundlePrograms, root } from './programs.ts'

const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
await buildWindow({ logLevel: 'warn', configFile: join(root, 'vite.config.ts') })
const { programs } = await bundlePrograms(['hub', 'cli', 'servers', 'electron'], dist)
cpSync(join(root, 'hub', 'store', 'migrations'), join(dist, 'hub', 'store', 'migrations'), { recursive: true })
// The preload runs in Electron's sandbox: plain CommonJS, as it is.
for (const name of readdirSync(join(root, 'electron')).filter(name => /\.(cjs|png)$/.test(name))) {
  cpSync(join(root, 'electron', name), join(dist, 'electron', name))
}
writeFileSync(join(dist, 'package.json'), '{ "type": "module" }\n')
process.stdout.write(`Built ${programs} programs and the window into dist/.\n`)
