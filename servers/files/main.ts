// Starts the files server on stdio: node servers/files/main.ts FOLDER… [--allow-writing] [--refuse FOLDER]…
import { parseArgs } from 'node:util'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { Roots } from './roots.ts'
import { filesServer } from './server.ts'
import { defaultTrash, Trash } from './trash.ts'

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'allow-writing': { type: 'boolean', default: false },
      refuse: { type: 'string', multiple: true, default: [] },
    },
  })
  const trash = new Trash(defaultTrash())
  const keepOut = process.env.KEEP_OUT ? [process.env.KEEP_OUT] : []
  const roots = new Roots(positionals, [...values.refuse, ...keepOut, trash.folder])
  serveStdio(() => filesServer({ roots, trash, mayWrite: values['allow-writing'] }))
} catch (error) {
  process.stderr.write(`files: ${error instanceof Error ? error.message : error} Usage: FOLDER… [--allow-writing]\n`)
  process.exit(2)
}
