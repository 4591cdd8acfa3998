// apply_manifest: server-side apply of many objects; first the cluster says what it would make of all of them.
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { Threads } from '../kit/in-thread.ts'
import { dryRun } from '../kit/meant.ts'
import { NEXT, PAGING, page, pageOf, withMore } from '../kit/paging.ts'
import type { Protected } from '../kit/protected.ts'
import type { Kit } from '../kit/tools.ts'
import type { Cluster } from './cluster.ts'
import type { Manifest } from './manifest.ts'
import { cleanAnswer, eachText, inWords, masked, secretsIn, withoutValues } from './masking.ts'
import { namespace } from './names.ts'
import { changesBetween, type FieldChange } from './object-diff.ts'
import { isNamespace, type Placed, placed } from './places.ts'

const MANAGER = 'kubernetes-server'
const MOST_CHANGES = 300
const APPLY = 'application/apply-patch+yaml'
const threads = new Threads(new URL('./manifest-worker.ts', import.meta.url))

type Outcome = 'created' | 'changed' | 'unchanged'
interface Applied {
  object: string
  outcome: Outcome
  /** Not where its namespace is made by the same manifest: the cluster cannot be asked then. */
  tried: boolean
  changes: FieldChange[]
  moreChanges: number
}

/** Of what one answer may hold; in earnest it is not paged, since what is done is not to be done again. */
const MOST_CHARS = { dryRun: 60_000, inEarnest: 200_000 }

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
        dryRun: dryRun('the cluster says what would change', true),
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
            tried: z.boolean().describe('False: its namespace does not exist yet, so the cluster has not checked it'),
            changes: z.array(
              z.object({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
            ),
            moreChanges: z.number().describe('How many more there are than are shown'),
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
      if (!dryRun && cursor !== undefined) throw pagedInEarnest()
      const objects = await threads.run<Manifest[]>(manifest, signal)
      const where = await placed(cluster, objects, signal)
      if (!isClusterWideAllowed) where.forEach(refuseClusterWide)
      const targets = [...new Set(where.flatMap(({ namespace }) => namespace ?? []))]
      if (!dryRun) for (const target of targets) kept.refuse(target)
      if (!dryRun && targets.some(target => !namespaces.includes(target))) throw unnamed(targets)
      const applied: Applied[] = []
      const steps = where.length * (dryRun ? 1 : 2)
      const fresh = new Set<string>()
      const mostChars = dryRun ? MOST_CHARS.dryRun : MOST_CHARS.inEarnest / where.length
      for (const one of where) {
        const tried = await dryRunOf(cluster, one, { fresh, force, mostChars, signal })
        if (isNamespace(one.object) && tried.outcome === 'created') fresh.add(one.object.metadata.name)
        applied.push(tried)
        progress(applied.length, steps)
      }
      if (!dryRun) await applyAll(cluster, where, force, signal, done => progress(applied.length + done, steps))
      const paged = { cursor, limit }
      const { items, ...rest } = dryRun
        ? pageOf([manifest, force], applied, paged)
        : { items: applied, total: applied.length }
      const head = dryRun ? 'Nothing has changed. The cluster would do this:' : 'Applied:'
      const refused = targets.filter(target => kept.has(target))
      const note = refused.length > 0 ? `\nIt would be refused: ${refused.join(', ')} is protected.` : ''
      const data = { dryRun, objects: items, namespaces: targets, ...rest }
      const lines = items.map(one => linesOf(one, dryRun))
      return cleanAnswer(withMore(`${[head, ...lines].join('\n')}${note}`, rest), data)
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
      throw new Failure(kind, `${message} ${before}`, suggestion, { ...details, applied: done })
    }
    done.push(one.title)
    told(done.length)
  }
}

/** `fresh`: namespaces that this manifest makes, so that nothing can be tried in them yet. */
async function dryRunOf(
  cluster: Cluster,
  one: Placed,
  { fresh, force, mostChars, signal }: { fresh: Set<string>; force: boolean; mostChars: number; signal: AbortSignal },
): Promise<Applied> {
  const { namespace, object, path, title } = one
  const tried = namespace === undefined || isNamespace(object) || !fresh.has(namespace)
  const before = tried ? await readOrNull(cluster, path, signal) : null
  const after = tried ? await patch(cluster, one, { dryRun: true, force, signal }) : object
  const all = changesBetween(before && masked(before), masked(after as Tree)).map(inWords)
  const outcome = before === null ? 'created' : all.length > 0 ? 'changed' : 'unchanged'
  const { items: changes } = page(all, { limit: MOST_CHANGES, mostChars })
  return { object: title, outcome, tried, changes, moreChanges: all.length - changes.length }
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
  return cluster
    .ask({ signal, missing }, api => api.raw({ method: 'PATCH', path, query, contentType: APPLY, body: object }))
    .catch(error => {
      throw error instanceof Failure ? aboutObject(error, title, secretsIn(object)) : error
    })
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

function linesOf({ object, outcome, tried, changes, moreChanges }: Applied, dryRun: boolean): string {
  const lines = changes.map(({ path, before, after }) =>
    before === null ? `    ${path}: ${after}` : `    ${path}: ${before} → ${after ?? 'nothing'}`,
  )
  const more = moreChanges > 0 ? [`    … and ${moreChanges} more changes`] : []
  const note = tried || !dryRun ? '' : '; not checked: its namespace does not exist yet'
  return [`${SIGN[outcome]} ${object} (${outcome}${note})`, ...lines, ...more].join('\n')
}

function pagedInEarnest(): Failure {
  return new Failure(
    'validation_error',
    'A cursor goes with dryRun: true alone: with dryRun: false all would be applied again.',
    'Look with dryRun: true what is left to do.',
  )
}

/** The cluster's words need not say of which object they are, and may hold a value that it refuses, or a part of one. */
function aboutObject({ kind, message, suggestion, details }: Failure, title: string, secrets: string[]): Failure {
  const clean = (text: string) => withoutValues(text.length > 1900 ? text.slice(0, 1900) : text, secrets)
  const said = message.includes(title) ? message : `${title}: ${message}`
  return new Failure(kind, clean(said), clean(suggestion), eachText(details, clean))
}
