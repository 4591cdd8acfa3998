// The catalog of bundled servers, as their own program describes them: asked once, when somebody looks.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { BundledServer } from '../../contract/catalog.ts'
import { HubError } from '../error.ts'
import { bundledServers } from '../registry/bundled.ts'
import { programOf } from './bundled.ts'

const MOST_MS = 60_000
let asked: Promise<BundledServer[]> | undefined

/** Throws HubError; then the next who looks asks anew. */
export function readCatalog(): Promise<BundledServer[]> {
  asked ??= describe().catch(cause => {
    asked = undefined
    throw new HubError('catalog/unreadable', 'The servers that come with Gatehouse could not be described.', {
      hint: 'Look again; if it stays, install Gatehouse anew.',
      cause,
    })
  })
  return asked
}

async function describe(): Promise<BundledServer[]> {
  const program = programOf('catalog')
  if (!program) throw new Error('servers/catalog is not there')
  const env = process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}
  const options = { timeout: MOST_MS, maxBuffer: 16 * 1024 * 1024, env }
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...bundledServers], options)
  return z.array(BundledServer).parse(JSON.parse(stdout))
}
