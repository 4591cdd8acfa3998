// The tools that change files: write_file, move_file, delete_file, restore_file. All but the move can be taken back.
import { lstat, stat } from 'node:fs/promises'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about, answer } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { isInside } from '../kit/refused.ts'
import type { Roots } from '../kit/roots.ts'
import type { Answer, Kit } from '../kit/tools.ts'
import { sha256Of } from './reading.ts'
import { move, mustBeFree, type Trash } from './trash.ts'
import { writeWhole } from './writing.ts'

const MAX_WRITE_CHARACTERS = 10 * 1024 * 1024
const path = z.string().min(1).max(4096)

export interface Changing {
  roots: Roots
  trash: Trash
  /** False: every tool here says that the person did not allow writing. */
  mayWrite: boolean
}

export function registerChangeTools(kit: Kit, server: McpServer, { roots, trash, mayWrite }: Changing): void {
  const change = <T>(path: string, run: () => Promise<Answer<T>>) =>
    about(path, async () => {
      if (mayWrite) return run()
      throw new Failure(
        'permission_denied',
        'This server was started for reading only.',
        'Ask the person to start it with --allow-writing.',
      )
    })

  kit.tool(
    server,
    'write_file',
    {
      title: 'Write a file',
      description:
        'Writes a whole text file. Give ifMatch (the SHA-256 you read) so that nobody else’s change is lost. What was there before goes to the trash.',
      input: z.object({
        path,
        content: z.string().max(MAX_WRITE_CHARACTERS),
        ifMatch: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional(),
      }),
      output: z.object({
        path: z.string(),
        bytes: z.number(),
        sha256: z.string(),
        previousTrashId: z.string().nullable(),
      }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    input =>
      change(input.path, async () => {
        const real = await roots.target(input.path)
        const before = await stat(real).catch(() => undefined)
        if (before && !before.isFile())
          throw new Failure('validation_error', `${real} is not a file.`, 'Choose another path.')
        if (input.ifMatch && (!before || (await sha256Of(real)) !== input.ifMatch)) {
          throw new Failure(
            'conflict',
            `${real} is not as you read it.`,
            'Read it again, then write with its new SHA-256.',
          )
        }
        const previousTrashId = before ? await trash.keep(real) : null
        await writeWhole(real, input.content)
        const bytes = Buffer.byteLength(input.content)
        return answer(`Wrote ${bytes} bytes to ${real}.`, {
          path: real,
          bytes,
          sha256: await sha256Of(real),
          previousTrashId,
        })
      }),
  )

  kit.tool(
    server,
    'move_file',
    {
      title: 'Move or rename',
      description: 'Moves or renames a file or folder. Nothing is overwritten.',
      input: z.object({ from: path, to: path }),
      output: z.object({ from: z.string(), to: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    input =>
      change(input.from, async () => {
        const from = await entryOf(roots, input.from)
        const to = await roots.target(input.to)
        await mustBeFree(to)
        if (isInside(to, from))
          throw new Failure('validation_error', 'A folder cannot move into itself.', 'Choose another place.')
        await move(from, to)
        return answer(`Moved ${from} to ${to}.`, { from, to })
      }),
  )

  kit.tool(
    server,
    'delete_file',
    {
      title: 'Delete',
      description: 'Moves a file or folder to this server’s trash. restore_file brings it back.',
      input: z.object({ path }),
      output: z.object({ path: z.string(), trashId: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
    input =>
      change(input.path, async () => {
        const real = await entryOf(roots, input.path)
        const trashId = await trash.put(real)
        return answer(`Deleted ${real}. restore_file with ${trashId} brings it back.`, { path: real, trashId })
      }),
  )

  kit.tool(
    server,
    'restore_file',
    {
      title: 'Restore',
      description: 'Brings back what delete_file or write_file put into the trash. Nothing is overwritten.',
      input: z.object({ trashId: z.string().max(100), to: path.optional() }),
      output: z.object({ path: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    },
    input =>
      change(input.trashId, async () => {
        const origin = await trash.origin(input.trashId)
        const real = await roots.target(input.to ?? origin)
        await trash.takeOut(input.trashId, real)
        return answer(`Restored ${real}.`, { path: real })
      }),
  )
}

/** What is moved or deleted: the entry itself, also when it is a link. Never a root. */
async function entryOf(roots: Roots, asked: string): Promise<string> {
  const real = await roots.entry(asked)
  await lstat(real)
  if (roots.folders.some(root => isInside(root, real))) {
    throw new Failure(
      'permission_denied',
      `${asked} is, or holds, a folder that was named for this server.`,
      'Choose something inside it.',
    )
  }
  return real
}
