// delete_file, list_trash and restore_file: what is deleted waits in the trash.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about, answer } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { NEXT, PAGING, page, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import { type Change, type Changing, entryOf, PERHAPS_DONE, path } from './changing.ts'

export function registerTrashTools(kit: Kit, server: McpServer, { roots, trash }: Changing, change: Change): void {
  kit.tool(
    server,
    'delete_file',
    {
      title: 'Delete',
      description: 'Moves a file or folder to this server’s trash. restore_file brings it back.',
      input: z.object({ path }),
      output: z.object({ path: z.string(), trashId: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
      ifLate: PERHAPS_DONE,
    },
    (input, call) =>
      change(input.path, call, async () => {
        const real = await entryOf(roots, input.path)
        const trashId = await trash.put(real)
        return answer(`Deleted ${real}. restore_file with ${trashId} brings it back.`, { path: real, trashId })
      }),
  )

  kit.tool(
    server,
    'list_trash',
    {
      title: 'Look into the trash',
      description: 'What was deleted or written over in the folders this server may use, the newest first.',
      input: z.object(PAGING),
      output: z.object({
        trashed: z.array(
          z.object({
            trashId: z.string(),
            from: z.string(),
            at: z.string(),
            kind: z.enum(['file', 'folder', 'other']),
            size: z.number().nullable(),
          }),
        ),
        total: z.number(),
        ...NEXT,
      }),
      annotations: READS,
    },
    async paging => {
      const ours = (await trash.list()).filter(one => roots.shows(one.from))
      const { items, ...rest } = page(ours, paging)
      const lines = items.map(one => `${one.trashId} ${one.at} ${one.from}`)
      return answer(withMore(lines.join('\n') || 'The trash is empty.', rest), { trashed: items, ...rest })
    },
  )

  kit.tool(
    server,
    'restore_file',
    {
      title: 'Restore',
      description:
        'Brings back what delete_file or write_file put into the trash, to its place or to another. Nothing is overwritten.',
      input: z.object({ trashId: z.string().max(100), to: path.optional() }),
      output: z.object({ path: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
      ifLate: PERHAPS_DONE,
    },
    (input, call) =>
      change(input.trashId, call, async () => {
        const origin = await trash.origin(input.trashId)
        if (!roots.shows(origin))
          throw new Failure(
            'permission_denied',
            'This was deleted outside the folders this server may use.',
            'Look at what may be restored with list_trash.',
          )
        return about(input.to ?? origin, async () => {
          const real = await roots.target(input.to ?? origin)
          await trash.takeOut(input.trashId, real)
          return answer(`Restored ${real}.`, { path: real })
        })
      }),
  )
}
