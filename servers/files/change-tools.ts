// write_file, create_folder and move_file. What is written over goes to the trash.
import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { answer } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { withFolder } from '../kit/open-file.ts'
import { isInside } from '../kit/refused.ts'
import type { Kit } from '../kit/tools.ts'
import { type Change, type Changing, entryOf, PERHAPS_DONE, path } from './changing.ts'
import { move } from './moving.ts'
import { sha256Of } from './reading.ts'
import { writeWhole } from './writing.ts'

const MAX_WRITE_BYTES = 10 * 1024 * 1024
const ADDS = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false }

export function registerChangeTools(kit: Kit, server: McpServer, { roots, trash }: Changing, change: Change): void {
  kit.tool(
    server,
    'write_file',
    {
      title: 'Write a file',
      description:
        'Writes a whole text file, as UTF-8. Give ifMatch (the SHA-256 you read) so that nobody else’s change is lost. What was there before goes to the trash.',
      input: z.object({
        path,
        content: z.string().max(MAX_WRITE_BYTES),
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
      ifLate: PERHAPS_DONE,
    },
    ({ path, content, ifMatch }, call) =>
      change(path, call, async () => {
        const bytes = bytesOf(content)
        const real = await roots.target(path)
        const before = await stat(real).catch(() => undefined)
        if (before && !before.isFile())
          throw new Failure('validation_error', `${real} is not a file.`, 'Choose another path.')
        if (ifMatch && (!before || (await sha256Of(real, call.signal)) !== ifMatch))
          throw new Failure(
            'conflict',
            `${real} is not as you read it.`,
            'Read it again, then write with its new SHA-256.',
          )
        const previousTrashId = before ? await trash.keep(real) : null
        await writeWhole(real, content)
        const sha256 = await sha256Of(real, call.signal)
        return answer(`Wrote ${bytes} bytes to ${real}.`, { path: real, bytes, sha256, previousTrashId })
      }),
  )

  kit.tool(
    server,
    'create_folder',
    {
      title: 'Make a folder',
      description: 'Makes one empty folder. The folder it is to be in must be there.',
      input: z.object({ path }),
      output: z.object({ path: z.string() }),
      annotations: ADDS,
      ifLate: PERHAPS_DONE,
    },
    (input, call) =>
      change(input.path, call, async () => {
        const real = await roots.target(input.path)
        await withFolder(dirname(real), held => mkdir(join(held, basename(real))))
        return answer(`Made ${real}.`, { path: real })
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
      annotations: ADDS,
      ifLate: PERHAPS_DONE,
    },
    (input, call) =>
      change(input.from, call, async () => {
        const from = await entryOf(roots, input.from)
        const to = await roots.target(input.to)
        if (isInside(to, from + sep))
          throw new Failure('validation_error', 'A folder cannot move into itself.', 'Choose another place.')
        await move(from, to)
        return answer(`Moved ${from} to ${to}.`, { from, to })
      }),
  )
}

function bytesOf(content: string): number {
  const bytes = Buffer.byteLength(content)
  if (bytes > MAX_WRITE_BYTES)
    throw new Failure(
      'validation_error',
      `This has ${bytes} bytes; at most ${MAX_WRITE_BYTES} can be written.`,
      'Split it into several files.',
    )
  if (!content.isWellFormed())
    throw new Failure('validation_error', 'This holds half of a character (a lone surrogate).', 'Write it whole.')
  return bytes
}
