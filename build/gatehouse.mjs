#!/usr/bin/env node
// `gatehouse` in a checkout: the command line on the pinned Node.
import { join } from 'node:path'
import { run } from './run.mjs'
import { install, root } from './set-up.mjs'

install()
process.exit(await run(join(root, 'cli', 'main.ts'), process.argv.slice(2)))
