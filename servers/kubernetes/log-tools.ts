// get_pod_logs and analyze_logs: what containers wrote, page by page, and which errors stand in it.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { fromCursorOf, NEXT, PAGING, pageOf, toCursorOf, withMore } from '../kit/paging.ts'
import { type Kit, READS } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import { groupErrors } from './error-groups.ts'
import { behind, fitting, Place, readLog, sinceTimeOf } from './logs.ts'
import { container, namespace, objectName } from './names.ts'

const MOST_CHARS = 100_000
const IF_LATE = 'Ask for fewer lines: a smaller tailLines or sinceSeconds.'
const STUCK =
  'There is more, but too much was written at one time to go on from there. Ask for the newest lines, without a cursor.'
const ASKED = {
  name: objectName,
  namespace: namespace.default('default'),
  container: container.optional().describe('Needed where a pod has more than one'),
  tailLines: z.int().min(1).max(5000).default(100),
  sinceSeconds: z.int().min(1).max(31_536_000).optional(),
  previous: z.boolean().default(false).describe('Of the container before its last restart'),
}

export function registerLogTools(kit: Kit, server: McpServer, cluster: Cluster): void {
  kit.tool(
    server,
    'get_pod_logs',
    {
      title: 'Read a pod’s log',
      description:
        'The last lines a container wrote, oldest first. Tokens known by their looks are taken out. What does not fit comes with the cursor.',
      input: z.object({ ...ASKED, cursor: PAGING.cursor }),
      output: z.object({
        log: z.string(),
        lines: z.number(),
        firstTime: z.string().nullable(),
        lastTime: z.string().nullable(),
        ...NEXT,
      }),
      annotations: READS,
      ifLate: IF_LATE,
    },
    async ({ cursor, ...asked }, { signal }) => {
      const { tailLines, sinceSeconds, ...which } = asked
      const place = fromCursorOf(which, cursor, Place)
      const sinceTime = place && sinceTimeOf(place)
      const { lines, cut } = await readLog(cluster, sinceTime === undefined ? asked : { ...which, sinceTime }, signal)
      const { taken, next, isAll } = fitting(behind(lines, place), MOST_CHARS, place)
      const log = taken.map(line => line.text).join('\n')
      const hasMore = taken.length > 0 && (cut || !isAll)
      const none = cut ? STUCK : place ? 'Nothing more.' : 'The log is empty.'
      const cursorOf = hasMore ? { nextCursor: toCursorOf(which, next) } : {}
      return {
        text: withMore(log || none, cursorOf),
        data: {
          log,
          lines: taken.length,
          firstTime: taken[0]?.time || null,
          lastTime: taken.at(-1)?.time || null,
          ...cursorOf,
        },
      }
    },
  )

  kit.tool(
    server,
    'analyze_logs',
    {
      title: 'Find errors in a log',
      description:
        'The errors in the last lines a container wrote: those that differ only in numbers, names and ids count as one. Most frequent first. Ask for more lines (tailLines) to look further back.',
      input: z.object({ ...ASKED, ...PAGING }),
      output: z.object({
        groups: z.array(
          z.object({
            message: z.string(),
            count: z.number(),
            firstSeen: z.string().nullable(),
            lastSeen: z.string().nullable(),
            example: z.string(),
          }),
        ),
        total: z.number(),
        lines: z.number(),
        errors: z.number(),
        newestMissing: z.boolean(),
        ...NEXT,
      }),
      annotations: READS,
      ifLate: IF_LATE,
    },
    async ({ cursor, limit, ...asked }, { signal }) => {
      const { lines, cut } = await readLog(cluster, asked, signal)
      const found = groupErrors(lines)
      const errors = found.reduce((sum, one) => sum + one.count, 0)
      const { items, ...rest } = pageOf(asked, found, { cursor, limit, mostChars: MOST_CHARS })
      const told = items.map(one => `${one.count}× ${one.message} (last ${one.lastSeen ?? 'unknown'})`)
      const head = `${counted(errors, 'error')} of ${counted(found.length, 'kind')} in ${counted(lines.length, 'line')}.`
      const missing = cut ? '\nThe log was too long: its newest lines are missing. Ask for fewer with tailLines.' : ''
      return {
        text: withMore(`${[head, ...told].join('\n')}${missing}`, rest),
        data: { groups: items, lines: lines.length, errors, newestMissing: cut, ...rest },
      }
    },
  )
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
