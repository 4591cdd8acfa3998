// apply_manifest: server-side apply of many objects; first the cluster says what it would make of all of them.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { Threads } from '../kit/in-thread.ts'
import { NEXT, PAGING, page } from '../kit/paging.ts'
import type { Protected } from '../kit/protected.ts'
import type { Kit } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import type { Manifest } from './manifest.ts'
import { cleanAnswer, maskedPair, secretValues } from './masking.ts'
import { namespace } from './names.ts'
import { changesBetween, type FieldChange } from './object-diff.ts'
import { type Placed, placed } from './places.ts'

const MANAGER = 'kubernetes-server'
const APPLY = 'application/apply-patch+yaml'
const threads = new Threads(new URL('./manifest-worker.ts', import.meta.url))

type Outcome = 'created' | 'changed' | 'unchanged'
interface Applied {
  object: string
  outcome: Outcome
  changes: FieldChange[]
}

export function registerApply(
  kit: Kit,
  server: McpServer,
  cluster: Cluster,
  kept: Protected,
  isClusterWideAllowed: boolean,
): void {
  kit.tool(
    server,
    'apply_manifest',
    {
      title: 'Apply a manifest',
      description:
        'Applies YAML (many documents) by server-side apply. With dryRun: true (the default) the cluster only says what would change; show that to the person, then call with dryRun: false and the namespaces it names.',
      input: z.object({
        manifest: z.string().min(1).max(1_000_000),
        dryRun: z.boolean().default(true),
        namespaces: z
          .array(namespace)
          .max(100)
          .default([])
          .describe('With dryRun: false, all namespaces the objects go to: so that it shows in the call'),
        force: z.boolean().default(false).describe('Takes over fields that others manage'),
        ...PAGING,
      }),
      output: z.object({
        dryRun: z.boolean(),
        objects: z.array(
          z.object({
            object: z.string(),
            outcome: z.enum(['created', 'changed', 'unchanged']),
            changes: z.array(
              z.object({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
            ),
          }),
        ),
        total: z.number(),
        namespaces: z.array(z.string()),
        ...NEXT,
      }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
      ifLate: 'Apply fewer objects at once. What was applied stays: see with dryRun: true what is left.',
    },
    async ({ manifest, dryRun, namespaces, force, cursor, limit }, { signal, progress }) => {
      const objects = await threads.run<Manifest[]>(manifest, signal)
      try {
        const where = await placed(cluster, objects, signal)
        if (!isClusterWideAllowed) where.forEach(refuseClusterWide)
        const targets = [...new Set(where.flatMap(({ namespace }) => namespace ?? []))]
        if (!dryRun) for (const target of targets) kept.refuse(target)
        if (!dryRun && targets.some(target => !namespaces.includes(target))) throw unnamed(targets)
        const applied: Applied[] = []
        const steps = where.length * (dryRun ? 1 : 2)
        const fresh = new Set<string>()
        for (const one of where) {
          const tried = await dryRunOf(cluster, one, fresh, force, signal)
          if (one.object.kind === 'Namespace' && tried.outcome === 'created') fresh.add(one.object.metadata.name)
          applied.push(tried)
          progress(applied.length, steps)
        }
        if (!dryRun) await applyAll(cluster, where, force, signal, done => progress(applied.length + done, steps))
        const { items, ...rest } = page(applied, { cursor, limit })
        const head = dryRun ? 'Nothing has changed. The cluster would do this:' : 'Applied:'
        const refused = targets.filter(target => kept.has(target))
        const note = refused.length > 0 ? `\nIt would be refused: ${refused.join(', ')} is protected.` : ''
        const data = { dryRun, objects: items, namespaces: targets, ...rest }
        return cleanAnswer(`${[head, ...items.map(linesOf)].join('\n')}${note}`, data)
      } catch (error) {
        throw error instanceof Failure ? withoutValues(error, secretValues(objects)) : error
      }
    },
  )
}

/** Stops at the first that fails, and says what was done before. */
async function applyAll(
  cluster: Cluster,
  where: readonly Placed[],
  force: boolean,
  signal: AbortSignal,
  told: (done: number) => void,
): Promise<void> {
  const done: string[] = []
  for (const one of where) {
    try {
      await patch(cluster, one, { dryRun: false, force, signal })
    } catch (error) {
      if (!(error instanceof Failure) || done.length === 0) throw error
      const { kind, message, suggestion, details } = error
      const before = `Applied before: ${done.join(', ')}.`
      throw new Failure(kind, `${one.title}: ${message} ${before}`, suggestion, { ...details, applied: done })
    }
    done.push(one.title)
    told(done.length)
  }
}

/** `fresh`: namespaces that this manifest makes, so that nothing can be tried in them yet. */
async function dryRunOf(
  cluster: Cluster,
  one: Placed,
  fresh: ReadonlySet<string>,
  force: boolean,
  signal: AbortSignal,
): Promise<Applied> {
  const { namespace, object, path, title } = one
  const isFresh = namespace !== undefined && fresh.has(namespace)
  const before = isFresh ? null : await readOrNull(cluster, path, signal)
  const after = isFresh ? object : await patch(cluster, one, { dryRun: true, force, signal })
  const [a, b] = maskedPair(before, after as Tree)
  const changes = changesBetween(a, b)
  const outcome = before === null ? 'created' : changes.length > 0 ? 'changed' : 'unchanged'
  return { object: title, outcome, changes }
}

async function readOrNull(cluster: Cluster, path: string, signal: AbortSignal): Promise<Tree | null> {
  try {
    return (await cluster.ask({ signal }, api => api.raw({ method: 'GET', path }))) as Tree
  } catch (error) {
    if (error instanceof Failure && error.kind === 'not_found') return null
    throw error
  }
}

type Tree = Record<string, unknown>

function patch(
  cluster: Cluster,
  { path, object, title, namespace }: Placed,
  { dryRun, force, signal }: { dryRun: boolean; force: boolean; signal: AbortSignal },
): Promise<unknown> {
  const query = { fieldManager: MANAGER, force: String(force), ...(dryRun ? { dryRun: 'All' } : {}) }
  const missing = { what: namespace ? `namespace ${namespace} for ${title}` : title, lister: 'list_namespaces' }
  return cluster.ask({ signal, missing }, api =>
    api.raw({ method: 'PATCH', path, query, contentType: APPLY, body: object }),
  )
}

function refuseClusterWide({ title, namespace }: Placed): void {
  if (namespace !== undefined) return
  throw new Failure(
    'permission_denied',
    `${title} belongs to no namespace: it can reach all of them, the protected ones too.`,
    'Leave it out. Only the person can allow it, with APPLY_CLUSTER_WIDE=true.',
  )
}

function unnamed(targets: readonly string[]): Failure {
  const all = JSON.stringify(targets)
  const text = `The manifest goes to ${targets.join(', ')}, and the call does not name all of that.`
  return new Failure('validation_error', text, `Call with namespaces: ${all} if that is meant.`, {
    namespaces: targets,
  })
}

const SIGN: Record<Outcome, string> = { created: '+', changed: '~', unchanged: '=' }

function linesOf({ object, outcome, changes }: Applied): string {
  const lines = changes.map(({ path, before, after }) =>
    before === null ? `    ${path}: ${after}` : `    ${path}: ${before} → ${after ?? 'nothing'}`,
  )
  return [`${SIGN[outcome]} ${object} (${outcome})`, ...lines].join('\n')
}

/** The cluster's words may hold the value that it refuses. */
function withoutValues({ kind, message, suggestion, details }: Failure, values: readonly string[]): Failure {
  const clean = (text: string) => values.reduce((rest, value) => rest.replaceAll(value, '‹secret›'), text)
  const facts = JSON.parse(clean(JSON.stringify(details))) as Record<string, unknown>
  return new Failure(kind, clean(message), clean(suggestion), facts)
}
