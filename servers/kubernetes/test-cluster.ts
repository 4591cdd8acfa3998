// A stand-in for a Kubernetes API server, for tests: its paths, checks, Status objects, pages and permissions.
import { type Reply, type Seen, startTestApi, type TestApi } from '../kit/test-api.ts'
import { applied } from './test-apply.ts'
import { logOf } from './test-logs.ts'
import { NAMES, type Obj, type Resource, resourceAt, resources, seed } from './test-objects.ts'
import { invalid, Refusal, status } from './test-status.ts'

export const TOKEN = 'test-token-7f3a9c2e5b81d604'
const USER = 'system:serviceaccount:default:gatehouse'
const REVISION = '4711'

export interface Asked {
  verb: string
  group: string
  /** `pods`, or `pods/log`. */
  resource: string
  namespace: string | undefined
  name: string | undefined
}

export interface TestCluster extends TestApi {
  /** By `group/resource/namespace/name`. */
  objects: Map<string, Obj>
  /** What was asked for and allowed to be looked at: as RBAC sees it. */
  asked: Asked[]
  /** "verb resource" that this user may not. */
  denied: Set<string>
  /** What a container wrote, by `namespace/pod/container`, with `previous` behind it for the run before. */
  logs: Map<string, string>
  /** Continue tokens given before now are too old. */
  compact(): void
  /** How far the clocks of the nodes are before ours. */
  setNodeClocks(aheadMs: number): void
}

export async function startTestCluster(): Promise<TestCluster> {
  const cluster = {
    objects: seed(),
    asked: [] as Asked[],
    denied: new Set<string>(),
    logs: new Map<string, string>(),
    era: 0,
    aheadMs: 0,
  }
  const api = await startTestApi(request => {
    try {
      return answer(request, cluster)
    } catch (error) {
      if (error instanceof Refusal) return error.reply
      throw error
    }
  })
  return Object.assign(api, cluster, {
    compact: () => void cluster.era++,
    setNodeClocks(aheadMs: number) {
      cluster.aheadMs = aheadMs
    },
  })
}

type State = Pick<TestCluster, 'objects' | 'asked' | 'denied' | 'logs'> & { era: number; aheadMs: number }

function answer(request: Seen, state: State): Reply {
  const { method, path, query, headers } = request
  if (headers.authorization !== `Bearer ${TOKEN}`) throw status(401, 'Unauthorized', 'Unauthorized')
  if (!/application\/json|\*\/\*/.test(headers.accept ?? '*/*')) throw status(406, 'NotAcceptable', 'only JSON here')
  const discovery = discoveryOf(path)
  if (discovery) return { body: discovery }
  const at = resourceAt(path)
  if (!at) throw status(404, 'NotFound', 'the server could not find the requested resource')
  const { resource, namespace, name, sub } = at
  const verb = verbOf(method, name)
  const asked = {
    verb,
    group: resource.group,
    resource: sub ? `${resource.name}/${sub}` : resource.name,
    namespace,
    name,
  }
  allow(state, asked)
  if (query.has('dryRun') && query.get('dryRun') !== 'All')
    throw invalid('PatchOptions', '', 'dryRun', `Unsupported value: "${query.get('dryRun')}": supported values: "All"`)
  if (verb === 'list') return { body: list(state, resource, namespace, query) }
  const key = keyOf(resource, namespace, name!)
  const found = state.objects.get(key)
  if (verb === 'patch' && headers['content-type'] === 'application/apply-patch+yaml') {
    const isMissing = namespace && !state.objects.has(`/namespaces//${namespace}`)
    if (isMissing) throw notFound('namespaces', '', namespace)
    if (!found) allow(state, { ...asked, verb: 'create' })
    const made = applied(found, JSON.parse(request.body), { query, resource, namespace, name: name! })
    if (!query.has('dryRun')) state.objects.set(key, made)
    return { status: found ? 200 : 201, body: shown(made) }
  }
  if (!found) throw notFound(resource.name, resource.group, name!)
  if (sub === 'log') return logOf(found, query, state.logs, Date.now() + state.aheadMs)
  if (sub === 'scale') return { body: scale(found, request, key, state) }
  if (sub) throw status(404, 'NotFound', 'the server could not find the requested resource')
  if (verb === 'get') return { body: shown(found) }
  if (verb === 'patch') return { body: merged(found, request, key, state) }
  if (verb === 'delete') return { body: remove(found, request, key, state) }
  throw status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

/** Without our own book of who manages what. */
function shown({ owners: _owners, ...object }: Obj): Omit<Obj, 'owners'> {
  return object
}

function allow({ asked, denied }: State, one: Asked): void {
  asked.push(one)
  if (denied.has(`${one.verb} ${one.resource}`)) throw forbidden(one)
}

function verbOf(method: string, name: string | undefined): string {
  const verb = { GET: name ? 'get' : 'list', PATCH: 'patch', PUT: 'update', POST: 'create', DELETE: 'delete' }[method]
  if (!verb || (method === 'DELETE' && !name))
    throw status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
  return verb
}

export function keyOf({ group, name: plural }: Resource, namespace: string | undefined, name: string): string {
  return `${group}/${plural}/${namespace ?? ''}/${name}`
}

function forbidden({ verb, group, resource, namespace, name }: Asked): Refusal {
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const plural = resource.split('/')[0]
  const what = group ? `${plural}.${group}` : plural
  const cannot = `User "${USER}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`
  const about = name ? `${what} "${name}"` : what
  return status(403, 'Forbidden', `${about} is forbidden: ${cannot}`, { name, group, kind: plural })
}

export function notFound(plural: string, group: string, name: string): Refusal {
  const what = group ? `${plural}.${group}` : plural
  return status(404, 'NotFound', `${what} "${name}" not found`, { name, group, kind: plural })
}

function discoveryOf(path: string): object | undefined {
  const [, groupVersion] = /^\/(?:api|apis)\/((?:[^/]+\/)?v\d[^/]*)$/.exec(path) ?? []
  if (!groupVersion) return undefined
  const found = resources.filter(one => (one.group ? `${one.group}/${one.version}` : one.version) === groupVersion)
  if (found.length === 0) return undefined
  const shown = found.flatMap(({ name, kind, namespaced, subs = [] }) => [
    { name, singularName: kind.toLowerCase(), namespaced, kind, verbs: ['get', 'list', 'patch', 'delete'] },
    ...subs.map(sub => ({ name: `${name}/${sub}`, singularName: '', namespaced, kind, verbs: ['get', 'patch'] })),
  ])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: shown }
}

function list(state: State, resource: Resource, namespace: string | undefined, query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0)
    throw status(400, 'BadRequest', 'strconv.ParseInt: parsing limit: invalid syntax')
  const fits = [labelsFit(query.get('labelSelector')), fieldsFit(query.get('fieldSelector'))]
  const prefix = `${resource.group}/${resource.name}/${namespace ?? ''}`
  const all = [...state.objects]
    .filter(([key]) => key.startsWith(namespace ? `${prefix}/` : prefix))
    .map(([, object]) => object)
    .filter(object => fits.every(one => one(object)))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const token = query.get('continue')
  const after = token === null || token === '' ? '' : startOf(token, state.era)
  const left = all.filter(object => object.metadata.name > after)
  const items = limit > 0 ? left.slice(0, limit) : left
  const remains = left.length - items.length
  const next = remains > 0 ? tokenFor(items.at(-1)!.metadata.name, state.era) : undefined
  const hasSelector = query.has('labelSelector') || query.has('fieldSelector')
  return {
    kind: `${resource.kind}List`,
    apiVersion: resource.group ? `${resource.group}/${resource.version}` : resource.version,
    metadata: {
      resourceVersion: REVISION,
      ...(next ? { continue: next, ...(hasSelector ? {} : { remainingItemCount: remains }) } : {}),
    },
    // Items of a list name neither kind nor version.
    items: items.map(({ kind: _kind, apiVersion: _version, ...object }) => object),
  }
}

function tokenFor(start: string, era: number): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: era, start: `${start}\u0000` })).toString('base64url')
}

function startOf(token: string, era: number): string {
  let read: { v?: string; rv?: number; start?: string }
  try {
    read = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    throw status(400, 'BadRequest', 'continue key is not valid: illegal base64 data')
  }
  if (read.v !== 'meta.k8s.io/v1' || !read.start) throw status(400, 'BadRequest', 'continue key is not valid')
  if (read.rv !== era)
    throw status(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
    )
  return read.start.slice(0, -1)
}

function labelsFit(selector: string | null): (object: Obj) => boolean {
  if (!selector) return () => true
  const tests = selector.split(/,(?![^(]*\))/).map(part => {
    const [, key, operator, value] = /^\s*([\w./-]+)\s*(=|==|!=)\s*([\w.-]*)\s*$/.exec(part) ?? []
    if (key) return (labels: Record<string, string>) => (labels[key] === value) === (operator !== '!=')
    const [, of, word, values] = /^\s*([\w./-]+) (in|notin) \(([^)]*)\)\s*$/.exec(part) ?? []
    if (of) {
      const set = values!.split(',').map(one => one.trim())
      return (labels: Record<string, string>) => set.includes(labels[of] ?? '') === (word === 'in')
    }
    const [, not, name] = /^\s*(!?)([\w./-]+)\s*$/.exec(part) ?? []
    if (name) return (labels: Record<string, string>) => name in labels === !not
    throw status(400, 'BadRequest', `unable to parse requirement: found '${part}', expected: an operator`)
  })
  return object => tests.every(test => test(object.metadata.labels ?? {}))
}

function fieldsFit(selector: string | null): (object: Obj) => boolean {
  if (!selector) return () => true
  const pairs = selector.split(',').map(part => part.split('=') as [string, string])
  for (const [field] of pairs)
    if (!/^(metadata\.name|metadata\.namespace|involvedObject\.(kind|name|namespace|uid))$/.test(field))
      throw status(400, 'BadRequest', `field label not supported: ${field}`)
  return object =>
    pairs.every(([field, value]) => field.split('.').reduce<unknown>((at, key) => (at as Obj)[key], object) === value)
}

const MERGE = 'application/merge-patch+json'

function scale(found: Obj, { method, headers, body, query }: Seen, key: string, state: State): object {
  const { name, namespace, resourceVersion = REVISION } = found.metadata
  let replicas = found.spec!.replicas as number
  if (method === 'PATCH') {
    if (headers['content-type'] !== MERGE) throw unsupported(headers['content-type'])
    const asked = JSON.parse(body) as { metadata?: { resourceVersion?: string }; spec?: { replicas?: unknown } }
    const wanted = asked.spec?.replicas
    if ((asked.metadata?.resourceVersion ?? resourceVersion) !== resourceVersion)
      throw status(409, 'Conflict', `Operation cannot be fulfilled on "${name}": the object has been modified`)
    if (typeof wanted !== 'number' || wanted < 0)
      throw invalid('Scale', name, 'spec.replicas', `Invalid value: ${wanted}: must be greater than or equal to 0`)
    replicas = wanted
    if (!query.has('dryRun')) state.objects.set(key, { ...found, spec: { ...found.spec, replicas } })
  }
  const current = (found.status as { replicas?: number } | undefined)?.replicas ?? 0
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, resourceVersion },
    spec: { replicas },
    status: { replicas: current },
  }
}

function unsupported(type: string | undefined): Refusal {
  return status(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${NAMES.patches} (not ${type})`,
  )
}

function merged(found: Obj, { headers, body, query }: Seen, key: string, state: State): Obj {
  if (headers['content-type'] !== MERGE) throw unsupported(headers['content-type'])
  const made = mergeInto(found, JSON.parse(body)) as Obj
  if (!query.has('dryRun')) state.objects.set(key, made)
  return made
}

/** RFC 7386. */
function mergeInto(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const made = { ...(target as object | undefined) } as Record<string, unknown>
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete made[key]
    else made[key] = mergeInto(made[key], value)
  return made
}

function remove(found: Obj, { body }: Seen, key: string, state: State): object {
  const options = (body ? JSON.parse(body) : {}) as Record<string, unknown> & { preconditions?: { uid?: string } }
  const { propagationPolicy: policy, preconditions } = options
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(policy as string))
    throw invalid('DeleteOptions', '', 'propagationPolicy', `Invalid value: "${policy}"`)
  const { name, uid } = found.metadata
  if (preconditions?.uid && preconditions.uid !== uid)
    throw status(
      409,
      'Conflict',
      `Operation cannot be fulfilled on pods "${name}": the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    )
  state.objects.delete(key)
  const deletionTimestamp = new Date(Date.now() + 30_000).toISOString().replace(/\.\d+Z/, 'Z')
  return {
    ...found,
    metadata: { ...found.metadata, deletionTimestamp, deletionGracePeriodSeconds: options.gracePeriodSeconds ?? 30 },
  }
}
