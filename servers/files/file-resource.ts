// file://{path}: a file of the folders as a resource, by the same rules as read_file; watched for changes while somebody listens.
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/server'
import { about } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { withFolder } from '../kit/open-file.ts'
import type { Roots } from '../kit/roots.ts'
import type { Kit } from '../kit/tools.ts'
import type { Watch } from '../kit/watches.ts'
import { MIME } from './mime.ts'
import { imageType, MAX_READ_BYTES, readImage, readText } from './reading.ts'

const LOOKS_EVERY_MS = 400
const MOST_PROPOSED = 100

/** The path that a file:// URI names. Throws a validation_error. */
export function pathOf(uri: URL): string {
  try {
    if (uri.search || uri.hash) throw new Error('? and # of a name are written %3F and %23')
    return fileURLToPath(uri)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'not a file'
    throw new Failure('validation_error', `${uri} names no file here: ${why}.`, 'Write file:///whole/path/of/the/file.')
  }
}

export function registerFileResource(kit: Kit, server: McpServer, roots: Roots): void {
  const complete = { path: (typed: string) => pathsLike(roots, typed) }
  const template = new ResourceTemplate('file://{+path}', { list: undefined, complete })
  const config = {
    title: 'A file',
    description: `A file inside ${roots.folders.join(', ') || 'the named folders'}, some MB at most. Subscribe to hear when it changes.`,
  }
  server.registerResource('file', template, config, (uri, _, context) =>
    kit.serve('resource file', context, async () => {
      const path = pathOf(uri)
      return about(path, async () => ({ contents: [await contentsOf(await roots.existing(path), uri.href)] }))
    }),
  )
}

async function contentsOf(real: string, uri: string) {
  const image = await imageType(real)
  if (image) return { uri, mimeType: image, blob: await readImage(real) }
  const { text, nextOffset } = await readText(real, 0, MAX_READ_BYTES, 'utf-8')
  if (nextOffset === null) return { uri, mimeType: MIME[extname(real).toLowerCase()] ?? 'text/plain', text }
  const message = `${real} is too large for a resource.`
  throw new Failure('validation_error', message, 'Read it by pages with read_file.')
}

/** A file need not be there yet: that it appears is a change too. */
export function watchesFiles(roots: Roots): Watch {
  return async (uri, changed) => {
    if (!URL.canParse(uri) || new URL(uri).protocol !== 'file:') return null
    const path = pathOf(new URL(uri))
    const real = await roots.target(path)
    let last = await looksOf(real)
    const timer = setInterval(async () => {
      const now = await looksOf(real)
      if (now === last) return
      last = now
      // Its place is asked again: it may have become a link that leads out.
      await roots.target(path).then(changed, () => {})
    }, LOOKS_EVERY_MS)
    timer.unref()
    return () => clearInterval(timer)
  }
}

async function looksOf(path: string): Promise<string> {
  const facts = await lstat(path, { bigint: true }).catch(() => null)
  return facts ? `${facts.ino} ${facts.size} ${facts.mtimeNs}` : 'gone'
}

/** What may be meant by the beginning of a path; folders end with a slash. */
export async function pathsLike(roots: Roots, typed: string): Promise<string[]> {
  const start = typed.startsWith('/') ? typed : join(roots.folders[0] ?? '/', typed)
  const folder = typed.endsWith('/') ? start : dirname(start)
  const begun = typed.endsWith('/') || typed === '' ? '' : basename(start)
  try {
    const real = await roots.existing(typed === '' ? (roots.folders[0] ?? '') : folder)
    const entries = await withFolder(real, held => readdir(held, { withFileTypes: true }))
    return entries
      .filter(entry => entry.name.startsWith(begun) && roots.shows(join(real, entry.name)))
      .map(entry => `${join(real, entry.name)}${entry.isDirectory() ? '/' : ''}`)
      .sort()
      .slice(0, MOST_PROPOSED)
  } catch {
    return []
  }
}
